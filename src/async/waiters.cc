#include "async/waiters.h"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace kssedr {

Task<void> Waiters::wait() {
    return asio::async_initiate<asio::use_awaitable_t<> const&, void()>(
        [this](auto handler) { add(std::move(handler)); }, asio::use_awaitable);
}

void Waiters::wake_all() {
    // Waking only posts: nobody waits anew before this returns.
    while (!waiting_.empty()) wake(waiting_.begin());
}

void Waiters::add(Handler handler) {
    auto const place = waiting_.emplace(waiting_.end(), std::move(handler));
    auto slot = asio::get_associated_cancellation_slot(*place);
    if (!slot.is_connected()) return;
    slot.assign([this, place](asio::cancellation_type type) {
        if (type != asio::cancellation_type::none) wake(place);
    });
}

void Waiters::wake(Place place) {
    Handler handler(std::move(*place));
    waiting_.erase(place);
    asio::get_associated_cancellation_slot(handler).clear();
    asio::post(std::move(handler));
}

}  // namespace kssedr
