#include "azure/event_hub_source.h"

#include "azure/partition_balance.h"

#include <boost/asio/this_coro.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

constexpr Duration call_limit = 60s;
constexpr Duration giving_back_limit = 5s;
// Premium and dedicated hubs may be given more.
constexpr Duration partitions_believed_for = 5min;

}  // namespace

EventHubSource::EventHubSource(asio::any_io_executor executor, std::unique_ptr<EventHubClient> client,
                               ports::Checkpoints& checkpoints, Clock& clock, Random& random, Log& log,
                               EventHubSourceOptions options)
    : executor_(executor),
      client_(std::move(client)),
      checkpoints_(checkpoints),
      clock_(clock),
      random_(random),
      log_(log),
      options_{std::move(options.name), std::move(options.stream), std::move(options.start), options.on_lost_position},
      look_every_(options.look_every),
      lapses_after_(options.lapses_after),
      me_(random.uuid()),
      since_(clock.now()),
      tasks_(std::move(executor), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {
}

EventHubSource::~EventHubSource() = default;

// The work is a task of its own: when this is cancelled, what is owned is given back all the same.
Task<void> EventHubSource::run(ports::EventConsumer& consumer) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto const state = co_await asio::this_coro::cancellation_state;
    tasks_.spawn("work", work(consumer));
    Waiters never;
    while (state.cancelled() == asio::cancellation_type::none) {
        co_await never.wait();
    }
    tasks_.cancel();
    co_await tasks_.join();
    co_await give_back();
    co_await client_->close();
}

Task<void> EventHubSource::work(ports::EventConsumer& consumer) {
    for (;;) {
        auto const looked = co_await look(consumer);
        if (!looked) {
            bool const is_unusable =
                looked.error().code() == Errc::permission_denied || looked.error().code() == Errc::not_found;
            set_trouble(is_unusable ? ports::SourceState::unusable : ports::SourceState::retrying,
                        looked.error().message());
        } else {
            set_trouble(ports::SourceState::ready, {});
        }
        auto const jitter = Duration{random_.below(static_cast<std::uint64_t>(look_every_.count() / 4 + 1))};
        co_await clock_.sleep_for(look_every_ - jitter);
    }
}

Async<void> EventHubSource::look(ports::EventConsumer& consumer) {
    if (partitions_.empty() || clock_.steady_now() >= learn_again_at_) {
        KSSEDR_CO_TRY_VOID(co_await learn_partitions());
    }
    std::vector<std::string> stolen;
    for (auto const& [partition, pump] : pumps_)
        if (pump->was_stolen()) stolen.push_back(partition);
    for (auto const& partition : stolen) {
        // By one that does not claim, where nobody has by then: it is left to it until our claim has lapsed.
        not_before_[partition] = clock_.steady_now() + lapses_after_;
        co_await let_go(partition);
    }
    co_await renew();
    KSSEDR_CO_TRY(auto const ownerships,
                  co_await checkpoints_.list_ownerships(options_.stream, clock_.steady_now() + call_limit));
    note(ownerships);
    auto const owners = active_owners();
    // Another has claimed it, though our renewal was not told so yet.
    std::vector<std::string> lost;
    for (auto const& [partition, pump] : pumps_) {
        auto const owner = owners.find(partition);
        if (owner != owners.end() && owner->second != me_) lost.push_back(partition);
    }
    for (auto const& partition : lost) co_await let_go(partition);
    KSSEDR_CO_TRY_VOID(co_await start_claimed(consumer));
    auto const claims = choose_claims(partitions_, owners, me_, random_);
    // Those that could be claimed are read, whatever became of the others.
    auto const claimed = co_await claim(claims);
    auto const started = co_await start_claimed(consumer);
    if (!claimed) co_return std::unexpected(claimed.error());
    co_return started;
}

Async<void> EventHubSource::learn_partitions() {
    KSSEDR_CO_TRY(auto partitions, co_await client_->list_partitions(clock_.steady_now() + call_limit));
    std::ranges::sort(partitions);
    learn_again_at_ = clock_.steady_now() + partitions_believed_for;
    if (partitions == partitions_) co_return Result<void>();
    partitions_ = std::move(partitions);
    log_.info("event_hub.connected",
              {{"source", options_.source}, {"partitions", fmt::format("{}", partitions_.size())}});
    co_return Result<void>();
}

void EventHubSource::note(std::vector<ports::Ownership> const& ownerships) {
    auto const now = clock_.steady_now();
    for (auto const& ownership : ownerships) {
        auto const place = seen_.find(ownership.partition);
        if (place == seen_.end()) {
            seen_[ownership.partition] = {ownership, now};
            continue;
        }
        auto const& known = place->second;
        bool const is_same = known.ownership.tag == ownership.tag && known.ownership.owner == ownership.owner;
        // A listing may lag behind what a claim has told. Not for ever: the storage's clock may have been set back.
        bool const is_old = ownership.changed < known.ownership.changed && now - known.since < lapses_after_;
        if (!is_same && !is_old) place->second = {ownership, now};
    }
}

std::map<std::string, std::string> EventHubSource::active_owners() const {
    std::map<std::string, std::string> owners;
    for (auto const& [partition, seen] : seen_) {
        bool const has_lapsed = clock_.steady_now() - seen.since > lapses_after_;
        if (!seen.ownership.owner.empty() && !has_lapsed) owners[partition] = seen.ownership.owner;
    }
    return owners;
}

Task<void> EventHubSource::renew() {
    std::vector<std::string> ours, lost;
    for (auto const& [partition, pump] : pumps_) ours.push_back(partition);
    for (auto const& partition : ours) {
        auto const& known = seen_[partition].ownership;
        auto const renewed = co_await checkpoints_.claim(options_.stream, {partition, me_, known.tag, {}},
                                                         clock_.steady_now() + call_limit);
        // What could not be asked is not lost: the next look tells.
        if (!renewed) continue;
        if (*renewed)
            seen_[partition] = {**renewed, clock_.steady_now()};
        else
            lost.push_back(partition);
    }
    for (auto const& partition : lost) co_await let_go(partition);
}

Async<void> EventHubSource::claim(std::vector<std::string> const& partitions) {
    Result<void> all;
    for (auto const& partition : partitions) {
        auto const place = seen_.find(partition);
        std::string const tag = place == seen_.end() ? std::string() : place->second.ownership.tag;
        auto const done =
            co_await checkpoints_.claim(options_.stream, {partition, me_, tag, {}}, clock_.steady_now() + call_limit);
        if (!done) all = std::unexpected(done.error());
        if (done && *done) seen_[partition] = {**done, clock_.steady_now()};
    }
    co_return all;
}

// What is ours and not read yet: just claimed, or claimed by a call whose answer was lost.
Async<void> EventHubSource::start_claimed(ports::EventConsumer& consumer) {
    std::vector<std::string> claimed;
    for (auto const& [partition, owner] : active_owners()) {
        auto const until = not_before_.find(partition);
        bool const is_left = until != not_before_.end() && clock_.steady_now() < until->second;
        if (owner == me_ && !is_left && !pumps_.contains(partition)) claimed.push_back(partition);
    }
    if (claimed.empty()) co_return Result<void>();
    KSSEDR_CO_TRY(auto const checkpoints,
                  co_await checkpoints_.list_checkpoints(options_.stream, clock_.steady_now() + call_limit));
    for (auto const& partition : claimed) {
        auto const from = std::ranges::find(checkpoints, partition, &ports::Checkpoint::partition);
        auto& pump = pumps_[partition] = std::make_unique<PartitionPump>(executor_, *client_, checkpoints_, consumer,
                                                                         clock_, random_, log_, options_, partition);
        not_before_.erase(partition);
        pump->start(from == checkpoints.end() ? std::nullopt : std::optional(*from));
        log_.info("event_hub.partition_claimed", {{"source", options_.source}, {"partition", partition}});
    }
    co_return Result<void>();
}

// Another reads it: what we are done with is its business now.
Task<void> EventHubSource::let_go(std::string partition) {
    // Where this is cancelled, it is stopped when what is held is given back.
    auto const place = leaving_.insert(leaving_.end(), std::move(pumps_[partition]));
    pumps_.erase(partition);
    co_await (*place)->stop(PartitionPump::Ownership::is_lost, clock_.steady_now());
    leaving_.erase(place);
    log_.info("event_hub.partition_left", {{"source", options_.source}, {"partition", partition}});
}

Task<void> EventHubSource::give_back() {
    auto const give_up_at = clock_.steady_now() + giving_back_limit;
    for (auto const& pump : leaving_) co_await pump->stop(PartitionPump::Ownership::is_lost, give_up_at);
    leaving_.clear();
    for (auto const& [partition, pump] : pumps_) co_await pump->stop(PartitionPump::Ownership::is_kept, give_up_at);
    for (auto const& [partition, pump] : pumps_) {
        if (clock_.steady_now() >= give_up_at) break;
        auto const done = co_await checkpoints_.claim(options_.stream,
                                                      {partition, {}, seen_[partition].ownership.tag, {}}, give_up_at);
        (void)done;  // else it lapses
    }
    pumps_.clear();
}

void EventHubSource::set_trouble(ports::SourceState state, std::string reason) {
    if (state_ != state) since_ = clock_.now();
    state_ = state;
    reason_ = std::move(reason);
}

ports::SourceHealth EventHubSource::health() const {
    ports::SourceHealth health{state_, reason_, since_, std::nullopt};
    for (auto const& [partition, pump] : pumps_) {
        if (pump->backlog()) health.backlog = health.backlog.value_or(0) + *pump->backlog();
        if (pump->trouble().empty() || health.state != ports::SourceState::ready) continue;
        health.state = pump->is_unusable() ? ports::SourceState::unusable : ports::SourceState::retrying;
        health.reason = pump->trouble();
    }
    return health;
}

}  // namespace kssedr::azure
