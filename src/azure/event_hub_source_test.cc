// Instances that share an event hub, in virtual time: a hub and its checkpoints in memory, and what may go wrong.

#include "azure/event_hub_source.h"

#include "support/coro_test.h"
#include "support/seeded_random.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

/// An event hub in memory, with links that the newest of a partition ends.
class Hub {
public:
    explicit Hub(Clock& clock, std::size_t partitions) : clock_(clock) {
        for (std::size_t i = 0; i < partitions; ++i) logs[std::to_string(i)];
    }
    void send(std::string const& partition, std::string body) {
        auto& log = logs[partition];
        auto const sequence = static_cast<std::int64_t>(log.size());
        log.push_back({std::move(body), fmt::format("{}", 1000 + sequence), sequence, clock_.now()});
    }

    class Reader;
    class Client;
    std::map<std::string, std::vector<ReceivedEvent>> logs;
    std::map<std::string, int> links;  // by partition: how many were opened, the newest of which reads
    std::optional<Error> trouble;      // of everything that is asked
    bool takes_offsets = true;

private:
    Clock& clock_;
};

class Hub::Reader final : public PartitionReader {
public:
    Reader(Hub& hub, Clock& clock, std::string partition, std::size_t next)
        : hub_(hub), clock_(clock), partition_(std::move(partition)), next_(next), link_(++hub.links[partition_]) {}

    Async<std::vector<ReceivedEvent>> read(std::size_t most, SteadyPoint deadline) override {
        std::vector<ReceivedEvent> events;
        while (clock_.steady_now() < deadline) {
            co_await clock_.sleep_for(10ms);
            if (hub_.trouble) co_return fail(*hub_.trouble);
            if (hub_.links[partition_] != link_) co_return fail(Errc::conflict, "amqp:link:stolen");
            auto const& log = hub_.logs[partition_];
            while (next_ < log.size() && events.size() < most) events.push_back(log[next_++]);
            if (!events.empty()) break;
        }
        co_return events;
    }

private:
    Hub& hub_;
    Clock& clock_;
    std::string partition_;
    std::size_t next_;
    int link_;
};

class Hub::Client final : public EventHubClient {
public:
    Client(Hub& hub, Clock& clock) : hub_(hub), clock_(clock) {}

    Async<std::vector<std::string>> list_partitions(SteadyPoint) override {
        co_await clock_.sleep_for(20ms);
        if (hub_.trouble) co_return fail(*hub_.trouble);
        std::vector<std::string> names;
        for (auto const& [name, log] : hub_.logs) names.push_back(name);
        co_return names;
    }
    Async<PartitionProperties> describe(std::string partition, SteadyPoint) override {
        co_await clock_.sleep_for(20ms);
        if (hub_.trouble) co_return fail(*hub_.trouble);
        auto const last = static_cast<std::int64_t>(hub_.logs[partition].size()) - 1;
        co_return PartitionProperties{partition, 0, last, fmt::format("{}", 1000 + last)};
    }
    Task<void> close() override { co_return; }
    Async<std::unique_ptr<PartitionReader>> open(std::string partition, EventPosition from, std::int64_t epoch,
                                                 SteadyPoint) override {
        co_await clock_.sleep_for(20ms);
        EXPECT_EQ(epoch, 0);
        if (hub_.trouble) co_return fail(*hub_.trouble);
        std::size_t next = 0;
        auto const size = hub_.logs[partition].size();
        if (from.kind == EventPosition::Kind::after_offset && !hub_.takes_offsets)
            co_return fail(Error(Errc::invalid_argument, "invalid offset")
                               .with_service_code("com.microsoft:georeplication:invalid-offset"));
        if (from.kind == EventPosition::Kind::after_offset)
            next = static_cast<std::size_t>(std::stoll(from.offset) - 1000 + 1);
        if (from.kind == EventPosition::Kind::after_sequence) next = static_cast<std::size_t>(from.sequence + 1);
        if (from.kind == EventPosition::Kind::latest) next = size;
        if (next > size)
            co_return fail(
                Error(Errc::invalid_argument, "past the end").with_service_code("com.microsoft:argument-error"));
        co_return std::make_unique<Reader>(hub_, clock_, std::move(partition), next);
    }

private:
    Hub& hub_;
    Clock& clock_;
};

class MemoryCheckpoints final : public ports::Checkpoints {
public:
    explicit MemoryCheckpoints(Clock& clock) : clock_(clock) {}

    std::optional<Error> trouble;
    std::map<std::string, ports::Ownership> ownerships;
    std::map<std::string, ports::Checkpoint> checkpoints;
    std::function<void(ports::Checkpoint const&)> on_update;

    Async<std::vector<ports::Ownership>> list_ownerships(ports::EventStream, SteadyPoint) override {
        co_await clock_.sleep_for(15ms);
        if (trouble) co_return fail(*trouble);
        std::vector<ports::Ownership> all;
        for (auto const& [partition, ownership] : ownerships) all.push_back(ownership);
        co_return all;
    }
    Async<std::optional<ports::Ownership>> claim(ports::EventStream, ports::Ownership claim, SteadyPoint) override {
        co_await clock_.sleep_for(15ms);
        if (trouble) co_return fail(*trouble);
        auto const place = ownerships.find(claim.partition);
        if ((place == ownerships.end() ? std::string() : place->second.tag) != claim.tag) co_return std::nullopt;
        claim.tag = fmt::format("t{}", ++tags_);
        claim.changed = clock_.now();
        co_return ownerships[claim.partition] = claim;
    }
    Async<std::vector<ports::Checkpoint>> list_checkpoints(ports::EventStream, SteadyPoint) override {
        co_await clock_.sleep_for(15ms);
        if (trouble) co_return fail(*trouble);
        std::vector<ports::Checkpoint> all;
        for (auto const& [partition, checkpoint] : checkpoints) all.push_back(checkpoint);
        co_return all;
    }
    Async<void> update(ports::EventStream, ports::Checkpoint checkpoint, SteadyPoint) override {
        co_await clock_.sleep_for(15ms);
        if (trouble) co_return fail(*trouble);
        if (on_update) on_update(checkpoint);
        checkpoints[checkpoint.partition] = checkpoint;
        co_return Result<void>();
    }

private:
    Clock& clock_;
    int tags_ = 0;
};

/// What handles events: each takes a moment, and is done with then.
class Consumer final : public ports::EventConsumer {
public:
    Consumer(Clock& clock, Random& random) : clock_(clock), random_(random) {}

    Task<void> take(std::string_view, std::span<std::string_view const> messages) override {
        std::vector<std::string> const bodies(messages.begin(), messages.end());
        most_at_once = std::max(most_at_once, ++at_once_);
        co_await clock_.sleep_for(Duration{random_.below(3000)});
        --at_once_;
        for (auto const& body : bodies) {
            ++taken;
            done.insert(body);
        }
    }

    std::set<std::string> done;
    int taken = 0;
    int most_at_once = 0;

private:
    Clock& clock_;
    Random& random_;
    int at_once_ = 0;
};

struct Shared {
    Shared(Clock& clock, std::size_t partitions)
        : clock(clock), hub(clock, partitions), checkpoints(clock), consumer(clock, random) {
        // Nothing is acknowledged that is not done with.
        checkpoints.on_update = [this](ports::Checkpoint const& checkpoint) {
            auto const& events = hub.logs[checkpoint.partition];
            for (std::int64_t i = 0; i <= checkpoint.sequence.value_or(-1); ++i)
                EXPECT_TRUE(consumer.done.contains(events[static_cast<std::size_t>(i)].body)) << i;
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
    Hub hub;
    MemoryCheckpoints checkpoints;
    Consumer consumer;
    int sent = 0;
};

class Instance {
public:
    Instance(Shared& shared, asio::any_io_executor executor, EventHubSourceOptions options = {})
        : source_(executor, std::make_unique<Hub::Client>(shared.hub, shared.clock), shared.checkpoints, shared.clock,
                  shared.random, shared.log, named(std::move(options))),
          tasks_(executor, [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {
        tasks_.spawn("source", source_.run(shared.consumer));
    }
    Task<void> stop() {
        tasks_.cancel();
        co_await tasks_.join();
    }
    [[nodiscard]] ports::SourceHealth health() const { return source_.health(); }

private:
    static EventHubSourceOptions named(EventHubSourceOptions options) {
        options.name = "hub";
        return options;
    }

    EventHubSource source_;
    TaskGroup tasks_;
};

std::map<std::string, int> shares(MemoryCheckpoints const& checkpoints) {
    std::map<std::string, int> counts;
    for (auto const& [partition, ownership] : checkpoints.ownerships) ++counts[ownership.owner];
    return counts;
}

CORO_TEST(EventHubSource, ReadsEverythingAndGoesOnWhereItWas) {
    Shared shared(clock(), 4);
    shared.send(500);
    auto instance = std::make_unique<Instance>(shared, executor());
    co_await clock().sleep_for(2min);
    EXPECT_EQ(shared.consumer.done.size(), 500U);
    EXPECT_EQ(shared.consumer.taken, 500);
    EXPECT_EQ(instance->health().state, ports::SourceState::ready);
    EXPECT_EQ(instance->health().backlog, 0U);
    co_await instance->stop();
    EXPECT_EQ(shares(shared.checkpoints), (std::map<std::string, int>{{"", 4}})) << "given back";
    shared.send(100);
    instance = std::make_unique<Instance>(shared, executor());
    co_await clock().sleep_for(1min);
    EXPECT_EQ(shared.consumer.done.size(), 600U);
    EXPECT_EQ(shared.consumer.taken, 600) << "what was done with does not come again";
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
    EXPECT_EQ(shared.consumer.done.size(), 2400U) << "none is lost";
    EXPECT_LT(shared.consumer.taken, 2400 + 8 * 4 * 64 * 3) << "and few come twice";
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
            EXPECT_EQ(shared.consumer.done.size(), 100U);
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
    EXPECT_TRUE(shared.consumer.done.empty());
    co_await clock().sleep_for(1min);
    EXPECT_EQ(shared.consumer.done.size(), 10U) << "it is claimed again, since nobody else claims it";
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
        EXPECT_EQ(shared.consumer.done.size(), done);
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
    EXPECT_EQ(shared.consumer.done.size(), 5U);
    EXPECT_TRUE(shared.consumer.done.contains("event 5"));
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
        EXPECT_EQ(shared.consumer.done.size(), kind == EventPosition::Kind::earliest ? 11U : 1U);
        co_await instance.stop();
    }
}

CORO_TEST(EventHubSource, NoMoreIsUnderWayThanThereIsRoomFor) {
    Shared shared(clock(), 1);
    shared.send(10'000);
    Instance instance(shared, executor());
    co_await clock().sleep_for(1min);
    EXPECT_LE(shared.consumer.most_at_once, 4);
    EXPECT_GT(shared.consumer.most_at_once, 1);
    co_await instance.stop();
}

}  // namespace
}  // namespace kssedr::azure
