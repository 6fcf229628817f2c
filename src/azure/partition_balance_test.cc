#include "azure/partition_balance.h"

#include "support/seeded_random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ranges>

namespace kssedr::azure {
namespace {

std::vector<std::string> numbers(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back(std::to_string(i));
    return names;
}

TEST(PartitionBalance, WhatNobodyHasIsClaimedAtOnceUpToTheShare) {
    test::SeededRandom random{1};
    EXPECT_EQ(choose_claims(numbers(8), {}, "a", random).size(), 8U) << "who is alone takes all";
    EXPECT_EQ(choose_claims(numbers(8), {{"0", "b"}}, "a", random).size(), 4U);
    EXPECT_EQ(choose_claims(numbers(3), {{"0", "b"}}, "a", random).size(), 2U) << "one of the two has one more";
    EXPECT_TRUE(choose_claims({}, {}, "a", random).empty());
}

TEST(PartitionBalance, WhoHasItsShareClaimsNothing) {
    test::SeededRandom random{1};
    EXPECT_TRUE(choose_claims(numbers(4), {{"0", "a"}, {"1", "a"}, {"2", "b"}, {"3", "b"}}, "a", random).empty());
    EXPECT_TRUE(choose_claims(numbers(3), {{"0", "a"}, {"1", "b"}, {"2", "b"}}, "a", random).empty());
}

TEST(PartitionBalance, OneIsTakenFromWhoHasTooMany) {
    test::SeededRandom random{1};
    auto const claims = choose_claims(numbers(4), {{"0", "b"}, {"1", "b"}, {"2", "b"}, {"3", "c"}}, "a", random);
    ASSERT_EQ(claims.size(), 1U);
    EXPECT_NE(claims[0], "3");
}

// Whatever was before: in rounds in which each claims in its turn, all come to an even share and then rest.
TEST(PartitionBalance, ComesToRestWithEvenShares) {
    for (std::uint64_t seed = 1; seed < 200; ++seed) {
        test::SeededRandom random{seed};
        auto const partitions = numbers(1 + random.below(40));
        std::vector<std::string> instances;
        for (std::uint64_t i = 0; i < 1 + seed % 7; ++i) instances.push_back("i" + std::to_string(i));
        std::map<std::string, std::string> owners;
        for (auto const& partition : partitions)
            if (random.below(3) != 0) owners[partition] = instances[random.below(instances.size())];
        int rounds = 0;
        for (bool is_moving = true; is_moving && rounds < 200; ++rounds) {
            is_moving = false;
            for (auto const& instance : instances)
                for (auto const& claim : choose_claims(partitions, owners, instance, random)) {
                    owners[claim] = instance;
                    is_moving = true;
                }
        }
        std::map<std::string, std::size_t> shares;
        for (auto const& instance : instances) shares[instance] = 0;
        for (auto const& [partition, owner] : owners) ++shares[owner];
        auto const [least, most] = std::ranges::minmax(shares | std::views::values);
        EXPECT_LT(rounds, 200) << seed;
        EXPECT_EQ(owners.size(), partitions.size()) << seed;
        EXPECT_LE(most - least, 1U) << seed;
    }
}

}  // namespace
}  // namespace kssedr::azure
