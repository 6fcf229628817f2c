/// OwnerLock: at most one rotation at a time for one owner (DESIGN 3.4).

#pragma once

#include "async/async.h"

#include <memory>
#include <string>

namespace kssedr::ports {

/// Held while it lives; given back when it is destroyed, or later where it is to be kept.
class OwnerLease {
public:
    virtual ~OwnerLease() = default;
    /// Whether an effect that ends by `deadline` may still be sent. Asked right before sending.
    [[nodiscard]] virtual bool outlasts(SteadyPoint deadline) const = 0;
    /// What was sent under it may land until then: it is not given back before, though it be destroyed. Takes the
    /// place of what was said before. Within one process others may have it sooner: they know of the doubt.
    virtual void keep_until(SteadyPoint when) = 0;
    /// Whether somebody else held the lock since we asked for it, or may have: what was read before must be read again.
    [[nodiscard]] virtual bool was_waited_for() const = 0;
};

class OwnerLock {
public:
    virtual ~OwnerLock() = default;
    /// Waits its turn. `deadline_exceeded` where it did not come by then.
    virtual Async<std::unique_ptr<OwnerLease>> acquire(std::string owner_key, SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
