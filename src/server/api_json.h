/// The API's requests and answers, as JSON.

#pragma once

#include "ports/outcome_history.h"
#include "ports/parked_events.h"
#include "server/rotations.h"
#include "server/status.h"

#include <string>
#include <string_view>
#include <vector>

namespace kssedr::server {

/// Counts are those of the store; nothing where it could not be asked.
[[nodiscard]] std::string format_status(StatusSnapshot const& status, std::string_view version, TimePoint now,
                                        std::optional<std::uint64_t> inbox, std::optional<std::uint64_t> parked);

/// `{"entries":[…],"next":…}`; `next` is the query of the next page, null where there is none.
[[nodiscard]] std::string format_history(std::vector<ports::HistoryEntry> const& entries, std::string_view next);
[[nodiscard]] std::string format_parked_list(std::vector<ports::ParkedEvent> const& entries, std::string_view next);
/// With the event, as a string: nobody has read it as JSON here. `event` where it is whole, else `head`.
[[nodiscard]] std::string format_parked(ports::ParkedEvent const& entry);

/// Whether all of the event is kept, and not its head alone.
[[nodiscard]] bool is_whole(ports::ParkedEvent const& entry);

/// `{"secret":url,"force":…,"dryRun":…}`. `invalid_argument` where it is anything else, or the URL names a version.
[[nodiscard]] Result<RotateRequest> parse_rotate_request(std::string_view body, std::string_view vault_suffix);

}  // namespace kssedr::server
