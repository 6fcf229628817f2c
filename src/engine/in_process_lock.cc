#include "engine/in_process_lock.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace kssedr::engine {

class InProcessLock::Lease final : public ports::OwnerLease {
public:
    Lease(InProcessLock& lock, std::string owner_key, bool waited)
        : lock_(lock), owner_key_(std::move(owner_key)), waited_(waited) {}
    Lease(Lease const&) = delete;
    Lease& operator=(Lease const&) = delete;
    ~Lease() override { lock_.release(owner_key_); }

    [[nodiscard]] bool outlasts(SteadyPoint) const override { return true; }
    void keep_until(SteadyPoint) override {}
    [[nodiscard]] bool was_waited_for() const override { return waited_; }

private:
    InProcessLock& lock_;
    std::string owner_key_;
    bool waited_;
};

Async<std::unique_ptr<ports::OwnerLease>> InProcessLock::acquire(std::string owner_key, SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    auto const [place, is_free] = held_.try_emplace(owner_key);
    if (is_free) co_return std::make_unique<Lease>(*this, std::move(owner_key), false);

    auto const executor = co_await asio::this_coro::executor;
    Waiter waiter(executor);
    auto& waiters = held_[owner_key];
    auto const self = waiters.insert(waiters.end(), &waiter);
    try {
        co_await (waiter.turn.async_receive(asio::as_tuple(asio::use_awaitable)) || clock_.sleep_until(deadline));
    } catch (...) {
        if (waiter.granted) {
            release(owner_key);
        } else {
            waiters.erase(self);
        }
        throw;
    }
    if (waiter.granted) co_return std::make_unique<Lease>(*this, std::move(owner_key), true);
    waiters.erase(self);
    co_return fail(Errc::deadline_exceeded, "another rotation of the same owner took too long");
}

void InProcessLock::release(std::string const& owner_key) {
    auto const place = held_.find(owner_key);
    if (place->second.empty()) {
        held_.erase(place);
        return;
    }
    Waiter& next = *place->second.front();
    place->second.pop_front();
    next.granted = true;
    next.turn.try_send(boost::system::error_code());
}

}  // namespace kssedr::engine
