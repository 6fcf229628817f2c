/// `kssedr parked list`, `requeue` and `drop`: what needs a person.

#pragma once

#include "cli/history.h"
#include "ports/inbox.h"
#include "ports/parked_events.h"

namespace kssedr::cli {

/// What is printed of one entry; ends in a line end.
[[nodiscard]] std::string format_parked(ports::ParkedEvent const& entry, PrinterOptions options);

/// Prints every entry, the oldest first.
[[nodiscard]] Task<CommandResult> list_parked(ports::ParkedEvents& parked, Clock& clock, Print print,
                                              PrinterOptions options);
/// Puts an entry's event into the inbox, where a daemon takes it up. The entry stays until it closes itself.
[[nodiscard]] Task<CommandResult> requeue_parked(std::int64_t id, ports::ParkedEvents& parked, ports::Inbox& inbox,
                                                 Clock& clock, PrinterOptions options);
[[nodiscard]] Task<CommandResult> drop_parked(std::int64_t id, ports::ParkedEvents& parked, Clock& clock,
                                              PrinterOptions options);

}  // namespace kssedr::cli
