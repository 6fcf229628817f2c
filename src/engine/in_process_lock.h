/// InProcessLock: one rotation at a time for one owner in this process; first come, first served.
///
/// Event loop thread only. Must outlive its leases.

#pragma once

#include "async/clock.h"
#include "ports/owner_lock.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/experimental/channel.hpp>

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

    /// How many are held now.
    [[nodiscard]] std::size_t held() const { return held_.size(); }

private:
    struct Waiter {
        explicit Waiter(asio::any_io_executor executor) : turn(std::move(executor), 1) {}
        /// Holds the word that it is this one's turn until it is read, so that none is lost.
        asio::experimental::channel<void(boost::system::error_code)> turn;
        bool granted = false;
    };
    class Lease;

    void release(std::string const& owner_key);

    Clock& clock_;
    /// Owners that are held, each with those who wait, in order.
    std::map<std::string, std::list<Waiter*>> held_;
};

}  // namespace kssedr::engine
