/// `kssedr rotate` and `kssedr explain`: one secret, named by its URL.

#pragma once

#include "cli/command_line.h"
#include "cli/printer.h"
#include "engine/rotator.h"

#include <functional>
#include <string>
#include <string_view>

namespace kssedr::cli {

/// Runs and gives what to print and how to exit.
struct CommandResult {
    std::string output;
    std::string complaint;  ///< for standard error
    int exit_code = 0;
};

/// Asks a person; null where there is none to ask.
using Confirm = std::function<bool(std::string_view question)>;

[[nodiscard]] Task<CommandResult> run_rotate(CommandLine const& line, rotation::SecretRef secret,
                                             engine::Rotator& rotator, Clock& clock, PrinterOptions options,
                                             Confirm confirm);
[[nodiscard]] Task<CommandResult> run_explain(rotation::SecretRef secret, engine::Rotator& rotator, Clock& clock,
                                              PrinterOptions options);

}  // namespace kssedr::cli
