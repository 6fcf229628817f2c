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
    if (partitions_.empty()) {
        KSSEDR_CO_TRY_VOID(co_await learn_partitions());
    }
    std::vector<std::string> stolen;
    for (auto const& [partition, pump] : pumps_)
        if (pump->was_stolen()) stolen.push_back(partition);
    for (auto const& partition : stolen) co_await let_go(partition);
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
    auto claims = choose_claims(partitions_, owners, me_, random_);
    std::erase_if(claims, [&](std::string const& partition) {
        auto const until = not_before_.find(partition);
        return pumps_.contains(partition) || (until != not_before_.end() && clock_.steady_now() < until->second);
    });
    co_return co_await claim(claims, consumer);
}

Async<void> EventHubSource::learn_partitions() {
    KSSEDR_CO_TRY(partitions_, co_await client_->list_partitions(clock_.steady_now() + call_limit));
    std::ranges::sort(partitions_);
    log_.info("event_hub.connected",
              {{"source", options_.source}, {"partitions", fmt::format("{}", partitions_.size())}});
    co_return Result<void>();
}

void EventHubSource::note(std::vector<ports::Ownership> const& ownerships) {
    auto const now = clock_.steady_now();
    for (auto const& ownership : ownerships) {
        auto const place = seen_.find(ownership.partition);
        bool const is_same = place != seen_.end() && place->second.ownership.tag == ownership.tag &&
                             place->second.ownership.owner == ownership.owner;
        if (!is_same) seen_[ownership.partition] = {ownership, now};
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

Async<void> EventHubSource::claim(std::vector<std::string> const& partitions, ports::EventConsumer& consumer) {
    std::vector<std::string> claimed;
    for (auto const& partition : partitions) {
        auto const place = seen_.find(partition);
        std::string const tag = place == seen_.end() ? std::string() : place->second.ownership.tag;
        KSSEDR_CO_TRY(auto const done, co_await checkpoints_.claim(options_.stream, {partition, me_, tag, {}},
                                                                   clock_.steady_now() + call_limit));
        if (!done) continue;
        seen_[partition] = {*done, clock_.steady_now()};
        claimed.push_back(partition);
    }
    if (claimed.empty()) co_return Result<void>();
    KSSEDR_CO_TRY(auto const checkpoints,
                  co_await checkpoints_.list_checkpoints(options_.stream, clock_.steady_now() + call_limit));
    for (auto const& partition : claimed) {
        auto const from = std::ranges::find(checkpoints, partition, &ports::Checkpoint::partition);
        auto& pump = pumps_[partition] = std::make_unique<PartitionPump>(executor_, *client_, checkpoints_, consumer,
                                                                         clock_, random_, log_, options_, partition);
        pump->start(from == checkpoints.end() ? std::nullopt : std::optional(*from));
        log_.info("event_hub.partition_claimed", {{"source", options_.source}, {"partition", partition}});
    }
    co_return Result<void>();
}

// Another reads it: what we are done with is its business now.
Task<void> EventHubSource::let_go(std::string partition) {
    auto const pump = std::move(pumps_[partition]);
    pumps_.erase(partition);
    co_await pump->stop(PartitionPump::Ownership::is_lost);
    not_before_[partition] = clock_.steady_now() + look_every_;
    log_.info("event_hub.partition_left", {{"source", options_.source}, {"partition", partition}});
}

Task<void> EventHubSource::give_back() {
    auto const give_up_at = clock_.steady_now() + giving_back_limit;
    for (auto const& [partition, pump] : pumps_) co_await pump->stop(PartitionPump::Ownership::is_kept);
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
