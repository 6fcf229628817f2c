#include "rotation/rate.h"

#include <gtest/gtest.h>

namespace kssedr::rotation {
namespace {

using namespace std::chrono_literals;

SteadyPoint at(Duration span) {
    return {span};
}

TEST(TokenBucket, LetsItsCapacityGoAtOnceAndThenTheRate) {
    TokenBucket bucket(10, 1s);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(bucket.reserve(at(5s)), at(5s)) << i;
    EXPECT_EQ(bucket.reserve(at(5s)), at(5100ms));
    EXPECT_EQ(bucket.reserve(at(5s)), at(5200ms));
    EXPECT_EQ(bucket.reserve(at(5250ms)), at(5300ms));
}

TEST(TokenBucket, FillsUpAgainButNotBeyond) {
    TokenBucket bucket(10, 1s);
    for (int i = 0; i < 25; ++i) (void)bucket.reserve(at(0s));
    int at_once = 0;
    while (bucket.reserve(at(1h)) == at(1h)) ++at_once;
    EXPECT_EQ(at_once, 10);
}

TEST(TokenBucket, NeverExceedsTheRateOverAnySpan) {
    TokenBucket bucket(300, 10s);
    std::vector<SteadyPoint> times;
    for (int i = 0; i < 3000; ++i) times.push_back(bucket.reserve(at(0s)));
    for (std::size_t i = 600; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 300], 9900ms) << i;
}

TEST(TokenBucket, SeveralPlacesAreThereWhenTheLastOfThemIs) {
    TokenBucket bucket(10, 1s);
    EXPECT_EQ(bucket.reserve(at(0s), 3), at(0s));
    EXPECT_EQ(bucket.reserve(at(0s), 8), at(100ms));
    EXPECT_EQ(bucket.reserve(at(0s), 3), at(400ms));
    bucket.give_back(3);
    EXPECT_EQ(bucket.reserve(at(0s)), at(200ms));
}

TEST(TokenBucket, WhatIsGivenBackShortensNoHold) {
    TokenBucket bucket(10, 1s);
    (void)bucket.reserve(at(0s), 3);
    bucket.hold(at(30s));
    bucket.give_back(3);
    EXPECT_EQ(bucket.held_until(), at(30s));
    EXPECT_EQ(bucket.reserve(at(1s)), at(30s));
}

TEST(TokenBucket, HoldsWhenTheServiceSaysSo) {
    TokenBucket bucket(10, 1s);
    bucket.hold(at(30s));
    EXPECT_EQ(bucket.reserve(at(1s)), at(30s));
}

}  // namespace
}  // namespace kssedr::rotation
