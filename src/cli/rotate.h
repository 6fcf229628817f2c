/// `kssedr rotate` and `kssedr explain`: one secret, named by its URL.

#pragma once

#include "cli/command_line.h"
#include "cli/printer.h"
#include "engine/rotator.h"

#include <string>

namespace kssedr::cli {

/// Runs and gives what to print and how to exit.
struct CommandResult {
    std::string output;
    int exit_code = 0;
};

[[nodiscard]] Task<CommandResult> run_rotate(CommandLine const& line, rotation::SecretRef secret,
                                             engine::Rotator& rotator, Clock& clock, PrinterOptions options);
[[nodiscard]] Task<CommandResult> run_explain(rotation::SecretRef secret, engine::Rotator& rotator, Clock& clock,
                                              PrinterOptions options);

}  // namespace kssedr::cli
