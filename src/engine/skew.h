/// SkewWatch: whether this machine's clock and the vaults' are far apart. What is decided goes by the vaults'
/// (DESIGN 3.1); a clock that is wrong still spoils tokens, schedules and log lines.

#pragma once

#include "base/time.h"

#include <chrono>
#include <optional>

namespace kssedr::engine {

class SkewWatch {
public:
    /// How far ours is ahead of theirs, where that is worth saying: over five minutes, and once an hour at most.
    [[nodiscard]] std::optional<Duration> note(TimePoint theirs, TimePoint ours, SteadyPoint now) {
        auto const ahead = ours - theirs;
        if (std::chrono::abs(ahead) <= tolerated || (said_at_ && now - *said_at_ < said_every)) return std::nullopt;
        said_at_ = now;
        return ahead;
    }

private:
    static constexpr Duration tolerated = std::chrono::minutes{5};
    static constexpr Duration said_every = std::chrono::hours{1};

    std::optional<SteadyPoint> said_at_;
};

}  // namespace kssedr::engine
