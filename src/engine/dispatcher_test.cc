#include "engine/dispatcher.h"

#include "engine/in_process_lock.h"
#include "support/coro_test.h"
#include "support/memory_store.h"
#include "support/scene.h"

#include <boost/asio/cancellation_signal.hpp>

namespace kssedr::engine {
namespace {

using rotation::OutcomeKind;
using test::Scene;
using namespace std::chrono_literals;

/// The daemon's heart: what hands over, what handles, what keeps.
struct Heart {
    explicit Heart(Clock& clock, asio::any_io_executor executor, DispatcherLimits limits = {})
        : scene(clock),
          lock(clock),
          rotator({scene.azure, scene.azure, scene.azure, lock, clock, scene.random, scene.log}, scene.policy),
          intake(rotator, clock, scene.log, "vault.azure.net", [](rotation::Outcome const&) {}),
          ledger(store, store, clock, scene.random, scene.log),
          dispatcher(executor, intake, ledger, clock, scene.random, scene.log, limits),
          tasks(executor, [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {}

    std::string event(std::string_view name = "web") {
        auto const& version = scene.azure.versions.front().properties.version;
        return fmt::format(
            R"({{"id":"e1","eventType":"Microsoft.KeyVault.SecretNearExpiry","data":{{"Id":"https://demo.vault.azure.net/secrets/{0}/{1}","VaultName":"demo","ObjectType":"Secret","ObjectName":"{0}","Version":"{1}"}}}})",
            name, version);
    }
    /// Hands a message over as a source does; `done` counts those that may be acknowledged.
    Task<void> hand_over(std::string message) {
        std::string_view const view = message;
        co_await dispatcher.take("hub", std::span(&view, 1));
        ++done;
    }
    Task<void> end() {
        tasks.cancel();
        co_await tasks.join();
        co_await dispatcher.join();
    }

    Scene scene;
    test::MemoryStore store;
    InProcessLock lock;
    Rotator rotator;
    Intake intake;
    Ledger ledger;
    Dispatcher dispatcher;
    int done = 0;
    TaskGroup tasks;
};

CORO_TEST(Dispatcher, AnEventIsDoneWithOnceItsOutcomeIsKept) {
    Heart heart(clock(), executor());
    co_await heart.hand_over(heart.event());
    co_await heart.hand_over("{}");
    CO_ASSERT(heart.store.entries.size() == 2);
    EXPECT_EQ(heart.store.entries[0].line.outcome, "rotated");
    EXPECT_EQ(heart.store.entries[1].line.code, "malformed");
    CO_ASSERT(heart.store.events.size() == 1);
    EXPECT_EQ(heart.store.events[0].code, "malformed");
    EXPECT_EQ(heart.store.events[0].event, "{}");
    EXPECT_EQ(heart.ledger.head(), heart.store.entries[1].hash);
    co_await heart.end();
}

CORO_TEST(Dispatcher, WhileNothingCanBeKeptNothingIsDoneWith) {
    Heart heart(clock(), executor());
    heart.store.trouble = "the disk is full";
    heart.tasks.spawn("source", heart.hand_over(heart.event()));
    co_await clock().sleep_for(10min);
    EXPECT_EQ(heart.done, 0);
    EXPECT_EQ(heart.ledger.trouble(), "the disk is full");
    heart.store.trouble.clear();
    co_await clock().sleep_for(1min);
    EXPECT_EQ(heart.done, 1);
    EXPECT_EQ(heart.ledger.trouble(), "");
    EXPECT_EQ(heart.store.entries.size(), 1U);
    co_await heart.end();
}

CORO_TEST(Dispatcher, WhatFailsIsTriedAgainAndThenParked) {
    for (bool const recovers : {true, false}) {
        Heart heart(clock(), executor());
        auto const healed_at = clock().steady_now() + 3min;
        heart.scene.azure.script = [&](int, std::string_view) {
            test::FakeAzure::Event event;
            if (!recovers || clock().steady_now() < healed_at)
                event.error_before = Error(Errc::unavailable, "no route to the vault");
            return event;
        };
        heart.tasks.spawn("source", heart.hand_over(heart.event()));
        co_await clock().sleep_for(30min);
        EXPECT_EQ(heart.done, 1);
        CO_ASSERT(heart.store.entries.size() == 1);
        EXPECT_EQ(heart.store.entries[0].line.outcome, recovers ? "rotated" : "failed");
        EXPECT_EQ(heart.store.events.size(), recovers ? 0U : 1U);
        co_await heart.end();
    }
}

CORO_TEST(Dispatcher, AParkedEntryClosesWhenItsSecretComesToAnotherOutcome) {
    Heart heart(clock(), executor());
    auto const allowed = heart.scene.policy.allowed;
    heart.scene.azure.script = [&](int, std::string_view operation) {
        test::FakeAzure::Event event;
        if (operation == "keys.list") event.error_before = Error(Errc::not_found, "no such account");
        return event;
    };
    co_await heart.hand_over(heart.event());
    co_await heart.hand_over(heart.event());
    CO_ASSERT(heart.store.events.size() == 1);
    EXPECT_EQ(heart.store.events[0].count, 2U);
    heart.scene.azure.script = {};
    co_await heart.hand_over(heart.event());
    EXPECT_TRUE(heart.store.events.empty()) << heart.store.events[0].code;
    co_await heart.end();
}

CORO_TEST(Dispatcher, NoMoreIsUnderWayThanThereIsRoomFor) {
    Heart heart(clock(), executor(), {.deliveries = 3, .bytes = 1 << 20});
    heart.store.trouble = "the disk is full";
    for (int i = 0; i < 10; ++i) heart.tasks.spawn("source", heart.hand_over(heart.event("none")));
    co_await clock().sleep_for(1min);
    EXPECT_EQ(heart.dispatcher.deliveries(), 3U);
    heart.store.trouble.clear();
    co_await clock().sleep_for(1min);
    EXPECT_EQ(heart.done, 10);
    co_await heart.end();
}

// What is cancelled is not acknowledged; what was under way is brought to its end all the same.
CORO_TEST(Dispatcher, StoppedItBeginsNothingAndFinishesWhatIsUnderWay) {
    Heart heart(clock(), executor());
    heart.tasks.spawn("source", heart.hand_over(heart.event()));
    co_await clock().sleep_for(30ms);
    heart.dispatcher.stop();
    heart.tasks.spawn("late", heart.hand_over(heart.event()));
    co_await heart.dispatcher.join();
    co_await clock().sleep_for(1ms);
    EXPECT_EQ(heart.done, 1);
    EXPECT_EQ(heart.store.entries.size(), 1U);
    co_await heart.end();
    EXPECT_EQ(heart.done, 1);
}

}  // namespace
}  // namespace kssedr::engine
