/// The outcome object and the poison message (CONTRACT 4).

#pragma once

#include "formats/events.h"
#include "rotation/outcome.h"

#include <string>

namespace kssedr::formats {

/// One line of JSON; absent members are left out.
[[nodiscard]] std::string format_outcome(rotation::Outcome const& outcome);

/// What is put on the poison queue for an event a person must see: one JSON object, at most 32 KB:
/// `{"schema":1,"outcome":{…},"event":{…}}`; where the event is too large or malformed, `"head"` (its first 4 KB,
/// escaped) and `"sha256"` stand for it.
[[nodiscard]] std::string format_poison_message(DecodedEvent const& event, rotation::Outcome const& outcome);

}  // namespace kssedr::formats
