/// InProcessLock: one rotation at a time for one owner in this process; first come, first served.
///
/// Event loop thread only. Must outlive its leases.

#pragma once

#include "async/clock.h"
#include "ports/owner_lock.h"

#include <boost/asio/steady_timer.hpp>

#include <list>
#include <map>
#include <string>

namespace kssedr::engine {

class InProcessLock final : public ports::OwnerLock {
public:
    explicit InProcessLock(Clock& clock) : clock_(clock) {}
    InProcessLock(InProcessLock const&) = delete;
    InProcessLock& operator=(InProcessLock const&) = delete;

    Async<std::unique_ptr<ports::OwnerLease>> acquire(std::string owner_key, SteadyPoint deadline) override;

private:
    struct Waiter {
        explicit Waiter(asio::any_io_executor executor) : wake(executor, asio::steady_timer::time_point::max()) {}
        asio::steady_timer wake;
        bool granted = false;
    };
    class Lease;

    void release(std::string const& owner_key);

    Clock& clock_;
    /// Owners that are held, each with those who wait, in order.
    std::map<std::string, std::list<Waiter*>> held_;
};

}  // namespace kssedr::engine
