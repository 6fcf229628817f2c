#include "providers/password_maker.h"

#include "support/seeded_random.h"

#include <gtest/gtest.h>

#include <set>

namespace kssedr::providers {
namespace {

TEST(PasswordMaker, EveryClassIsInEveryPassword) {
    test::SeededRandom random(7);
    rotation::PasswordPolicy policy;
    policy.length = 12;
    std::set<char> seen;
    for (int i = 0; i < 2000; ++i) {
        auto const password = make_password(policy, random);
        auto const text = password.expose();
        ASSERT_EQ(text.size(), 12U);
        for (auto const& each : policy.classes) EXPECT_NE(text.find_first_of(each), std::string_view::npos) << text;
        seen.insert(text.begin(), text.end());
    }
    std::set<char> all;
    for (auto const& each : policy.classes) all.insert(each.begin(), each.end());
    EXPECT_EQ(seen, all) << "each character is drawn, and no other";
}

TEST(PasswordMaker, DrawsEvenly) {
    test::SeededRandom random(8);
    rotation::PasswordPolicy const policy{32, {"abcd"}};
    std::map<char, int> counts;
    for (int i = 0; i < 1000; ++i) {
        auto const password = make_password(policy, random);
        for (char const c : password.expose()) ++counts[c];
    }
    for (auto const& [character, count] : counts) EXPECT_NEAR(count, 8000, 500) << character;
}

TEST(PasswordMaker, NoTwoAreTheSame) {
    SystemRandom random;
    rotation::PasswordPolicy const policy;
    EXPECT_FALSE(make_password(policy, random) == make_password(policy, random));
    EXPECT_EQ(make_password(policy, random).size(), 32U);
}

}  // namespace
}  // namespace kssedr::providers
