/// FakeEventHub: an event hub, its checkpoints and what handles its events, in memory and virtual time.
///
/// Each instance of a test has a Life of its own: it may end at any call, before the call has its effect or after it,
/// and from then on nothing that the instance does reaches the world. Calls of a dead one fail after a while, as those
/// of a process do that is cut off; what it was handling is never done with.

#pragma once

#include "async/clock.h"
#include "azure/event_hub_client.h"
#include "base/random.h"
#include "ports/checkpoints.h"
#include "ports/event_source.h"

#include <fmt/format.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kssedr::test {

class Life {
public:
    explicit Life(Clock& clock) : clock_(clock) {}

    int left = -1;  ///< steps until it ends; negative: it does not
    bool has_ended = false;

    /// One step; false where the life is over.
    [[nodiscard]] bool step() {
        if (!has_ended && left >= 0) has_ended = left-- == 0;
        return !has_ended;
    }
    /// A step of a call, which fails after a while where the life is over.
    Async<void> live() {
        if (step()) co_return Result<void>();
        co_await clock_.sleep_for(std::chrono::seconds{10});
        co_return fail(Errc::unavailable, "cut off");
    }

private:
    Clock& clock_;
};

/// Partitions whose newest link ends the one before.
class FakeEventHub {
public:
    FakeEventHub(Clock& clock, std::size_t partitions) : clock_(clock) {
        for (std::size_t i = 0; i < partitions; ++i) logs[std::to_string(i)];
    }
    void send(std::string const& partition, std::string body) {
        auto& log = logs[partition];
        auto const sequence = static_cast<std::int64_t>(log.size());
        log.push_back({std::move(body), fmt::format("{}", 1000 + sequence), sequence, clock_.now()});
    }

    std::map<std::string, std::vector<azure::ReceivedEvent>> logs;
    std::map<std::string, int> links;  // by partition: how many were opened, the newest of which reads
    std::map<std::string, int> cuts;   // by partition: every link opened before is lost
    std::optional<Error> trouble;      // of everything that is asked
    bool takes_offsets = true;

private:
    Clock& clock_;
};

class FakePartitionReader final : public azure::PartitionReader {
public:
    FakePartitionReader(FakeEventHub& hub, Clock& clock, Life& life, std::string partition, std::size_t next)
        : hub_(hub),
          clock_(clock),
          life_(life),
          partition_(std::move(partition)),
          next_(next),
          link_(++hub.links[partition_]),
          cuts_(hub.cuts[partition_]) {}

    Async<std::vector<azure::ReceivedEvent>> read(std::size_t most, SteadyPoint deadline) override {
        std::vector<azure::ReceivedEvent> events;
        KSSEDR_CO_TRY_VOID(co_await life_.live());
        while (events.empty() && clock_.steady_now() < deadline) {
            co_await clock_.sleep_for(std::chrono::milliseconds{20});
            if (life_.has_ended) co_return fail(Errc::unavailable, "cut off");
            if (hub_.trouble) co_return fail(*hub_.trouble);
            if (hub_.cuts[partition_] != cuts_) co_return fail(Errc::unavailable, "the connection was lost");
            if (hub_.links[partition_] != link_) co_return fail(Errc::conflict, "amqp:link:stolen");
            auto const& log = hub_.logs[partition_];
            while (next_ < log.size() && events.size() < most) events.push_back(log[next_++]);
        }
        KSSEDR_CO_TRY_VOID(co_await life_.live());
        co_return events;
    }

private:
    FakeEventHub& hub_;
    Clock& clock_;
    Life& life_;
    std::string partition_;
    std::size_t next_;
    int link_;
    int cuts_;
};

class FakeEventHubClient final : public azure::EventHubClient {
public:
    FakeEventHubClient(FakeEventHub& hub, Clock& clock, Life& life) : hub_(hub), clock_(clock), life_(life) {}

    Task<void> close() override { co_return; }
    Async<std::vector<std::string>> list_partitions(SteadyPoint) override {
        KSSEDR_CO_TRY_VOID(co_await ask());
        std::vector<std::string> names;
        for (auto const& [name, log] : hub_.logs) names.push_back(name);
        co_return names;
    }
    Async<azure::PartitionProperties> describe(std::string partition, SteadyPoint) override {
        KSSEDR_CO_TRY_VOID(co_await ask());
        auto const last = static_cast<std::int64_t>(hub_.logs[partition].size()) - 1;
        co_return azure::PartitionProperties{partition, 0, last, last < 0 ? "-1" : fmt::format("{}", 1000 + last)};
    }
    Async<std::unique_ptr<azure::PartitionReader>> open(std::string partition, azure::EventPosition from,
                                                        std::int64_t given_epoch, SteadyPoint) override {
        using Kind = azure::EventPosition::Kind;
        EXPECT_EQ(given_epoch, 0);
        KSSEDR_CO_TRY_VOID(co_await ask());
        std::size_t next = 0;
        auto const size = hub_.logs[partition].size();
        if (from.kind == Kind::after_offset && !hub_.takes_offsets)
            co_return fail(Error(Errc::invalid_argument, "invalid offset")
                               .with_service_code("com.microsoft:georeplication:invalid-offset"));
        if (from.kind == Kind::after_offset) next = static_cast<std::size_t>(std::stoll(from.offset) - 1000 + 1);
        if (from.kind == Kind::after_sequence) next = static_cast<std::size_t>(from.sequence + 1);
        if (from.kind == Kind::latest) next = size;
        if (next > size)
            co_return fail(
                Error(Errc::invalid_argument, "past the end").with_service_code("com.microsoft:argument-error"));
        co_return std::make_unique<FakePartitionReader>(hub_, clock_, life_, std::move(partition), next);
    }

private:
    Async<void> ask() {
        KSSEDR_CO_TRY_VOID(co_await life_.live());
        co_await clock_.sleep_for(std::chrono::milliseconds{20});
        if (hub_.trouble) co_return fail(*hub_.trouble);
        co_return Result<void>();
    }

    FakeEventHub& hub_;
    Clock& clock_;
    Life& life_;
};

/// What is stored of ownerships and checkpoints; each instance sees it through FakeCheckpoints.
struct StoredCheckpoints {
    std::optional<Error> trouble;
    std::map<std::string, ports::Ownership> ownerships;
    std::map<std::string, ports::Checkpoint> checkpoints;
    std::function<void(ports::Checkpoint const&)> on_update;
    std::function<std::optional<Error>(ports::Ownership const&)> on_claim;  // a failure of this claim alone
    Duration lag{};                                                         // of listings of ownerships
    // Ownerships as they were from then on; the newest last.
    std::deque<std::pair<SteadyPoint, std::map<std::string, ports::Ownership>>> former{{}};
    int tags = 0;
};

class FakeCheckpoints final : public ports::Checkpoints {
public:
    FakeCheckpoints(StoredCheckpoints& stored, Clock& clock, Life& life)
        : stored_(stored), clock_(clock), life_(life) {}

    Async<std::vector<ports::Ownership>> list_ownerships(ports::EventStream, SteadyPoint) override {
        KSSEDR_CO_TRY_VOID(co_await ask());
        auto const seen = clock_.steady_now() - stored_.lag;
        auto state = stored_.former.rbegin();
        while (std::next(state) != stored_.former.rend() && state->first > seen) ++state;
        std::vector<ports::Ownership> all;
        for (auto const& [partition, ownership] : state->second) all.push_back(ownership);
        KSSEDR_CO_TRY_VOID(co_await life_.live());
        co_return all;
    }
    Async<std::optional<ports::Ownership>> claim(ports::EventStream, ports::Ownership claim, SteadyPoint) override {
        KSSEDR_CO_TRY_VOID(co_await ask());
        if (stored_.on_claim)
            if (auto const failure = stored_.on_claim(claim)) co_return fail(*failure);
        auto const place = stored_.ownerships.find(claim.partition);
        bool const is_current = (place == stored_.ownerships.end() ? std::string() : place->second.tag) == claim.tag;
        if (is_current) {
            claim.tag = fmt::format("t{}", ++stored_.tags);
            claim.changed = clock_.now();
            stored_.ownerships[claim.partition] = claim;
            stored_.former.emplace_back(clock_.steady_now(), stored_.ownerships);
        }
        KSSEDR_CO_TRY_VOID(co_await life_.live());
        if (!is_current) co_return std::nullopt;
        co_return claim;
    }
    Async<std::vector<ports::Checkpoint>> list_checkpoints(ports::EventStream, SteadyPoint) override {
        KSSEDR_CO_TRY_VOID(co_await ask());
        std::vector<ports::Checkpoint> all;
        for (auto const& [partition, checkpoint] : stored_.checkpoints) all.push_back(checkpoint);
        KSSEDR_CO_TRY_VOID(co_await life_.live());
        co_return all;
    }
    Async<void> update(ports::EventStream, ports::Checkpoint checkpoint, SteadyPoint) override {
        KSSEDR_CO_TRY_VOID(co_await ask());
        if (stored_.on_update) stored_.on_update(checkpoint);
        stored_.checkpoints[checkpoint.partition] = checkpoint;
        KSSEDR_CO_TRY_VOID(co_await life_.live());
        co_return Result<void>();
    }

private:
    Async<void> ask() {
        KSSEDR_CO_TRY_VOID(co_await life_.live());
        co_await clock_.sleep_for(std::chrono::milliseconds{15});
        if (life_.has_ended) co_return fail(Errc::unavailable, "cut off");
        if (stored_.trouble) co_return fail(*stored_.trouble);
        co_return Result<void>();
    }

    StoredCheckpoints& stored_;
    Clock& clock_;
    Life& life_;
};

/// What was done with, of all instances.
struct Handled {
    std::set<std::string> done;
    int taken = 0;
    int most_at_once = 0;
    int at_once = 0;
    Duration longest{3000};  // that handling a delivery takes
};

/// What handles the events of one instance: each delivery takes a moment, and is done with then.
class FakeConsumer final : public ports::EventConsumer {
public:
    FakeConsumer(Handled& handled, Clock& clock, Random& random, Life& life)
        : handled_(handled), clock_(clock), random_(random), life_(life) {}

    Task<void> take(std::string_view, std::span<std::string_view const> messages) override {
        std::vector<std::string> const bodies(messages.begin(), messages.end());
        handled_.most_at_once = std::max(handled_.most_at_once, ++handled_.at_once);
        auto const takes = random_.below(static_cast<std::uint64_t>(handled_.longest.count()) + 1);
        co_await clock_.sleep_for(Duration{takes});
        --handled_.at_once;
        // Dead before it is done with, or before anybody hears of it.
        while (!life_.step()) co_await clock_.sleep_for(std::chrono::hours{1});
        for (auto const& body : bodies) {
            ++handled_.taken;
            handled_.done.insert(body);
        }
        while (!life_.step()) co_await clock_.sleep_for(std::chrono::hours{1});
    }

private:
    Handled& handled_;
    Clock& clock_;
    Random& random_;
    Life& life_;
};

}  // namespace kssedr::test
