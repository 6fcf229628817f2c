/// Leadership: of many instances that share the leases, the one that does what one alone has to do.
///
/// It is a lease that is held as long as its holder lives; another instance takes over when that one is gone. Event
/// loop thread only.

#pragma once

#include "async/clock.h"
#include "base/log.h"
#include "ports/owner_lock.h"

#include <memory>
#include <string>
#include <utility>

namespace kssedr::engine {

class Leadership {
public:
    /// `key`: what is to be done by one, as the lock names it (`sweep …`); those who do the same use the same.
    Leadership(ports::OwnerLock& lock, Clock& clock, Log& log, std::string key)
        : lock_(lock), clock_(clock), log_(log), key_(std::move(key)) {}

    /// Whether it is this instance. Asks for the lease where it is not held, and waits for a few seconds.
    Task<bool> obtain();
    [[nodiscard]] bool is_held() const { return lease_ != nullptr; }
    void give_up() { lease_.reset(); }

private:
    ports::OwnerLock& lock_;
    Clock& clock_;
    Log& log_;
    std::string key_;
    std::unique_ptr<ports::OwnerLease> lease_;
    bool is_waiting_ = false;
};

/// How soon whoever is not the one asks again.
inline constexpr Duration ask_for_leadership_after = std::chrono::seconds{30};

}  // namespace kssedr::engine
