/// `kssedr sweep` and `kssedr plan`: every due secret of the vaults.

#pragma once

#include "cli/command_line.h"
#include "cli/printer.h"
#include "engine/sweeper.h"

#include <functional>
#include <string_view>

namespace kssedr::cli {

/// Takes output as it comes: a sweep may last for hours.
using Print = std::function<void(std::string_view)>;

/// The vaults a command names; none: those that are served. `invalid_argument` where there are none, or one is no
/// vault.
[[nodiscard]] Result<std::vector<rotation::VaultHost>> choose_vaults(CommandLine const& line,
                                                                     rotation::Policy const& policy,
                                                                     std::string_view vault_suffix);

/// Rotates what is due; ends with the summary. The exit code.
[[nodiscard]] Task<int> run_sweep(std::vector<rotation::VaultHost> vaults, engine::Sweeper& sweeper, Print print,
                                  PrinterOptions options);

/// Prints what a sweep would do. `sweeper` must act on shadow ports (engine/shadow.h). The exit code: 0, or 10 with
/// --exit-code where something would change.
[[nodiscard]] Task<int> run_plan(CommandLine const& line, std::vector<rotation::VaultHost> vaults,
                                 engine::Sweeper& sweeper, Print print, PrinterOptions options);

}  // namespace kssedr::cli
