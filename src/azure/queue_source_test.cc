#include "azure/queue_source.h"

#include "support/coro_test.h"
#include "support/seeded_random.h"

#include <algorithm>
#include <map>
#include <set>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

/// Locks what it hands out for a minute; each lock has a receipt of its own, and a renewal makes a new one.
class MemoryQueue final : public MessageQueue {
public:
    struct Place {
        std::string body;
        SteadyPoint visible_at{};
        std::string receipt;
    };

    explicit MemoryQueue(Clock& clock) : clock_(clock) {}

    Async<std::vector<QueuedMessage>> receive(std::size_t at_most, SteadyPoint deadline) override {
        co_await clock_.sleep_for(10ms);
        ++asked;
        last_limit = deadline - clock_.steady_now();
        if (trouble) co_return fail(*trouble);
        if (is_unheeding) at_most = places.size();
        std::vector<QueuedMessage> got;
        bool is_unreadable = false;
        for (auto& [id, place] : places) {
            if (got.size() == at_most) break;
            if (place.visible_at > clock_.steady_now()) continue;
            lock(place);
            is_unreadable = is_unreadable || place.body == "unreadable";
            got.push_back({place.body, id, place.receipt});
        }
        if (is_unreadable) co_return fail(Errc::corrupt, "the answer can not be read");
        co_return got;
    }
    Async<void> renew(QueuedMessage& message, SteadyPoint) override {
        co_await clock_.sleep_for(10ms);
        if (trouble) co_return fail(*trouble);
        auto* const place = find(message);
        if (place == nullptr) co_return fail(Errc::not_found, "it is another's");
        lock(*place);
        message.receipt = place->receipt;
        ++renewed;
        co_return Result<void>();
    }
    Async<void> acknowledge(QueuedMessage const& message, SteadyPoint) override {
        co_await clock_.sleep_for(10ms);
        if (trouble) co_return fail(*trouble);
        if (find(message) == nullptr) co_return fail(Errc::not_found, "it is another's");
        places.erase(message.id);
        co_return Result<void>();
    }
    Async<void> give_back(QueuedMessage const& message, SteadyPoint) override {
        co_await clock_.sleep_for(10ms);
        if (auto* const place = find(message)) place->visible_at = clock_.steady_now();
        co_return Result<void>();
    }
    Async<std::optional<std::uint64_t>> count(SteadyPoint) override { co_return places.size(); }
    [[nodiscard]] Duration renew_every() const override { return 20s; }
    [[nodiscard]] Duration longest_pause() const override { return 30s; }

    std::map<std::string, Place> places;
    std::optional<Error> trouble;
    bool is_unheeding = false;  // of how many it is asked for
    Duration last_limit{};
    int renewed = 0;
    int asked = 0;

private:
    void lock(Place& place) {
        place.visible_at = clock_.steady_now() + 1min;
        place.receipt = std::to_string(++receipts_);
    }
    Place* find(QueuedMessage const& message) {
        auto const place = places.find(message.id);
        bool const is_ours = place != places.end() && place->second.receipt == message.receipt &&
                             place->second.visible_at > clock_.steady_now();
        return is_ours ? &place->second : nullptr;
    }

    Clock& clock_;
    int receipts_ = 0;
};

class Consumer final : public ports::EventConsumer {
public:
    explicit Consumer(Clock& clock) : clock_(clock) {}

    Task<void> take(std::string_view, std::span<std::string_view const> messages) override {
        seen.emplace_back(messages.front());
        most_at_once = std::max(most_at_once, ++at_once_);
        co_await clock_.sleep_for(takes);
        --at_once_;
    }

    std::vector<std::string> seen;
    Duration takes = 1s;
    int most_at_once = 0;

private:
    Clock& clock_;
    int at_once_ = 0;
};

struct Scene {
    Scene(asio::any_io_executor const& executor, Clock& clock)
        : consumer(clock),
          queue(new MemoryQueue(clock)),
          source(executor, "queue", std::unique_ptr<MessageQueue>(queue), clock, random, log),
          tasks(executor, [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {}

    void start() { tasks.spawn("source", source.run(consumer)); }
    Task<void> stop() {
        tasks.cancel();
        co_await tasks.join();
    }

    test::SeededRandom random{7};
    NullLog log;
    Consumer consumer;
    MemoryQueue* queue;
    QueueSource source;
    TaskGroup tasks;
};

CORO_TEST(QueueSource, HandsOverWhatWaitsAndAcknowledgesIt) {
    Scene scene(executor(), clock());
    for (int i = 0; i < 100; ++i) scene.queue->places[std::to_string(i)] = {"message"};
    scene.start();
    co_await clock().sleep_for(10s);
    EXPECT_EQ(scene.consumer.seen.size(), 100U);
    EXPECT_EQ(scene.consumer.most_at_once, 32);
    EXPECT_TRUE(scene.queue->places.empty());
    EXPECT_EQ(scene.source.health().state, ports::SourceState::ready);
    co_await scene.stop();
}

CORO_TEST(QueueSource, AnEmptyQueueIsAskedRarelyAndAFullOneAtOnce) {
    Scene scene(executor(), clock());
    scene.start();
    co_await clock().sleep_for(10min);
    int const asked = scene.queue->asked;
    EXPECT_LE(asked, 35);
    scene.queue->places["1"] = {"late"};
    co_await clock().sleep_for(31s);
    EXPECT_EQ(scene.consumer.seen, std::vector<std::string>{"late"});
    co_await scene.stop();
}

CORO_TEST(QueueSource, WhatTakesLongIsLockedAnewAndHandledOnce) {
    Scene scene(executor(), clock());
    scene.consumer.takes = 10min;
    scene.queue->places["1"] = {"long"};
    scene.start();
    co_await clock().sleep_for(11min);
    EXPECT_EQ(scene.consumer.seen.size(), 1U);
    EXPECT_GE(scene.queue->renewed, 29);
    EXPECT_TRUE(scene.queue->places.empty());
    co_await scene.stop();
}

// It may have been handed to another meanwhile; nothing is lost, and it is acknowledged when it has come again.
CORO_TEST(QueueSource, ALockThatIsLostBringsItAgain) {
    Scene scene(executor(), clock());
    scene.consumer.takes = 3min;
    scene.queue->places["1"] = {"lost"};
    scene.start();
    co_await clock().sleep_for(30s);
    scene.queue->places["1"].receipt = "another's";
    co_await clock().sleep_for(10min);
    EXPECT_EQ(scene.consumer.seen.size(), 2U);
    EXPECT_TRUE(scene.queue->places.empty());
    co_await scene.stop();
}

CORO_TEST(QueueSource, CancelledItGivesBackWhatIsNotDone) {
    Scene scene(executor(), clock());
    scene.consumer.takes = 1h;
    scene.queue->places["1"] = {"unfinished"};
    scene.start();
    co_await clock().sleep_for(5s);
    co_await scene.stop();
    EXPECT_LE(scene.queue->places["1"].visible_at, clock().steady_now());
}

// An answer is read whole or not at all: whoever can send nonsense must not hold back others' messages.
CORO_TEST(QueueSource, AMessageThatNobodyCanReadHoldsBackNoOther) {
    Scene scene(executor(), clock());
    scene.queue->places["0"] = {"unreadable"};
    for (int i = 1; i < 20; ++i) scene.queue->places[std::to_string(i)] = {"message"};
    scene.start();
    co_await clock().sleep_for(30min);
    EXPECT_EQ(scene.consumer.seen.size(), 19U);
    EXPECT_EQ(scene.queue->places.size(), 1U);
    co_await scene.stop();
}

CORO_TEST(QueueSource, AQueueThatHandsOutMoreThanItWasAskedForDoesNotFillTheMemory) {
    Scene scene(executor(), clock());
    scene.queue->is_unheeding = true;
    for (int i = 0; i < 1000; ++i) scene.queue->places[std::to_string(i)] = {"message"};
    scene.start();
    co_await clock().sleep_for(2h);
    EXPECT_EQ(scene.consumer.most_at_once, 32);
    EXPECT_TRUE(scene.queue->places.empty());
    co_await scene.stop();
}

CORO_TEST(QueueSource, ItIsNotLetWaitLongWhereItIsNotKnownToAnswerAndWaitsAsLongAsItIsTold) {
    Scene scene(executor(), clock());
    scene.queue->trouble = Error(Errc::throttled, "too many").with_retry_after(2min);
    scene.start();
    co_await clock().sleep_for(110s);
    EXPECT_EQ(scene.queue->asked, 1);
    scene.queue->trouble.reset();
    co_await clock().sleep_for(11s);
    EXPECT_EQ(scene.queue->asked, 2);
    EXPECT_LE(scene.queue->last_limit, 30s);
    co_await clock().sleep_for(10s);
    EXPECT_GT(scene.queue->last_limit, 30s) << "now it may wait for messages";
    co_await scene.stop();
}

CORO_TEST(QueueSource, SaysWhatIsWrongAndGoesOnByItself) {
    Scene scene(executor(), clock());
    scene.queue->places["1"] = {"waits"};
    scene.queue->trouble = Error(Errc::unavailable, "no answer");
    scene.start();
    co_await clock().sleep_for(1min);
    EXPECT_EQ(scene.source.health().state, ports::SourceState::retrying);
    EXPECT_EQ(scene.source.health().reason, "no answer");
    scene.queue->trouble = Error(Errc::permission_denied, "no right");
    co_await clock().sleep_for(2min);
    EXPECT_EQ(scene.source.health().state, ports::SourceState::unusable);
    EXPECT_LE(scene.queue->asked, 12) << "an account that says no is not asked every second";
    scene.queue->trouble.reset();
    co_await clock().sleep_for(2min);
    EXPECT_EQ(scene.source.health().state, ports::SourceState::ready);
    EXPECT_EQ(scene.consumer.seen.size(), 1U);
    co_await scene.stop();
}

}  // namespace
}  // namespace kssedr::azure
