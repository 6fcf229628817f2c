/// Generation: the world that one configuration makes, at work: event sources, the dispatcher, the sweep.
///
/// A reload ends one and makes the next; the store and the HTTP server outlast it.

#pragma once

#include "app/sources.h"
#include "app/world.h"
#include "engine/dispatcher.h"
#include "engine/inbox_source.h"
#include "engine/ledger.h"
#include "engine/sweep_schedule.h"
#include "ports/event_source.h"
#include "store/store.h"

#include <memory>
#include <vector>

namespace kssedr::app {

class Generation {
public:
    enum class Afterwards : std::uint8_t { the_process_ends, another_begins };

    /// `metrics` outlives it.
    Generation(asio::any_io_executor executor, Log& log, config::Settings settings, store::Store& store,
               ports::Metrics& metrics);

    /// Begins to take events and to sweep. `Ledger::open` is awaited first, for as long as the store can not be had.
    void start();
    /// Takes nothing more, finishes what is under way, gives back what is held among instances. May take as long as
    /// what is under way does; where another begins in this process, until nothing that was sent may still happen. To
    /// be awaited before its end.
    Task<void> end(Afterwards afterwards);

    World& world() { return world_; }
    engine::Ledger& ledger() { return ledger_; }
    engine::InboxSource& inbox() { return inbox_; }
    [[nodiscard]] engine::Dispatcher const& dispatcher() const { return dispatcher_; }
    /// Null: configuration names no vaults.
    [[nodiscard]] engine::SweepSchedule const* schedule() const { return schedule_.get(); }
    [[nodiscard]] std::vector<std::unique_ptr<ports::EventSource>> const& sources() const { return sources_.all; }

private:
    Task<void> work();

    World world_;
    engine::Ledger ledger_;
    engine::Dispatcher dispatcher_;
    engine::InboxSource inbox_;
    Sources sources_;
    std::unique_ptr<engine::SweepSchedule> schedule_;
    TaskGroup tasks_;
};

}  // namespace kssedr::app
