#include "base/random.h"

#include "support/seeded_random.h"

#include <gtest/gtest.h>

#include <set>

namespace kssedr {
namespace {

// Gives the same bytes again and again.
class ScriptedRandom final : public Random {
public:
    explicit ScriptedRandom(std::string bytes) : bytes_(std::move(bytes)) {}
    void fill(std::span<char> out) override {
        for (char& byte : out) byte = bytes_[at_++ % bytes_.size()];
    }

private:
    std::string bytes_;
    std::size_t at_ = 0;
};

TEST(Random, BelowStaysBelow) {
    test::SeededRandom random(1);
    for (std::uint64_t const bound : {1ULL, 2ULL, 3ULL, 10ULL, 1000ULL, 1ULL << 63U, ~0ULL}) {
        for (int i = 0; i < 1000; ++i) EXPECT_LT(random.below(bound), bound);
    }
}

TEST(Random, EveryNumberComesAboutAsOften) {
    test::SeededRandom random(2);
    std::array<int, 6> counts{};
    for (int i = 0; i < 6000; ++i) ++counts[random.below(6)];
    for (int const count : counts) EXPECT_NEAR(count, 1000, 150);
}

TEST(Random, ValuesThatWouldFavourSmallNumbersAreDrawnAgain) {
    // 2^64 mod 3 is 1: the value 0 is refused, the next taken.
    ScriptedRandom random(std::string(8, '\0') + '\x05' + std::string(7, '\0'));
    EXPECT_EQ(random.below(3), 2U);
}

TEST(Random, UuidsHaveTheirForm) {
    EXPECT_EQ(ScriptedRandom("\xff").uuid(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    EXPECT_EQ(ScriptedRandom(std::string(1, '\0')).uuid(), "00000000-0000-4000-8000-000000000000");
}

TEST(SystemRandom, DoesNotRepeatItself) {
    SystemRandom random;
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.insert(random.uuid());
    EXPECT_EQ(seen.size(), 100U);
    random.fill({});
}

}  // namespace
}  // namespace kssedr
