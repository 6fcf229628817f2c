/// What every store does, whatever keeps it: cases that each begin with an empty store.
///
/// They run on SQLite with the unit tests (src/store/store_test.cc) and on a real PostgreSQL from
/// test/integration/store_test.py.

#pragma once

#include "async/async.h"
#include "async/clock.h"
#include "ports/checkpoints.h"
#include "ports/inbox.h"
#include "ports/outcome_history.h"
#include "ports/parked_events.h"
#include "support/loop_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::test {

/// The ports of one store, whose limits are those below.
struct StorePorts {
    ports::OutcomeHistory& history;
    ports::ParkedEvents& parked;
    ports::Inbox& inbox;
    ports::Checkpoints& checkpoints;
    Clock& clock;

    [[nodiscard]] SteadyPoint soon() const { return clock.steady_now() + std::chrono::seconds{20}; }
};

inline constexpr std::int64_t suite_parked_malformed = 3;
inline constexpr std::int64_t suite_parked_all = 8;
inline constexpr std::int64_t suite_inbox_messages = 4;
inline constexpr std::int64_t suite_inbox_bytes = 1'000;

struct StoreCase {
    std::string_view name;
    Task<void> (*run)(StorePorts);
};

inline constexpr TimePoint store_epoch{std::chrono::milliseconds{1768469400000}};

inline ports::HistoryLine history_line(int number, std::string outcome = "rotated", std::string secret = "web") {
    return {store_epoch + std::chrono::minutes{number},
            std::move(outcome),
            "rotated",
            "demo.vault.azure.net",
            std::move(secret),
            R"({"schema":1,"line":)" + std::to_string(number) + "}"};
}

inline std::vector<std::uint64_t> numbers_of(std::vector<ports::HistoryEntry> const& entries) {
    std::vector<std::uint64_t> numbers;
    for (auto const& entry : entries) numbers.push_back(entry.number);
    return numbers;
}

inline Task<void> store_is_empty_at_first(StorePorts on) {
    auto const proof = co_await on.history.verify("", on.soon());
    KSSEDR_CO_ASSERT(proof);
    EXPECT_EQ(proof->lines, 0U);
    EXPECT_FALSE(proof->broken);
    EXPECT_TRUE(proof->has_head);
    EXPECT_FALSE(proof->forgotten_until);
    auto const found = co_await on.history.find({}, on.soon());
    EXPECT_TRUE(found && found->empty());
    auto const parked = co_await on.parked.count(on.soon());
    EXPECT_EQ(parked.value_or(99), 0U);
    auto const inbox = co_await on.inbox.count(on.soon());
    EXPECT_EQ(inbox.value_or(99), 0U);
    auto const none = co_await on.history.append({}, on.soon());
    EXPECT_TRUE(none);
}

inline Task<void> store_keeps_history_as_it_was(StorePorts on) {
    std::vector<ports::HistoryLine> const lines = {history_line(1), history_line(2, "refused", "db"), history_line(3)};
    auto const head = co_await on.history.append(lines, on.soon());
    KSSEDR_CO_ASSERT(head);
    auto const found = co_await on.history.find({}, on.soon());
    KSSEDR_CO_ASSERT(found && found->size() == 3);
    EXPECT_EQ(numbers_of(*found), (std::vector<std::uint64_t>{3, 2, 1}));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ((*found)[2 - i].line, lines[i]);
    EXPECT_EQ(found->front().hash, *head);
    EXPECT_EQ(head->size(), 64U);
    auto const proof = co_await on.history.verify(found->back().hash, on.soon());
    KSSEDR_CO_ASSERT(proof);
    EXPECT_EQ(proof->lines, 3U);
    EXPECT_EQ(proof->head, *head);
    EXPECT_FALSE(proof->broken);
    EXPECT_TRUE(proof->has_head);
    auto const other = co_await on.history.verify(std::string(64, 'a'), on.soon());
    EXPECT_TRUE(other && !other->has_head && !other->broken);
}

inline Task<void> store_finds_by_what_is_asked(StorePorts on) {
    std::vector<ports::HistoryLine> lines;
    for (int i = 1; i <= 6; ++i)
        lines.push_back(history_line(i, i % 2 == 0 ? "refused" : "rotated", i < 4 ? "a" : "b"));
    auto const head = co_await on.history.append(lines, on.soon());
    KSSEDR_CO_ASSERT(head);
    auto const at = [](int minute) { return store_epoch + std::chrono::minutes{minute}; };
    struct Case {
        std::string_view name;
        ports::HistoryQuery query;
        std::vector<std::uint64_t> numbers;
    };
    for (auto const& c : std::vector<Case>{
             {"all", {}, {6, 5, 4, 3, 2, 1}},
             {"a secret", {.secret = "a"}, {3, 2, 1}},
             {"a vault", {.vault = "demo.vault.azure.net", .secret = "b"}, {6, 5, 4}},
             {"another vault", {.vault = "other.vault.azure.net"}, {}},
             {"an outcome", {.outcome = "refused"}, {6, 4, 2}},
             {"since, inclusive", {.since = at(4)}, {6, 5, 4}},
             {"until, exclusive", {.until = at(4)}, {3, 2, 1}},
             {"both, of an outcome", {.outcome = "rotated", .since = at(2), .until = at(6)}, {5, 3}},
             {"after all", {.since = at(60)}, {}},
             {"the newest", {.limit = 2}, {6, 5}},
             {"the next page", {.before = 5, .limit = 2}, {4, 3}},
             {"no injection", {.secret = "a' OR '1'='1"}, {}},
         }) {
        auto const found = co_await on.history.find(c.query, on.soon());
        KSSEDR_CO_ASSERT(found);
        EXPECT_EQ(numbers_of(*found), c.numbers) << c.name;
    }
}

// Whatever came from outside: it is kept readable, looked for by the same words, and the chain stays whole.
inline Task<void> store_takes_any_bytes(StorePorts on) {
    using namespace std::string_literals;
    std::vector<std::string> const hostile = {"a\0b"s, "\xff\xfe",     "\x1b[2J", "'; DROP TABLE history; --",
                                              "$1",    "\xed\xa0\x80", "ü",       std::string(5000, 'x')};
    for (auto const& text : hostile) {
        ports::HistoryLine line{store_epoch, text, text, text, text, text};
        std::vector<ports::HistoryLine> lines{line};
        auto const head = co_await on.history.append(lines, on.soon());
        KSSEDR_CO_ASSERT(head);
        auto const found = co_await on.history.find({.vault = text, .secret = text, .outcome = text}, on.soon());
        KSSEDR_CO_ASSERT(found && found->size() == 1);
        EXPECT_FALSE(found->front().line.text.contains('\0'));
        ports::ParkedEvent event{.vault = text,
                                 .secret = text,
                                 .code = text,
                                 .outcome = text,
                                 .reason = text,
                                 .last_at = store_epoch,
                                 .source = text,
                                 .event = text,
                                 .sha256 = text};
        std::vector<ports::ParkedEvent> events{event};
        auto const parked = co_await on.parked.park(events, on.soon());
        KSSEDR_CO_ASSERT(parked);
        auto const id = co_await on.inbox.put(text, text, on.soon());
        if (!id) {
            EXPECT_EQ(id.error().code(), Errc::throttled);
            continue;
        }
        auto const kept = co_await on.inbox.list(*id - 1, 1, on.soon());
        EXPECT_TRUE(kept && kept->size() == 1 && kept->front().message == text);
        auto const removed = co_await on.inbox.remove({*id}, on.soon());
        EXPECT_TRUE(removed);
    }
    auto const proof = co_await on.history.verify("", on.soon());
    EXPECT_TRUE(proof && !proof->broken && proof->lines == hostile.size());
}

inline Task<void> store_forgets_the_oldest(StorePorts on) {
    std::vector<ports::HistoryLine> lines;
    for (int i = 1; i <= 2500; ++i) lines.push_back(history_line(i));
    // A clock that was set back: what comes before it goes first all the same, so the chain has no gap.
    lines[2300].at = store_epoch;
    auto const head = co_await on.history.append(lines, on.soon());
    KSSEDR_CO_ASSERT(head);
    auto const of_2200 = co_await on.history.find({.before = 2201, .limit = 1}, on.soon());
    auto const of_2250 = co_await on.history.find({.before = 2251, .limit = 1}, on.soon());
    KSSEDR_CO_ASSERT(of_2200 && of_2200->size() == 1 && of_2250 && of_2250->size() == 1);
    auto const gone = co_await on.history.forget_before(store_epoch + std::chrono::minutes{2201}, on.soon());
    EXPECT_EQ(gone.value_or(0), 2200U);
    auto const again = co_await on.history.forget_before(store_epoch + std::chrono::minutes{2201}, on.soon());
    EXPECT_EQ(again.value_or(99), 0U);
    auto const left = co_await on.history.find({.before = 2203}, on.soon());
    KSSEDR_CO_ASSERT(left);
    EXPECT_EQ(numbers_of(*left), (std::vector<std::uint64_t>{2202, 2201}));
    struct Case {
        std::string_view name;
        std::string head;
        bool has;
    };
    for (auto const& c : std::vector<Case>{{"none", "", true},
                                           {"the newest", *head, true},
                                           {"one that is there", of_2250->front().hash, true},
                                           {"where the chain begins", of_2200->front().hash, true},
                                           {"another", std::string(64, '1'), false}}) {
        auto const proof = co_await on.history.verify(c.head, on.soon());
        KSSEDR_CO_ASSERT(proof);
        EXPECT_FALSE(proof->broken) << c.name;
        EXPECT_EQ(proof->has_head, c.has) << c.name;
        EXPECT_EQ(proof->lines, 300U);
        EXPECT_EQ(proof->forgotten_until, store_epoch + std::chrono::minutes{2200});
    }
    auto const all = co_await on.history.forget_before(store_epoch + std::chrono::days{30}, on.soon());
    EXPECT_EQ(all.value_or(0), 300U);
    std::vector<ports::HistoryLine> more{history_line(2501)};
    auto const newer = co_await on.history.append(more, on.soon());
    KSSEDR_CO_ASSERT(newer);
    auto const proof = co_await on.history.verify(*head, on.soon());
    EXPECT_TRUE(proof && !proof->broken && proof->has_head && proof->lines == 1 && proof->head == *newer);
}

inline ports::ParkedEvent parked_event(std::string secret, std::string code, int minute) {
    return {.vault = "demo.vault.azure.net",
            .secret = std::move(secret),
            .code = std::move(code),
            .outcome = "refused",
            .reason = "because " + std::to_string(minute),
            .last_at = store_epoch + std::chrono::minutes{minute},
            .source = "hub",
            .event = R"({"n":)" + std::to_string(minute) + "}",
            .sha256 = "abc"};
}

inline Task<void> store_counts_what_is_parked(StorePorts on) {
    std::vector<ports::ParkedEvent> const first{parked_event("a", "not-permitted", 1),
                                                parked_event("a", "malformed", 2),
                                                parked_event("b", "not-permitted", 3)};
    auto const parked = co_await on.parked.park(first, on.soon());
    KSSEDR_CO_ASSERT(parked);
    std::vector<ports::ParkedEvent> const once_more{parked_event("a", "not-permitted", 4)};
    auto const repeated = co_await on.parked.park(once_more, on.soon());
    KSSEDR_CO_ASSERT(repeated);
    auto const listed = co_await on.parked.list(0, 10, on.soon());
    KSSEDR_CO_ASSERT(listed && listed->size() == 3);
    auto const& entry = listed->front();
    EXPECT_EQ(entry.count, 2U);
    EXPECT_EQ(entry.first_at, store_epoch + std::chrono::minutes{1});
    EXPECT_EQ(entry.last_at, store_epoch + std::chrono::minutes{4});
    EXPECT_EQ(entry.reason, "because 4");
    EXPECT_EQ(entry.event, R"({"n":4})");
    auto const rest = co_await on.parked.list(entry.id, 1, on.soon());
    EXPECT_TRUE(rest && rest->size() == 1 && rest->front().id == (*listed)[1].id);
    auto const found = co_await on.parked.find(entry.id, on.soon());
    EXPECT_TRUE(found && *found && (*found)->code == "not-permitted" && (*found)->source == "hub");

    auto const closed = co_await on.parked.close("demo.vault.azure.net", "a", "malformed", on.soon());
    EXPECT_TRUE(closed);
    auto const left = co_await on.parked.list(0, 10, on.soon());
    KSSEDR_CO_ASSERT(left && left->size() == 2);
    EXPECT_EQ(left->front().code, "malformed");
    EXPECT_EQ(left->back().secret, "b");
    auto const dropped = co_await on.parked.drop(left->front().id, on.soon());
    EXPECT_TRUE(dropped.value_or(false));
    auto const twice = co_await on.parked.drop(left->front().id, on.soon());
    EXPECT_FALSE(twice.value_or(true));
    auto const gone = co_await on.parked.find(left->front().id, on.soon());
    EXPECT_TRUE(gone && !*gone);
    auto const count = co_await on.parked.count(on.soon());
    EXPECT_EQ(count.value_or(0), 1U);
}

inline Task<void> store_bounds_what_is_parked(StorePorts on) {
    auto const malformed = [](int number) {
        auto event = parked_event("", "malformed", number);
        event.vault.clear();
        event.sha256 = std::to_string(number);
        event.event = std::string(40'000, 'm');
        return event;
    };
    std::vector<ports::ParkedEvent> many;
    for (int i = 1; i <= 5; ++i) many.push_back(malformed(i));
    many.push_back(malformed(5));
    auto const parked = co_await on.parked.park(many, on.soon());
    KSSEDR_CO_ASSERT(parked);
    auto const listed = co_await on.parked.list(0, 100, on.soon());
    KSSEDR_CO_ASSERT(listed && listed->size() == std::size_t{suite_parked_malformed});
    EXPECT_EQ(listed->front().sha256, "3");
    EXPECT_EQ(listed->back().count, 2U);
    EXPECT_EQ(listed->back().event.size(), 4096U);
    many.clear();
    for (int i = 1; i <= 20; ++i) many.push_back(parked_event("s" + std::to_string(i), "not-permitted", i));
    many.back().event = std::string(32 * 1024, 'x');
    many[18].event = std::string(32 * 1024 + 1, 'x');
    auto const more = co_await on.parked.park(many, on.soon());
    KSSEDR_CO_ASSERT(more);
    auto const all = co_await on.parked.list(0, 100, on.soon());
    KSSEDR_CO_ASSERT(all && all->size() == std::size_t{suite_parked_all});
    EXPECT_EQ(all->back().secret, "s20");
    EXPECT_EQ(all->back().event.size(), 32U * 1024);
    EXPECT_EQ((*all)[6].event.size(), 4096U) << "of what is too large its head is kept";
}

inline Task<void> store_keeps_what_was_accepted(StorePorts on) {
    auto const first = co_await on.inbox.put("push", "one", on.soon());
    auto const second = co_await on.inbox.put("push", "two", on.soon());
    KSSEDR_CO_ASSERT(first && second);
    EXPECT_GT(*second, *first);
    auto const listed = co_await on.inbox.list(0, 10, on.soon());
    KSSEDR_CO_ASSERT(listed && listed->size() == 2);
    EXPECT_EQ(listed->front().message, "one");
    EXPECT_EQ(listed->front().source, "push");
    auto const rest = co_await on.inbox.list(*first, 10, on.soon());
    EXPECT_TRUE(rest && rest->size() == 1 && rest->front().id == *second);
    auto const removed = co_await on.inbox.remove({*first, *second, 12345}, on.soon());
    EXPECT_TRUE(removed);
    auto const again = co_await on.inbox.remove({*first}, on.soon());
    EXPECT_TRUE(again) << "whoever was killed in between removes once more";
    auto const count = co_await on.inbox.count(on.soon());
    EXPECT_EQ(count.value_or(99), 0U);
    auto const third = co_await on.inbox.put("push", "three", on.soon());
    EXPECT_GT(third.value_or(0), *second) << "no number is given twice";
}

inline Task<void> store_says_when_the_inbox_is_full(StorePorts on) {
    auto const too_large = co_await on.inbox.put("push", std::string(suite_inbox_bytes + 1, 'x'), on.soon());
    EXPECT_TRUE(!too_large && too_large.error().code() == Errc::throttled);
    std::vector<std::int64_t> ids;
    for (int i = 0; i < suite_inbox_messages; ++i) {
        auto const id = co_await on.inbox.put("push", "m", on.soon());
        KSSEDR_CO_ASSERT(id);
        ids.push_back(*id);
    }
    auto const full = co_await on.inbox.put("push", "m", on.soon());
    KSSEDR_CO_ASSERT(!full);
    EXPECT_EQ(full.error().code(), Errc::throttled);
    auto const removed = co_await on.inbox.remove({ids[0]}, on.soon());
    KSSEDR_CO_ASSERT(removed);
    auto const again = co_await on.inbox.put("push", "m", on.soon());
    EXPECT_TRUE(again) << "it has room again";
}

inline Task<void> store_claims_by_compare_and_swap(StorePorts on) {
    ports::EventStream const stream{"n.servicebus.windows.net", "hub", "$default"};
    ports::EventStream const other{"n.servicebus.windows.net", "hub", "second"};
    auto const first = co_await on.checkpoints.claim(stream, {.partition = "0", .owner = "a"}, on.soon());
    KSSEDR_CO_ASSERT(first && *first);
    EXPECT_FALSE((*first)->tag.empty());
    EXPECT_GT((*first)->changed, store_epoch);
    auto const late = co_await on.checkpoints.claim(stream, {.partition = "0", .owner = "b"}, on.soon());
    EXPECT_TRUE(late && !*late) << "there is a state by now, and this one had seen none";
    auto const stolen =
        co_await on.checkpoints.claim(stream, {.partition = "0", .owner = "b", .tag = (*first)->tag}, on.soon());
    KSSEDR_CO_ASSERT(stolen && *stolen);
    EXPECT_NE((*stolen)->tag, (*first)->tag);
    auto const renewed =
        co_await on.checkpoints.claim(stream, {.partition = "0", .owner = "a", .tag = (*first)->tag}, on.soon());
    EXPECT_TRUE(renewed && !*renewed) << "it was stolen";
    auto const listed = co_await on.checkpoints.list_ownerships(stream, on.soon());
    KSSEDR_CO_ASSERT(listed && listed->size() == 1);
    EXPECT_EQ(listed->front().owner, "b");
    EXPECT_EQ(listed->front().tag, (*stolen)->tag);
    EXPECT_EQ(listed->front().changed, (*stolen)->changed);
    auto const elsewhere = co_await on.checkpoints.list_ownerships(other, on.soon());
    EXPECT_TRUE(elsewhere && elsewhere->empty());
    auto const given_up =
        co_await on.checkpoints.claim(stream, {.partition = "0", .owner = "", .tag = (*stolen)->tag}, on.soon());
    EXPECT_TRUE(given_up && *given_up && (*given_up)->owner.empty());
}

inline Task<void> store_keeps_checkpoints(StorePorts on) {
    ports::EventStream const stream{"n.servicebus.windows.net", "hub", "$default"};
    auto const one = co_await on.checkpoints.update(stream, {"0", "1024", 7}, on.soon());
    auto const two = co_await on.checkpoints.update(stream, {"1", "", std::nullopt}, on.soon());
    auto const three = co_await on.checkpoints.update(stream, {"0", "2048", std::nullopt}, on.soon());
    KSSEDR_CO_ASSERT(one && two && three);
    auto const listed = co_await on.checkpoints.list_checkpoints(stream, on.soon());
    KSSEDR_CO_ASSERT(listed && listed->size() == 2);
    EXPECT_EQ(listed->front().partition, "0");
    EXPECT_EQ(listed->front().offset, "2048");
    EXPECT_FALSE(listed->front().sequence);
    EXPECT_EQ(listed->back().offset, "");
    auto const back = co_await on.checkpoints.update(stream, {"0", "1", 1}, on.soon());
    KSSEDR_CO_ASSERT(back);
    auto const again = co_await on.checkpoints.list_checkpoints(stream, on.soon());
    EXPECT_TRUE(again && again->front().offset == "1" && again->front().sequence == 1);
}

inline Task<void> store_has_no_time_once_it_is_over(StorePorts on) {
    auto const past = on.clock.steady_now() - std::chrono::seconds{1};
    std::vector<ports::HistoryLine> lines{history_line(1)};
    auto const late = co_await on.history.append(lines, past);
    KSSEDR_CO_ASSERT(!late);
    EXPECT_EQ(late.error().code(), Errc::deadline_exceeded);
    auto const found = co_await on.history.find({}, on.soon());
    EXPECT_TRUE(found && found->empty());
}

inline std::vector<StoreCase> store_cases() {
    return {{"is empty at first", store_is_empty_at_first},
            {"keeps history as it was", store_keeps_history_as_it_was},
            {"finds by what is asked", store_finds_by_what_is_asked},
            {"takes any bytes", store_takes_any_bytes},
            {"forgets the oldest", store_forgets_the_oldest},
            {"counts what is parked", store_counts_what_is_parked},
            {"bounds what is parked", store_bounds_what_is_parked},
            {"keeps what was accepted", store_keeps_what_was_accepted},
            {"says when the inbox is full", store_says_when_the_inbox_is_full},
            {"claims by compare and swap", store_claims_by_compare_and_swap},
            {"keeps checkpoints", store_keeps_checkpoints},
            {"has no time once it is over", store_has_no_time_once_it_is_over}};
}

}  // namespace kssedr::test
