#include "async/for_each.h"

#include "async/task_group.h"

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace kssedr {
namespace {

Task<void> work(std::size_t& next, std::size_t count, std::function<Task<void>(std::size_t)> const& operation) {
    while (next < count) {
        co_await operation(next++);
    }
}

}  // namespace

Task<void> for_each(std::size_t count, std::size_t at_once, std::function<Task<void>(std::size_t)> operation) {
    if (count == 0) co_return;
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    auto const executor = co_await asio::this_coro::executor;
    std::exception_ptr thrown;
    TaskGroup workers(executor, [&](std::string const&, std::exception_ptr error) { thrown = error; });
    std::size_t next = 0;
    for (std::size_t i = 0; i < std::min(count, at_once); ++i) workers.spawn("worker", work(next, count, operation));
    co_await workers.join();
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace kssedr
