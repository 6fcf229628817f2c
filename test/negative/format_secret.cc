// error: fallback_formatter<kssedr::SecretString>
#include "base/secret_string.h"

#include <fmt/format.h>

std::string show([[maybe_unused]] kssedr::SecretString const& secret) {
#ifdef KSSEDR_MUST_NOT_COMPILE
    return fmt::format("{}", secret);
#else
    return fmt::format("{}", secret.size());
#endif
}
