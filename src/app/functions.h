/// `kssedr functions`: the custom handler's process.

#pragma once

#include "cli/command_line.h"
#include "config/settings.h"

namespace kssedr::app {

/// Serves until it is stopped or its parent has ended; the exit code. 0 only when it was asked to stop: the Functions
/// host does not start a handler again that has ended with 0.
[[nodiscard]] int run_functions(cli::CommandLine const& line, config::Settings settings);

}  // namespace kssedr::app
