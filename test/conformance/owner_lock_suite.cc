#include "test/conformance/owner_lock_suite.h"

#include "async/for_each.h"
#include "async/task_group.h"

#include <algorithm>
#include <vector>

namespace kssedr::test {
namespace {

using namespace std::chrono_literals;

using Case = Task<void> (*)(LockWorld&, Clock&);

Task<void> one_at_a_time(LockWorld& world, Clock& clock) {
    int inside = 0;
    std::vector<std::size_t> served;
    auto hold = [&](std::size_t i) -> Task<void> {
        auto const lease = co_await world.lock(i).acquire("owner", clock.steady_now() + 4min);
        CO_ASSERT(lease);
        // Only who comes first may take what it has read for fresh; whose lock can not tell does not.
        if (!(*lease)->was_waited_for()) EXPECT_EQ(i, 0U);
        EXPECT_EQ(++inside, 1);
        co_await clock.sleep_for(100ms);
        --inside;
        served.push_back(i);
    };
    co_await for_each(6, 6, hold);
    EXPECT_EQ(served.size(), 6U);
}

Task<void> owners_do_not_wait_for_each_other(LockWorld& world, Clock& clock) {
    auto const one = co_await world.lock(0).acquire("one", clock.steady_now() + 1min);
    auto const two = co_await world.lock(1).acquire("two", clock.steady_now() + 1min);
    CO_ASSERT(one && two);
    EXPECT_LT(clock.steady_now().since_start, 1s);
}

Task<void> waiting_ends_with_the_deadline(LockWorld& world, Clock& clock) {
    {
        auto const held = co_await world.lock(0).acquire("owner", clock.steady_now() + 1min);
        CO_ASSERT(held);
        auto const until = clock.steady_now() + 5s;
        auto const late = co_await world.lock(1).acquire("owner", until);
        CO_ASSERT(!late);
        EXPECT_EQ(late.error().code(), Errc::deadline_exceeded);
        EXPECT_LE(clock.steady_now(), until);
        EXPECT_GE(clock.steady_now(), SteadyPoint{until.since_start - 2s});
    }
    co_await clock.sleep_for(1s);
    auto const free = co_await world.lock(1).acquire("owner", clock.steady_now() + 5s);
    EXPECT_TRUE(free);
}

Task<void> what_is_let_go_is_had_soon(LockWorld& world, Clock& clock) {
    SteadyPoint let_go{}, had{};
    auto task = [&](std::size_t i) -> Task<void> {
        auto lease = co_await world.lock(i).acquire("owner", clock.steady_now() + 4min);
        CO_ASSERT(lease);
        if (i == 1) {
            had = clock.steady_now();
            co_return;
        }
        co_await clock.sleep_for(2min);
        let_go = clock.steady_now();
    };
    co_await for_each(2, 2, task);
    EXPECT_GE(had, let_go);
    EXPECT_LE(had - let_go, 2s);
}

Task<void> a_lease_outlasts_an_effect_however_long_it_is_held(LockWorld& world, Clock& clock) {
    auto const lease = co_await world.lock(0).acquire("owner", clock.steady_now() + 1min);
    CO_ASSERT(lease);
    for (int i = 0; i < 600; ++i) {
        EXPECT_TRUE((*lease)->outlasts(clock.steady_now() + 30s)) << "after " << i << " s";
        co_await clock.sleep_for(1s);
    }
}

Task<void> a_waiter_that_is_cancelled_stands_in_nobodys_way(LockWorld& world, Clock& clock) {
    auto held = co_await world.lock(0).acquire("owner", clock.steady_now() + 1min);
    CO_ASSERT(held);
    auto wait = [&]() -> Task<void> {
        auto const lease = co_await world.lock(1).acquire("owner", clock.steady_now() + 4min);
        EXPECT_FALSE(lease) << "it was cancelled";
    };
    auto const executor = co_await asio::this_coro::executor;
    TaskGroup waiters(executor, [](std::string const&, std::exception_ptr) {});
    waiters.spawn("waiter", wait());
    co_await clock.sleep_for(3s);
    waiters.cancel();
    co_await waiters.join();
    held->reset();
    co_await clock.sleep_for(1s);
    auto const next = co_await world.lock(0).acquire("owner", clock.steady_now() + 1s);
    EXPECT_TRUE(next);
}

class LockTest final : public CoroTest {
public:
    LockTest(Case run, MakeLockWorld make) : run_(run), make_(std::move(make)) {}

private:
    Task<void> body() override {
        auto const world = make_(executor(), clock());
        co_await run_(*world, clock());
        co_await world->close();
    }

    Case run_;
    MakeLockWorld make_;
};

}  // namespace

void register_owner_lock_suite(char const* suite, MakeLockWorld make) {
    constexpr std::pair<char const*, Case> cases[] = {
        {"OneAtATime", one_at_a_time},
        {"OwnersDoNotWaitForEachOther", owners_do_not_wait_for_each_other},
        {"WaitingEndsWithTheDeadline", waiting_ends_with_the_deadline},
        {"WhatIsLetGoIsHadSoon", what_is_let_go_is_had_soon},
        {"ALeaseOutlastsAnEffectHoweverLongItIsHeld", a_lease_outlasts_an_effect_however_long_it_is_held},
        {"AWaiterThatIsCancelledStandsInNobodysWay", a_waiter_that_is_cancelled_stands_in_nobodys_way},
    };
    for (auto const& [name, run] : cases)
        ::testing::RegisterTest(suite, name, nullptr, nullptr, __FILE__, __LINE__,
                                [run, make]() -> ::testing::Test* { return new LockTest(run, make); });
}

}  // namespace kssedr::test
