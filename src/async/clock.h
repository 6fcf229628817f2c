/// Clock: the only source of time in the program.
///
/// The service runs on SystemClock; tests run on SimClock (test/support/sim_clock.h), where a year of rotations takes
/// milliseconds and happens in the same order every time.

#pragma once

#include "async/async.h"
#include "base/time.h"

namespace kssedr {

class Clock {
public:
    virtual ~Clock() = default;

    /// The date, as this machine believes it. For schedules and logs; what Azure's dates are compared with comes from
    /// Azure's own answers.
    [[nodiscard]] virtual TimePoint now() const = 0;
    /// Never goes back. For deadlines.
    [[nodiscard]] virtual SteadyPoint steady_now() const = 0;
    /// Completes at or after `when`; at once, but never inline, if that is past. Throws
    /// `operation_aborted` when the awaiting coroutine is cancelled.
    virtual Task<void> sleep_until(SteadyPoint when) = 0;

    Task<void> sleep_for(Duration delay) { return sleep_until(steady_now() + delay); }
};

/// The machine's clocks.
class SystemClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override;
    [[nodiscard]] SteadyPoint steady_now() const override;
    Task<void> sleep_until(SteadyPoint when) override;
};

}  // namespace kssedr
