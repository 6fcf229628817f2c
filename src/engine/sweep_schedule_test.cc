#include "engine/sweep_schedule.h"

#include "engine/in_process_lock.h"
#include "support/coro_test.h"
#include "support/memory_store.h"
#include "support/scene.h"

namespace kssedr::engine {
namespace {

using rotation::OutcomeKind;
using test::Scene;
using namespace std::chrono_literals;
using std::chrono::days;

/// One of several instances over one vault, with a lock that they share.
struct Instance {
    Instance(Scene& scene, test::MemoryStore& store, ports::OwnerLock& shared, asio::any_io_executor executor)
        : lock(scene.clock),
          rotator({scene.azure, scene.azure, scene.azure, lock, scene.clock, scene.random, scene.log}, policy(scene)),
          sweeper(rotator, {scene.azure, scene.azure, scene.azure, lock, scene.clock, scene.random, scene.log},
                  Sweeper::Logs::none),
          ledger(store, store, scene.clock, scene.random, scene.log),
          schedule(executor, sweeper, ledger, shared, scene.clock, scene.random, scene.log,
                   {.every = 1h, .lease_key = "sweep:demo"}),
          tasks(executor, [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {}

    static rotation::Policy policy(Scene const& scene) {
        auto policy = scene.policy;
        policy.vaults = {{"demo.vault.azure.net"}};
        return policy;
    }
    void start() { tasks.spawn("schedule", schedule.run()); }
    Task<void> end() {
        schedule.stop();
        tasks.cancel();
        co_await tasks.join();
        co_await schedule.join();
    }

    InProcessLock lock;
    Rotator rotator;
    Sweeper sweeper;
    Ledger ledger;
    SweepSchedule schedule;
    TaskGroup tasks;
};

// Law 2: losing every event loses no rotation.
CORO_TEST(SweepSchedule, WithNoEventAtAllEverythingDueIsRotatedInTime) {
    Scene scene(clock());
    test::MemoryStore store;
    InProcessLock shared(clock());
    Instance instance(scene, store, shared, executor());
    instance.start();
    co_await clock().sleep_for(days{200});
    co_await instance.end();
    EXPECT_EQ(scene.azure.versions.size(), 5U) << "now, and each sixty days";
    for (auto const& version : scene.azure.versions)
        if (&version != &scene.azure.versions.front())
            EXPECT_GT(*version.properties.expires - version.properties.created, days{89});
    int published = 0;
    for (auto const& entry : store.entries)
        published += entry.line.outcome == "rotated" || entry.line.outcome == "adopted";
    EXPECT_EQ(published, 4);
    EXPECT_TRUE(instance.schedule.last());
}

CORO_TEST(SweepSchedule, OfManyOneSweepsAndAnotherTakesOver) {
    Scene scene(clock());
    test::MemoryStore store;
    InProcessLock shared(clock());
    auto first = std::make_unique<Instance>(scene, store, shared, executor());
    Instance second(scene, store, shared, executor());
    first->start();
    co_await clock().sleep_for(1s);
    second.start();
    co_await clock().sleep_for(days{1});
    EXPECT_TRUE(first->schedule.is_sweeper());
    EXPECT_FALSE(second.schedule.is_sweeper());
    EXPECT_FALSE(second.schedule.last());
    CO_ASSERT(first->schedule.next());
    EXPECT_GT(*first->schedule.next(), clock().now());
    EXPECT_LE(*first->schedule.next(), clock().now() + 1h);
    EXPECT_FALSE(second.schedule.next()) << "another one sweeps";
    co_await first->end();
    first.reset();
    co_await clock().sleep_for(2h);
    EXPECT_TRUE(second.schedule.is_sweeper());
    EXPECT_TRUE(second.schedule.last());
    co_await second.end();
}

// A failure that passes needs nobody; one that stays is parked, and closes when it has passed.
CORO_TEST(SweepSchedule, WhatFailsAtTwoSweepsInARowIsParked) {
    Scene scene(clock());
    test::MemoryStore store;
    InProcessLock shared(clock());
    Instance instance(scene, store, shared, executor());
    bool is_down = true;
    scene.azure.script = [&](int, std::string_view operation) {
        test::FakeAzure::Event event;
        if (is_down && operation == "keys.list") event.error_before = Error(Errc::unavailable, "no answer");
        return event;
    };
    instance.start();
    co_await clock().sleep_for(50min);
    EXPECT_EQ(store.events.size(), 0U);
    co_await clock().sleep_for(1h);
    CO_ASSERT(store.events.size() == 1);
    EXPECT_EQ(store.events[0].secret, "web");
    is_down = false;
    co_await clock().sleep_for(1h);
    EXPECT_EQ(store.events.size(), 0U);
    co_await instance.end();
}

CORO_TEST(SweepSchedule, StoppedInASweepItBeginsNoMoreRotations) {
    Scene scene(clock());
    for (int i = 0; i < 50; ++i) {
        auto const key = fmt::format("demo.vault.azure.net/api{}", i);
        scene.azure.add_version(scene.azure.versions[0].properties, scene.azure.versions[0].value, key);
        scene.azure.secrets[key].back().properties.created -= days{61};
    }
    test::MemoryStore store;
    InProcessLock shared(clock());
    Instance instance(scene, store, shared, executor());
    instance.start();
    co_await clock().sleep_for(200ms);
    co_await instance.end();
    EXPECT_LT(store.entries.size(), 20U);
    EXPECT_GT(store.entries.size(), 0U);
}

}  // namespace
}  // namespace kssedr::engine
