/// TokenBucket: a rate that a service allows, as arithmetic.
///
/// `capacity` may go at once, then one every `interval`. Pure: time comes in, the time to go comes out.

#pragma once

#include "base/time.h"

#include <algorithm>

namespace kssedr::rotation {

class TokenBucket {
public:
    /// So many per span of time, all of which may go at once.
    TokenBucket(int count, Duration per) : span_(per), interval_(std::chrono::ceil<Fine>(Fine{per} / count)) {}

    /// Takes the next places in the queue and says when the last of them is: now or later.
    SteadyPoint reserve(SteadyPoint now, int places = 1) {
        // The bucket is full when the last reservation lies a whole span behind what it would be at the steady rate.
        next_ = std::max(next_, Fine{now.since_start} - span_ + interval_);
        next_ += places * interval_;
        return std::max(now, SteadyPoint{std::chrono::ceil<Duration>(next_ - interval_)});
    }
    /// Places that were taken and not used.
    void give_back(int places) { next_ = std::max(next_ - places * interval_, held_); }
    /// The service says that nothing goes before then, nor what has its place already.
    void hold(SteadyPoint until) {
        held_ = std::max(held_, Fine{until.since_start});
        next_ = std::max(next_, held_);
    }
    [[nodiscard]] SteadyPoint held_until() const { return {std::chrono::ceil<Duration>(held_)}; }

private:
    // Finer than milliseconds: 4,000 in 10 s are 2.5 ms apart.
    using Fine = std::chrono::microseconds;

    Fine span_;
    Fine interval_;
    Fine next_{Fine::min() / 2};
    Fine held_ = next_;
};

}  // namespace kssedr::rotation
