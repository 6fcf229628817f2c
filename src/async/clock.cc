#include "async/clock.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace kssedr {

TimePoint SystemClock::now() const {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

SteadyPoint SystemClock::steady_now() const {
    return {std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

Task<void> SystemClock::sleep_until(SteadyPoint when) {
    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    if (when == SteadyPoint::max()) {
        timer.expires_at(asio::steady_timer::time_point::max());
    } else {
        timer.expires_after(when - steady_now());
    }
    co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace kssedr
