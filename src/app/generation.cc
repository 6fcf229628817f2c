#include "app/generation.h"

#include <algorithm>

namespace kssedr::app {
namespace {

// What is swept, as those who sweep the same name it.
std::string sweep_key(rotation::Policy const& policy) {
    std::vector<std::string> names;
    if (policy.vaults)
        for (auto const& vault : *policy.vaults) names.push_back(vault.text);
    for (auto const& scope : policy.vault_scopes) names.push_back(scope.text());
    std::ranges::sort(names);
    std::string key = "sweep";
    for (auto const& name : names) key += ' ' + name;
    return key;
}

std::unique_ptr<engine::SweepSchedule> make_schedule(asio::any_io_executor const& executor, World& world,
                                                     engine::Ledger& ledger, Log& log) {
    auto const& policy = world.rotator().policy();
    if (!policy.names_vaults()) {
        log.warn("sweep.no_vaults", {{"why", "KSSEDR_VAULTS is not set; what no event announces is not rotated"}});
        return nullptr;
    }
    return std::make_unique<engine::SweepSchedule>(
        executor, world.sweeper(), ledger, world.lock(), world.clock(), world.random(), log,
        engine::SweepScheduleOptions{.every = world.daemon().sweep_every, .lease_key = sweep_key(policy)});
}

}  // namespace

Generation::Generation(asio::any_io_executor executor, Log& log, config::Settings settings, store::Store& store,
                       ports::Metrics& metrics)
    : world_(executor, log, std::move(settings), World::Outcomes::are_kept, &metrics),
      ledger_(store.history(), store.parked(), world_.clock(), world_.random(), log, &metrics),
      dispatcher_(executor, world_.intake(), ledger_, world_.clock(), world_.random(), log),
      inbox_(executor, store.inbox(), world_.lock(), world_.clock(), log),
      sources_(make_sources(executor, world_, store, log)),
      schedule_(make_schedule(executor, world_, ledger_, log)),
      // A task of the daemon's that throws is a bug; whoever keeps the process up starts it anew.
      tasks_(executor, [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {}

void Generation::start() {
    tasks_.spawn("generation", work());
}

Task<void> Generation::work() {
    co_await ledger_.open();
    tasks_.spawn("inbox", inbox_.run(dispatcher_));
    for (auto const& source : sources_.all) tasks_.spawn(source->name(), source->run(dispatcher_));
    if (schedule_) tasks_.spawn("sweep", schedule_->run());
}

Task<void> Generation::end(Afterwards afterwards) {
    if (schedule_) schedule_->stop();
    dispatcher_.stop();
    // Whoever handed it over is told that it is done, and acknowledges it, before it is cancelled.
    co_await dispatcher_.join();
    co_await world_.clock().sleep_for(Duration{100});
    tasks_.cancel();
    co_await tasks_.join();
    co_await inbox_.close();
    if (schedule_) {
        co_await schedule_->join();
    }
    auto const until = world_.rotator().in_doubt_until();
    if (until && afterwards == Afterwards::another_begins) {
        co_await world_.clock().sleep_until(*until);
    }
    co_await world_.close();
}

}  // namespace kssedr::app
