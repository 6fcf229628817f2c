/// Limit: how often a service answers before it says 429, as the service reckons it.

#pragma once

#include "base/time.h"

#include <algorithm>
#include <optional>

namespace kssedr::simulation {

/// So many calls at once, then one every so often; `at_once` 0: as many as there are.
struct Limit {
    int at_once = 0;
    Duration every{};
};

/// What is left of it. A call that is refused costs nothing.
class Bucket {
public:
    explicit Bucket(Limit limit) : limit_(limit) {}
    [[nodiscard]] bool is_limited() const { return limit_.at_once > 0; }

    /// A call arrives: nothing where it passes, else in how long one would.
    [[nodiscard]] std::optional<Duration> refuse(SteadyPoint now) {
        if (!is_limited()) return std::nullopt;
        full_at_ = std::max(full_at_, now);
        auto const over = full_at_ - now - (limit_.at_once - 1) * limit_.every;
        if (over > Duration{}) return over;
        full_at_ = full_at_ + limit_.every;
        return std::nullopt;
    }

private:
    Limit limit_;
    SteadyPoint full_at_{};
};

}  // namespace kssedr::simulation
