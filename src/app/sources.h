/// Event sources, from their settings.

#pragma once

#include "app/world.h"
#include "ports/event_source.h"
#include "store/store.h"

#include <memory>
#include <vector>

namespace kssedr::app {

/// What is handed over outlives them. Nothing is connected here.
[[nodiscard]] std::vector<std::unique_ptr<ports::EventSource>> make_sources(asio::any_io_executor const& executor,
                                                                            World& world, store::Store& store,
                                                                            Log& log);

}  // namespace kssedr::app
