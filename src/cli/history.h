/// `kssedr history`: what was done, and whether nobody changed what is told of it.

#pragma once

#include "cli/command_line.h"
#include "cli/printer.h"
#include "cli/rotate.h"
#include "cli/sweep.h"
#include "ports/outcome_history.h"

namespace kssedr::cli {

/// What the command line asks for. A vault may be a name, a host or a URL. `invalid_argument` where it is none.
[[nodiscard]] Result<ports::HistoryQuery> make_history_query(CommandLine const& line, std::string_view vault_suffix,
                                                             TimePoint now);

/// What is printed of one entry; ends in a line end.
[[nodiscard]] std::string format_history_entry(ports::HistoryEntry const& entry, PrinterOptions options);
/// What is printed of a walk along the chain. `head`: the hash that was asked for; empty: none.
[[nodiscard]] std::string format_history_proof(ports::HistoryProof const& proof, std::string_view head,
                                               PrinterOptions options);

/// Prints what is found, a page at a time, the newest first; or, with --verify, what the walk found: exit code 3 where
/// the chain is broken, or lacks the hash that was asked for.
[[nodiscard]] Task<CommandResult> run_history(CommandLine const& line, ports::HistoryQuery query,
                                              ports::OutcomeHistory& history, Clock& clock, Print print,
                                              PrinterOptions options);

/// How a command ends that the store did not serve.
[[nodiscard]] CommandResult fail_by_store(Error const& error);

}  // namespace kssedr::cli
