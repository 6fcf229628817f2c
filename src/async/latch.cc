#include "async/latch.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace kssedr {

void Latch::open() {
    is_open_ = true;
    waiters_.wake_all();
}

Task<void> Latch::wait(Clock& clock, SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    if (is_open_) co_return;
    co_await (waiters_.wait() || clock.sleep_until(deadline));
}

}  // namespace kssedr
