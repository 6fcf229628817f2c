#include "engine/inbox_source.h"

#include "engine/in_process_lock.h"
#include "support/coro_test.h"
#include "support/memory_store.h"

#include <functional>

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;

/// Takes what a test lets it.
class Consumer final : public ports::EventConsumer {
public:
    explicit Consumer(Clock& clock) : clock_(clock) {}

    Task<void> take(std::string_view source, std::span<std::string_view const> messages) override {
        seen.push_back(std::string(source) + ' ' + std::string(messages.front()));
        while (is_held) co_await clock_.sleep_for(1s);
    }

    std::vector<std::string> seen;
    bool is_held = false;

private:
    Clock& clock_;
};

CORO_TEST(InboxSource, WhatIsAcceptedIsHandledOnceAndRemovedThen) {
    test::MemoryInbox inbox;
    InProcessLock lock(clock());
    NullLog log;
    Consumer consumer(clock());
    InboxSource source(executor(), inbox, lock, clock(), log);
    TaskGroup tasks(executor(), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); });
    co_await inbox.put("push", "before the start", {});
    consumer.is_held = true;
    tasks.spawn("inbox", source.run(consumer));
    co_await clock().sleep_for(1min);
    EXPECT_EQ(consumer.seen, std::vector<std::string>{"push before the start"});
    EXPECT_EQ(inbox.messages.size(), 1U) << "not before it is handled";
    for (int i = 0; i < 200; ++i) co_await inbox.put("push", "more", {});
    source.look();
    co_await clock().sleep_for(1min);
    EXPECT_EQ(consumer.seen.size(), 64U) << "no more at once";
    consumer.is_held = false;
    co_await clock().sleep_for(1min);
    EXPECT_EQ(consumer.seen.size(), 201U);
    EXPECT_TRUE(inbox.messages.empty());
    tasks.cancel();
    co_await tasks.join();
    co_await source.close();
}

// While nothing can be read or removed it says so; then it goes on, and what could not be removed is handled again.
CORO_TEST(InboxSource, AStoreThatFailsLosesNothing) {
    test::MemoryInbox inbox;
    InProcessLock lock(clock());
    NullLog log;
    Consumer consumer(clock());
    InboxSource source(executor(), inbox, lock, clock(), log);
    TaskGroup tasks(executor(), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); });
    co_await inbox.put("push", "one", {});
    consumer.is_held = true;
    tasks.spawn("inbox", source.run(consumer));
    co_await clock().sleep_for(3s);
    inbox.trouble = "the disk is full";
    consumer.is_held = false;
    co_await clock().sleep_for(10s);
    EXPECT_EQ(source.health().state, ports::SourceState::retrying);
    EXPECT_EQ(source.health().reason, "the disk is full");
    inbox.trouble.clear();
    co_await clock().sleep_for(1min);
    EXPECT_EQ(source.health().state, ports::SourceState::ready);
    EXPECT_TRUE(inbox.messages.empty());
    EXPECT_EQ(consumer.seen.size(), 2U);
    tasks.cancel();
    co_await tasks.join();
    co_await source.close();
}

}  // namespace
}  // namespace kssedr::engine
