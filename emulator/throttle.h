/// The rates that Azure allows: windows for vaults, token buckets for Resource Manager.
///
/// Pure: the caller says what time it is, on a clock that never goes back.

#pragma once

#include "base/time.h"

#include <algorithm>
#include <cstdint>
#include <deque>

namespace kssedr::emulator {

/// At most `limit` events in any span of `length`.
class SlidingWindow {
public:
    SlidingWindow(std::size_t limit, Duration length) : limit_(limit), length_(length) {}

    [[nodiscard]] bool has_room(SteadyPoint now) {
        while (!taken_.empty() && now - taken_.front() >= length_) taken_.pop_front();
        return taken_.size() < limit_;
    }
    void take(SteadyPoint now) { taken_.push_back(now); }

private:
    std::size_t limit_;
    Duration length_;
    std::deque<SteadyPoint> taken_;
};

/// Key Vault's limits for secrets: 4000 transactions and among them 300 creations in ten seconds (service limits,
/// 2025). What was refused does not count.
class VaultThrottle {
public:
    [[nodiscard]] bool admit(bool creates, SteadyPoint now) {
        if (!transactions_.has_room(now) || (creates && !creations_.has_room(now))) return false;
        transactions_.take(now);
        if (creates) creations_.take(now);
        return true;
    }

private:
    SlidingWindow transactions_{4000, Duration{10'000}};
    SlidingWindow creations_{300, Duration{10'000}};
};

/// Holds `capacity` tokens and gets `per_second` back.
class TokenBucket {
public:
    TokenBucket(double capacity, double per_second) : capacity_(capacity), per_second_(per_second), tokens_(capacity) {}

    /// Takes one; false where none is left.
    [[nodiscard]] bool take(SteadyPoint now) {
        auto const elapsed = static_cast<double>((now - filled_at_).count()) / 1000;
        tokens_ = std::min(capacity_, tokens_ + std::max(elapsed, 0.0) * per_second_);
        filled_at_ = now;
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }
    [[nodiscard]] std::int64_t remaining() const { return static_cast<std::int64_t>(tokens_); }
    /// Whole seconds until there is one again.
    [[nodiscard]] std::int64_t seconds_to_wait() const {
        return std::max<std::int64_t>(1, static_cast<std::int64_t>((1 - tokens_) / per_second_ + 0.999));
    }

private:
    double capacity_;
    double per_second_;
    double tokens_;
    SteadyPoint filled_at_{};
};

}  // namespace kssedr::emulator
