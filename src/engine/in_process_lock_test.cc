#include "engine/in_process_lock.h"

#include "async/for_each.h"
#include "support/coro_test.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;

CORO_TEST(InProcessLock, OneAtATimeInOrder) {
    InProcessLock lock(clock());
    std::vector<std::size_t> order;
    int inside = 0;
    auto hold = [&](std::size_t i) -> Task<void> {
        auto const lease = co_await lock.acquire("owner", clock().steady_now() + 10min);
        CO_ASSERT(lease);
        EXPECT_EQ((*lease)->was_waited_for(), i != 0);
        EXPECT_EQ(++inside, 1);
        co_await clock().sleep_for(20ms);
        --inside;
        order.push_back(i);
    };
    co_await for_each(5, 5, hold);
    EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(clock().steady_now().since_start, 100ms);
}

CORO_TEST(InProcessLock, OwnersDoNotWaitForEachOther) {
    InProcessLock lock(clock());
    auto const one = co_await lock.acquire("one", clock().steady_now() + 1min);
    auto const two = co_await lock.acquire("two", clock().steady_now() + 1min);
    CO_ASSERT(one && two);
    EXPECT_FALSE((*two)->was_waited_for());
}

CORO_TEST(InProcessLock, WaitingEndsWithTheDeadlineAndLeavesTheQueue) {
    InProcessLock lock(clock());
    {
        auto const held = co_await lock.acquire("owner", clock().steady_now() + 1min);
        CO_ASSERT(held);
        auto const late = co_await lock.acquire("owner", clock().steady_now() + 5s);
        CO_ASSERT(!late);
        EXPECT_EQ(late.error().code(), Errc::deadline_exceeded);
        EXPECT_EQ(clock().steady_now().since_start, 5s);
    }
    auto const free = co_await lock.acquire("owner", clock().steady_now() + 5s);
    CO_ASSERT(free);
    EXPECT_FALSE((*free)->was_waited_for());
}

}  // namespace
}  // namespace kssedr::engine
