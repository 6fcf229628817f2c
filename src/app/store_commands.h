/// `kssedr history` and `kssedr parked`: commands about what is kept, which call nobody but the store.

#pragma once

#include "cli/command_line.h"
#include "cli/printer.h"
#include "cli/sweep.h"
#include "config/settings.h"

namespace kssedr::app {

[[nodiscard]] bool is_about_store(cli::Command command);

/// Runs one; `say` takes what is for standard error. The exit code.
[[nodiscard]] int run_store_command(cli::CommandLine const& line, config::Settings const& settings, cli::Print print,
                                    cli::Print say, cli::PrinterOptions options);

}  // namespace kssedr::app
