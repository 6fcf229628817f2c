/// Event sources, from their settings.

#pragma once

#include "app/world.h"
#include "ports/event_source.h"
#include "store/store.h"

#include <memory>
#include <vector>

namespace kssedr::app {

struct Sources {
    std::unique_ptr<ports::Checkpoints> checkpoints;  ///< null: those of the store are used
    std::vector<std::unique_ptr<ports::EventSource>> all;
};

/// What of them can not be understood, before anything is begun.
[[nodiscard]] config::Problems check_sources(config::DaemonSettings const& settings);

/// What is handed over outlives them. Nothing is connected here.
[[nodiscard]] Sources make_sources(asio::any_io_executor const& executor, World& world, store::Store& store, Log& log);

}  // namespace kssedr::app
