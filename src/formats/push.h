/// Push: what Event Grid, or another sender of CloudEvents, posts to `/api/events`, to what is to be done with it.
///
/// Taken: the Event Grid schema; CloudEvents 1.0 structured, as a batch, and in binary mode, where an event's
/// attributes are header fields. Whatever it came as, what is kept is one JSON text that formats/events.h takes apart.
/// Sources: CloudEvents 1.0, HTTP protocol binding; Azure Event Grid, "Endpoint validation with Event Grid event
/// schema".

#pragma once

#include "base/error.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kssedr::formats {

struct Push {
    enum class Kind : std::uint8_t {
        events,      ///< `text` is the message to keep
        validation,  ///< Event Grid asks whether its events are wanted: `text` is the code to answer with
        deletion,    ///< Event Grid says that the subscription is gone
    };

    Kind kind = Kind::events;
    std::string text;

    friend bool operator==(Push const&, Push const&) = default;
};

/// `headers`: those of the request, names in any case. `corrupt` or `invalid_argument` where it can never be
/// understood: broken JSON, nested deeper than 64, no UTF-8, a handshake without its code. What JSON it is, is not
/// looked at: each event is judged, and refused, by itself. The URL for validation by hand is never given out.
[[nodiscard]] Result<Push> parse_push(std::span<std::pair<std::string, std::string> const> headers,
                                      std::string_view body);

}  // namespace kssedr::formats
