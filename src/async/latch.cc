#include "async/latch.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace kssedr {

void Latch::open() {
    is_open_ = true;
    // Cancelling a timer only posts; no waiter runs, and none leaves the list, before this returns.
    for (auto const& wake : waiters_) wake();
}

Task<void> Latch::wait(Clock& clock, SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    if (is_open_) co_return;
    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer opened(executor, asio::steady_timer::time_point::max());  // never due
    struct Place {
        std::list<std::function<void()>>& list;
        std::list<std::function<void()>>::iterator at;
        ~Place() { list.erase(at); }
    };
    Place const place{waiters_, waiters_.insert(waiters_.end(), [&opened] { opened.cancel(); })};
    boost::system::error_code ignored;
    auto until_open = opened.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_await (std::move(until_open) || clock.sleep_until(deadline));
}

}  // namespace kssedr
