/// `kssedr handle`: events from a file or standard input, as a source delivers them.

#pragma once

#include "cli/rotate.h"
#include "engine/intake.h"

namespace kssedr::cli {

/// `message` is one delivery: an event or an array of them.
[[nodiscard]] Task<CommandResult> run_handle(std::string_view message, engine::Intake& intake, PrinterOptions options);

}  // namespace kssedr::cli
