/// Latch: a door that opens once, and those who wait at it.
///
/// Whoever waits has a deadline on the program's own clock. One thread.

#pragma once

#include "async/async.h"
#include "async/clock.h"
#include "async/waiters.h"

namespace kssedr {

class Latch {
public:
    Latch() = default;
    Latch(Latch const&) = delete;
    Latch& operator=(Latch const&) = delete;

    /// Lets everybody through, now and from now on.
    void open();
    [[nodiscard]] bool is_open() const { return is_open_; }

    /// Completes when the latch is open, or at the deadline; `is_open()` says which. The latch outlives the wait.
    Task<void> wait(Clock& clock, SteadyPoint deadline);

private:
    bool is_open_ = false;
    Waiters waiters_;
};

}  // namespace kssedr
