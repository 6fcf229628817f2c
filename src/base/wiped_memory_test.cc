#include "base/wiped_memory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace kssedr {
namespace {

TEST(WipedMemory, AMovedBlockKeepsItsBytes) {
    auto* const small = static_cast<char*>(reallocate_wiped(nullptr, 6));
    std::memcpy(small, "secret", 6);
    auto* const large = static_cast<char*>(reallocate_wiped(small, 6000));
    EXPECT_EQ(std::string_view(large, 6), "secret");
    auto* const again = static_cast<char*>(reallocate_wiped(large, 3));
    EXPECT_EQ(std::string_view(again, 3), "sec");
    free_wiped(again);
    free_wiped(nullptr);
}

}  // namespace
}  // namespace kssedr
