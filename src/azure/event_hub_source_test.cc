// Instances that share an event hub, in virtual time: a hub and its checkpoints in memory, and what may go wrong.

#include "azure/event_hub_source.h"

#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/fake_event_hub.h"

#include <fmt/format.h>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

struct Shared {
    Shared(Clock& clock, std::size_t partitions) : clock(clock), hub(clock, partitions) {
        // Nothing is acknowledged that is not done with.
        checkpoints.on_update = [this](ports::Checkpoint const& checkpoint) {
            auto const& events = hub.logs[checkpoint.partition];
            for (std::int64_t i = first; i <= checkpoint.sequence.value_or(-1); ++i)
                EXPECT_TRUE(handled.done.contains(events[static_cast<std::size_t>(i)].body)) << i;
        };
    }
    void send(int count) {
        for (int i = 0; i < count; ++i) {
            auto const number = sent++;
            hub.send(std::to_string(number % static_cast<int>(hub.logs.size())), fmt::format("event {}", number));
        }
    }

    Clock& clock;
    test::SeededRandom random{7};
    NullLog log;
    test::FakeEventHub hub;
    test::StoredCheckpoints checkpoints;
    test::Handled handled;
    int sent = 0;
    std::int64_t first = 0;  // the sequence from which on events are wanted
};

class Instance {
public:
    Instance(Shared& shared, asio::any_io_executor executor, EventHubSourceOptions options = {}, int steps = -1)
        : life_(shared.clock),
          checkpoints_(shared.checkpoints, shared.clock, life_),
          consumer_(shared.handled, shared.clock, shared.random, life_),
          source_(executor, std::make_unique<test::FakeEventHubClient>(shared.hub, shared.clock, life_), checkpoints_,
                  shared.clock, shared.random, shared.log, named(std::move(options))),
          tasks_(executor, [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {
        life_.left = steps;
        tasks_.spawn("source", source_.run(consumer_));
    }
    Task<void> stop() {
        tasks_.cancel();
        co_await tasks_.join();
    }
    /// As SIGKILL does: nothing more of it reaches the world. True: it had died before.
    Task<bool> kill() {
        bool const was_dead = std::exchange(life_.has_ended, true);
        co_await stop();
        co_return was_dead;
    }
    [[nodiscard]] ports::SourceHealth health() const { return source_.health(); }

private:
    static EventHubSourceOptions named(EventHubSourceOptions options) {
        options.name = "hub";
        return options;
    }

    test::Life life_;
    test::FakeCheckpoints checkpoints_;
    test::FakeConsumer consumer_;
    EventHubSource source_;
    TaskGroup tasks_;
};

std::map<std::string, int> shares(test::StoredCheckpoints const& checkpoints) {
    std::map<std::string, int> counts;
    for (auto const& [partition, ownership] : checkpoints.ownerships) ++counts[ownership.owner];
    return counts;
}

CORO_TEST(EventHubSource, ReadsEverythingAndGoesOnWhereItWas) {
    Shared shared(clock(), 4);
    shared.send(500);
    auto instance = std::make_unique<Instance>(shared, executor());
    co_await clock().sleep_for(2min);
    EXPECT_EQ(shared.handled.done.size(), 500U);
    EXPECT_EQ(shared.handled.taken, 500);
    EXPECT_EQ(instance->health().state, ports::SourceState::ready);
    EXPECT_EQ(instance->health().backlog, 0U);
    co_await instance->stop();
    EXPECT_EQ(shares(shared.checkpoints), (std::map<std::string, int>{{"", 4}})) << "given back";
    shared.send(100);
    instance = std::make_unique<Instance>(shared, executor());
    co_await clock().sleep_for(1min);
    EXPECT_EQ(shared.handled.done.size(), 600U);
    EXPECT_EQ(shared.handled.taken, 600) << "what was done with does not come again";
    co_await instance->stop();
}

CORO_TEST(EventHubSource, ManyShareThePartitionsAndHandThemOver) {
    Shared shared(clock(), 8);
    std::vector<std::unique_ptr<Instance>> fleet;
    for (int i = 0; i < 3; ++i) {
        fleet.push_back(std::make_unique<Instance>(shared, executor()));
        co_await clock().sleep_for(3s);
    }
    for (int i = 0; i < 60; ++i) {
        shared.send(20);
        co_await clock().sleep_for(5s);
    }
    auto counts = shares(shared.checkpoints);
    EXPECT_EQ(counts.size(), 3U);
    for (auto const& [owner, count] : counts) EXPECT_TRUE(count == 2 || count == 3) << count;
    co_await fleet[1]->stop();
    for (int i = 0; i < 60; ++i) {
        shared.send(20);
        co_await clock().sleep_for(5s);
    }
    counts = shares(shared.checkpoints);
    EXPECT_EQ(counts.size(), 2U);
    for (auto const& [owner, count] : counts) EXPECT_EQ(count, 4);
    EXPECT_EQ(shared.handled.done.size(), 2400U) << "none is lost";
    EXPECT_LT(shared.handled.taken, 2400 + 8 * 4 * 64 * 3) << "and few come twice";
    for (std::size_t i : {0U, 2U}) co_await fleet[i]->stop();
}

// Whatever fails, for however long: afterwards everything is done with.
CORO_TEST(EventHubSource, GoesOnAfterEveryFailure) {
    for (auto const code : {Errc::unavailable, Errc::permission_denied, Errc::not_found}) {
        for (bool const is_hub : {true, false}) {
            Shared shared(clock(), 2);
            shared.send(50);
            Instance instance(shared, executor());
            co_await clock().sleep_for(20s);
            (is_hub ? shared.hub.trouble : shared.checkpoints.trouble) = Error(code, "no");
            shared.send(50);
            co_await clock().sleep_for(2min);
            EXPECT_NE(instance.health().state, ports::SourceState::ready);
            EXPECT_NE(instance.health().reason.find("no"), std::string::npos) << instance.health().reason;
            (is_hub ? shared.hub.trouble : shared.checkpoints.trouble).reset();
            co_await clock().sleep_for(5min);
            EXPECT_EQ(instance.health().state, ports::SourceState::ready) << instance.health().reason;
            EXPECT_EQ(shared.handled.done.size(), 100U);
            EXPECT_EQ(shared.checkpoints.checkpoints["0"].sequence, 49);
            co_await instance.stop();
        }
    }
}

// Another processor reads a partition though it does not own it: no fight, and nothing is acknowledged for it.
CORO_TEST(EventHubSource, AStolenLinkIsLeft) {
    Shared shared(clock(), 1);
    Instance instance(shared, executor());
    co_await clock().sleep_for(5s);
    ++shared.hub.links["0"];
    shared.send(10);
    co_await clock().sleep_for(500ms);
    EXPECT_TRUE(shared.handled.done.empty());
    co_await clock().sleep_for(30s);
    EXPECT_EQ(shared.hub.links["0"], 2) << "nobody fights for it";
    co_await clock().sleep_for(1min);
    EXPECT_EQ(shared.handled.done.size(), 10U) << "it is claimed again, since nobody else claims it";
    co_await instance.stop();
}

CORO_TEST(EventHubSource, APositionThatIsLostIsFoundByTheRuleThatWasSet) {
    struct Case {
        OnLostPosition rule;
        std::size_t done;
        ports::SourceState state;
    };
    for (auto const& [rule, done, state] : {Case{OnLostPosition::earliest, 15, ports::SourceState::ready},
                                            Case{OnLostPosition::latest, 5, ports::SourceState::ready},
                                            Case{OnLostPosition::stop, 0, ports::SourceState::unusable}}) {
        Shared shared(clock(), 1);
        shared.send(10);
        shared.checkpoints.on_update = {};
        shared.checkpoints.checkpoints["0"] = {"0", "5000", 4000};
        EventHubSourceOptions options;
        options.on_lost_position = rule;
        Instance instance(shared, executor(), std::move(options));
        co_await clock().sleep_for(30s);
        shared.send(5);
        co_await clock().sleep_for(3min);
        EXPECT_EQ(shared.handled.done.size(), done);
        EXPECT_EQ(instance.health().state, state) << instance.health().reason;
        co_await instance.stop();
    }
}

CORO_TEST(EventHubSource, AnOffsetOfAnotherKindIsTakenByItsSequence) {
    Shared shared(clock(), 1);
    shared.send(10);
    shared.hub.takes_offsets = false;
    shared.checkpoints.on_update = {};
    shared.checkpoints.checkpoints["0"] = {"0", "1004", 4};
    Instance instance(shared, executor());
    co_await clock().sleep_for(1min);
    EXPECT_EQ(shared.handled.done.size(), 5U);
    EXPECT_TRUE(shared.handled.done.contains("event 5"));
    co_await instance.stop();
}

CORO_TEST(EventHubSource, StartsWhereItIsTold) {
    for (auto const kind : {EventPosition::Kind::earliest, EventPosition::Kind::latest}) {
        Shared shared(clock(), 1);
        shared.send(10);
        shared.checkpoints.on_update = {};
        EventHubSourceOptions options;
        options.start.kind = kind;
        Instance instance(shared, executor(), std::move(options));
        co_await clock().sleep_for(30s);
        shared.send(1);
        co_await clock().sleep_for(30s);
        EXPECT_EQ(shared.handled.done.size(), kind == EventPosition::Kind::earliest ? 11U : 1U);
        co_await instance.stop();
    }
}

CORO_TEST(EventHubSource, NoMoreIsUnderWayThanThereIsRoomFor) {
    Shared shared(clock(), 1);
    shared.send(10'000);
    Instance instance(shared, executor());
    co_await clock().sleep_for(1min);
    EXPECT_LE(shared.handled.most_at_once, 4);
    EXPECT_GT(shared.handled.most_at_once, 1);
    co_await instance.stop();
}

// Whatever instruction of an instance is its last: what it had not done with comes again, to another.
CORO_TEST(EventHubSource, ADeathAtAnyStepLosesNothing) {
    for (int steps = 0;; ++steps) {
        SCOPED_TRACE(steps);
        Shared shared(clock(), 2);
        shared.handled.longest = 200ms;
        shared.send(300);
        Instance mortal(shared, executor(), {}, steps);
        co_await clock().sleep_for(25s);
        bool const has_died = co_await mortal.kill();
        Instance heir(shared, executor());
        shared.send(100);
        co_await clock().sleep_for(2min);
        EXPECT_EQ(shared.handled.done.size(), 400U);
        EXPECT_EQ(shared.checkpoints.checkpoints["0"].sequence, 199);
        EXPECT_EQ(shared.checkpoints.checkpoints["1"].sequence, 199);
        co_await heir.stop();
        if (!has_died) {
            EXPECT_GT(steps, 30) << "it was to die at more places than that";
            break;
        }
        CO_ASSERT(!HasFailure());
    }
}

// What is listed may be older than what one was told oneself.
CORO_TEST(EventHubSource, AListingThatLagsTakesNothingAway) {
    Shared shared(clock(), 4);
    shared.checkpoints.lag = 7s;
    Instance instance(shared, executor());
    for (int i = 0; i < 60; ++i) {
        shared.send(8);
        co_await clock().sleep_for(5s);
    }
    EXPECT_EQ(shared.handled.done.size(), 480U);
    for (auto const& [partition, links] : shared.hub.links) EXPECT_EQ(links, 1) << partition;
    co_await instance.stop();
}

CORO_TEST(EventHubSource, ManyShareThoughListingsLag) {
    Shared shared(clock(), 8);
    shared.checkpoints.lag = 7s;
    std::vector<std::unique_ptr<Instance>> fleet;
    for (int i = 0; i < 3; ++i) fleet.push_back(std::make_unique<Instance>(shared, executor()));
    for (int i = 0; i < 60; ++i) {
        shared.send(16);
        co_await clock().sleep_for(5s);
    }
    auto const links = shared.hub.links;
    for (int i = 0; i < 60; ++i) {
        shared.send(16);
        co_await clock().sleep_for(5s);
    }
    EXPECT_EQ(shared.hub.links, links) << "nobody takes anything from anybody any more";
    for (auto const& [owner, count] : shares(shared.checkpoints)) EXPECT_TRUE(count == 2 || count == 3) << count;
    EXPECT_EQ(shared.handled.done.size(), 1920U);
    for (auto const& instance : fleet) co_await instance->stop();
}

// One of many claims fails: the others are read at once, and not when they have lapsed.
CORO_TEST(EventHubSource, AClaimThatFailsKeepsBackNoOther) {
    Shared shared(clock(), 4);
    shared.send(40);
    int failures = 2;
    shared.checkpoints.on_claim = [&](ports::Ownership const& claim) -> std::optional<Error> {
        if (claim.partition != "1" || failures-- <= 0) return std::nullopt;
        return Error(Errc::unavailable, "no");
    };
    Instance instance(shared, executor());
    co_await clock().sleep_for(5s);
    EXPECT_GE(shared.handled.done.size(), 10U);
    co_await clock().sleep_for(25s);
    EXPECT_EQ(shared.handled.done.size(), 40U);
    co_await instance.stop();
}

// Where reading begins is settled once: what comes while the link is lost, or another instance takes over, is read.
CORO_TEST(EventHubSource, LatestIsTheEndAsItWasAtTheStart) {
    for (int const before : {0, 10}) {
        Shared shared(clock(), 1);
        shared.send(before);
        shared.first = before;
        EventHubSourceOptions options;
        options.start.kind = EventPosition::Kind::latest;
        auto instance = std::make_unique<Instance>(shared, executor(), options);
        co_await clock().sleep_for(20s);
        ++shared.hub.cuts["0"];
        shared.send(3);
        co_await clock().sleep_for(20s);
        EXPECT_EQ(shared.handled.done.size(), 3U);
        co_await instance->stop();
        shared.send(3);
        instance = std::make_unique<Instance>(shared, executor(), options);
        co_await clock().sleep_for(20s);
        EXPECT_EQ(shared.handled.done.size(), 6U);
        co_await instance->stop();
    }
}

CORO_TEST(EventHubSource, LatestIsKeptForWhoeverComesNext) {
    Shared shared(clock(), 1);
    shared.send(10);
    shared.first = 10;
    EventHubSourceOptions options;
    options.start.kind = EventPosition::Kind::latest;
    auto instance = std::make_unique<Instance>(shared, executor(), options);
    co_await clock().sleep_for(5s);
    co_await instance->stop();
    shared.send(3);
    instance = std::make_unique<Instance>(shared, executor(), options);
    co_await clock().sleep_for(20s);
    EXPECT_EQ(shared.handled.done.size(), 3U);
    co_await instance->stop();
}

// The hub is made anew under a running reader: its numbers begin again, and so do the checkpoints.
CORO_TEST(EventHubSource, AHubThatIsMadeAnewIsReadFromItsStart) {
    Shared shared(clock(), 1);
    shared.send(100);
    Instance instance(shared, executor());
    co_await clock().sleep_for(20s);
    EXPECT_EQ(shared.checkpoints.checkpoints["0"].sequence, 99);
    shared.hub.logs["0"].clear();
    ++shared.hub.cuts["0"];
    co_await clock().sleep_for(20s);
    shared.send(5);
    co_await clock().sleep_for(30s);
    EXPECT_EQ(shared.handled.done.size(), 105U);
    EXPECT_EQ(shared.checkpoints.checkpoints["0"].sequence, 4);
    co_await instance.stop();
}

// A storage that does not answer holds nobody up who is to end.
CORO_TEST(EventHubSource, AnEndThatNobodyAnswersIsShort) {
    Shared shared(clock(), 8);
    shared.send(80);
    Instance instance(shared, executor());
    co_await clock().sleep_for(20s);
    shared.checkpoints.trouble = Error(Errc::unavailable, "no");
    shared.send(80);
    co_await clock().sleep_for(5s);
    auto const begun = clock().steady_now();
    co_await instance.kill();
    EXPECT_LE(clock().steady_now() - begun, 25s);
}

CORO_TEST(EventHubSource, PartitionsThatAreAddedAreRead) {
    Shared shared(clock(), 2);
    Instance instance(shared, executor());
    co_await clock().sleep_for(20s);
    shared.hub.logs["2"];
    shared.send(30);
    co_await clock().sleep_for(6min);
    EXPECT_EQ(shared.handled.done.size(), 30U);
    co_await instance.stop();
}

}  // namespace
}  // namespace kssedr::azure
