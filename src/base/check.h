/// KSSEDR_CHECK: a bug stops the process, in every build, with the reason.
///
/// Never used on anything that comes from outside; what comes from outside is a `Result`.

#pragma once

#include <cstdio>
#include <cstdlib>

namespace kssedr::detail {

[[noreturn]] inline void check_failed(char const* condition, char const* why, char const* file, int line) {
    std::fprintf(stderr, "kssedr: bug: %s (%s) at %s:%d\n", why, condition, file, line);
    std::abort();
}

}  // namespace kssedr::detail

#define KSSEDR_CHECK(condition, why)                                                           \
    do {                                                                                       \
        if (!(condition)) ::kssedr::detail::check_failed(#condition, why, __FILE__, __LINE__); \
    } while (false)
