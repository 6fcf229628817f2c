// libFuzzer's door to one target; KSSEDR_FUZZ_TARGET names it. Compiled once for each.

#include "base/check.h"
#include "fuzz/targets.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
    static auto const target = [] {
        auto const all = kssedr::fuzz::targets();
        auto const found = std::ranges::find(all, KSSEDR_FUZZ_TARGET, &kssedr::fuzz::Target::name);
        KSSEDR_CHECK(found != all.end(), "no fuzz target of that name");
        return *found;
    }();
    target.run({reinterpret_cast<char const*>(bytes), size});
    return 0;
}
