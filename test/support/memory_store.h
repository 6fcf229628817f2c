/// MemoryStore: a history and parked events in memory, which can be made to keep nothing.

#pragma once

#include "async/clock.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "ports/inbox.h"
#include "ports/outcome_history.h"
#include "ports/parked_events.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace kssedr::test {

class MemoryStore final : public ports::OutcomeHistory, public ports::ParkedEvents {
public:
    /// Why nothing can be kept now; empty: it can.
    std::string trouble;
    std::vector<ports::HistoryEntry> entries;
    std::vector<ports::ParkedEvent> events;
    ports::HistoryQuery asked;  ///< the last one; it is answered with all there is

    Async<std::string> append(std::vector<ports::HistoryLine> lines, SteadyPoint) override {
        if (!trouble.empty()) co_return fail(Errc::unavailable, trouble);
        for (auto& line : lines) {
            auto const before = entries.empty() ? std::string() : entries.back().hash;
            auto hash = format_hex(sha256(before + line.text));
            entries.push_back({entries.size() + 1, std::move(hash), std::move(line)});
        }
        co_return entries.empty() ? std::string() : entries.back().hash;
    }
    Async<std::vector<ports::HistoryEntry>> find(ports::HistoryQuery query, SteadyPoint) override {
        asked = std::move(query);
        if (!trouble.empty()) co_return fail(Errc::unavailable, trouble);
        co_return entries;
    }
    Async<ports::HistoryProof> verify(std::string, SteadyPoint) override { co_return ports::HistoryProof(); }
    Async<std::uint64_t> forget_before(TimePoint, SteadyPoint) override { co_return std::uint64_t{0}; }

    Async<void> park(std::vector<ports::ParkedEvent> parked, SteadyPoint) override {
        if (!trouble.empty()) co_return fail(Errc::unavailable, trouble);
        for (auto& event : parked) {
            auto const known = std::ranges::find_if(events, [&](ports::ParkedEvent const& other) {
                return other.vault == event.vault && other.secret == event.secret && other.code == event.code;
            });
            if (known != events.end()) {
                ++known->count;
                known->last_at = event.last_at;
                continue;
            }
            event.id = ++last_id_;
            events.push_back(std::move(event));
        }
        co_return Result<void>();
    }
    Async<void> close(std::string vault, std::string secret, std::string except_code, SteadyPoint) override {
        if (!trouble.empty()) co_return fail(Errc::unavailable, trouble);
        std::erase_if(events, [&](ports::ParkedEvent const& event) {
            return event.vault == vault && event.secret == secret && event.code != except_code;
        });
        co_return Result<void>();
    }
    Async<std::vector<ports::ParkedEvent>> list(std::int64_t after, std::size_t limit, SteadyPoint) override {
        std::vector<ports::ParkedEvent> page;
        for (auto const& event : events)
            if (event.id > after && page.size() < limit) page.push_back(event);
        co_return page;
    }
    Async<std::uint64_t> count(SteadyPoint) override {
        if (!trouble.empty()) co_return fail(Errc::unavailable, trouble);
        co_return std::uint64_t{events.size()};
    }
    Async<std::optional<ports::ParkedEvent>> find(std::int64_t id, SteadyPoint) override {
        for (auto const& event : events)
            if (event.id == id) co_return event;
        co_return std::nullopt;
    }
    Async<bool> drop(std::int64_t id, SteadyPoint) override {
        co_return std::erase_if(events, [&](ports::ParkedEvent const& event) { return event.id == id; }) != 0;
    }

private:
    std::int64_t last_id_ = 0;
};

class MemoryInbox final : public ports::Inbox {
public:
    std::string trouble;
    std::vector<ports::AcceptedMessage> messages;

    Async<std::int64_t> put(std::string source, std::string message, SteadyPoint) override {
        if (!trouble.empty()) co_return fail(Errc::unavailable, trouble);
        messages.push_back({++last_id_, std::move(source), std::move(message)});
        co_return last_id_;
    }
    Async<std::vector<ports::AcceptedMessage>> list(std::int64_t after, std::size_t limit, SteadyPoint) override {
        if (!trouble.empty()) co_return fail(Errc::unavailable, trouble);
        std::vector<ports::AcceptedMessage> page;
        for (auto const& message : messages)
            if (message.id > after && page.size() < limit) page.push_back(message);
        co_return page;
    }
    Async<void> remove(std::vector<std::int64_t> ids, SteadyPoint) override {
        if (!trouble.empty()) co_return fail(Errc::unavailable, trouble);
        std::erase_if(messages, [&](ports::AcceptedMessage const& message) {
            return std::ranges::find(ids, message.id) != ids.end();
        });
        co_return Result<void>();
    }
    Async<std::uint64_t> count(SteadyPoint) override { co_return std::uint64_t{messages.size()}; }

private:
    std::int64_t last_id_ = 0;
};

}  // namespace kssedr::test
