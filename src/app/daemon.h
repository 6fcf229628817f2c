/// `kssedr serve`: the daemon.

#pragma once

#include "cli/command_line.h"
#include "config/environment.h"
#include "config/settings.h"

namespace kssedr::app {

/// Serves until a signal ends it; the exit code.
int run_daemon(cli::CommandLine const& line, config::Settings settings, config::Environment const& environment);

}  // namespace kssedr::app
