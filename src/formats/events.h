/// Event decoding: what a source delivers, to events one by one (CONTRACT 4).
///
/// Accepted: CloudEvents 1.0 and the Event Grid schema; one object or an array of them; member names without regard to
/// case and to stray blanks. Identity comes from `data.Id`, read as a URL and held against the cloud's suffix. Total:
/// whatever the bytes, every piece of them becomes one `DecodedEvent`, and nothing is thrown.

#pragma once

#include "base/error.h"
#include "rotation/event.h"

#include <string>
#include <string_view>
#include <vector>

namespace kssedr::formats {

struct DecodedEvent {
    /// The event, or why it is malformed (`corrupt` or `invalid_argument`): where, what, and no more of the input than
    /// escaped heads.
    Result<rotation::Event> event;
    /// The publisher's id where one could be read, even of a malformed event.
    std::string id;
    /// The JSON text of this event as it came; the whole message where it could not be taken apart, or where the events
    /// came inside a JSON string. A view into the message.
    std::string_view source;
};

/// More events than this in one message make it one malformed event: Event Hubs takes messages of 1 MB, which no more
/// of Key Vault's events fit into.
inline constexpr std::size_t max_events_per_message = 4000;

/// `vault_suffix` as in rotation::Cloud. An empty array gives no events; an empty message one malformed event. A
/// message broken in one place is malformed as a whole: what a broken publisher wrote before the break starts nothing.
[[nodiscard]] std::vector<DecodedEvent> decode_events(std::string_view message, std::string_view vault_suffix);

/// The attributes of a CloudEvent in binary mode over HTTP, where they are headers.
struct EventAttributes {
    std::string id;
    std::string type;
    std::string source;
    std::string trace_parent{};  ///< `traceparent`, an extension: the trace that the event belongs to
};

/// One event in binary mode: `data` is the request's body and the event's `source` text.
[[nodiscard]] DecodedEvent decode_binary_event(EventAttributes const& attributes, std::string_view data,
                                               std::string_view vault_suffix);

}  // namespace kssedr::formats
