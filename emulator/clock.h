/// EmulatedClock: the date that the local Azure believes in.
///
///   now = base + elapsed real time * speed + what was jumped over
///
/// Dates of answers, creation times, expiries and events follow it. Rate limits follow the real clock, because the
/// clients they are meant for do. Event loop thread only.

#pragma once

#include "async/clock.h"

namespace kssedr::emulator {

class EmulatedClock {
public:
    EmulatedClock(Clock& real, TimePoint start, double speed);

    [[nodiscard]] TimePoint now() const;
    /// As `now()`, but never faster than the real clock: jumps count, speed above 1 does not. Tokens live by it, since
    /// a client that caches one for an hour would otherwise hold a dead one after a second.
    [[nodiscard]] TimePoint unhurried_now() const;
    [[nodiscard]] double speed() const { return speed_; }
    [[nodiscard]] Clock& real() const { return real_; }

    void advance(Duration span);
    void set(TimePoint date);
    /// 0 stands still. Negative speeds and such above a year a second are refused by the caller.
    void set_speed(double speed);

private:
    void settle();

    Clock& real_;
    TimePoint base_;
    TimePoint unhurried_base_;
    SteadyPoint since_;
    double speed_;
};

/// Times as Azure Resource Manager and Event Grid write them: seven fraction digits. The last four are made up from
/// `salt`.
[[nodiscard]] std::string format_ticks(TimePoint at, std::uint64_t salt);

}  // namespace kssedr::emulator
