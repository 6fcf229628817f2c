/// The keys in an answer of Resource Manager's, as an entry of the catalogue says where they stand.

#pragma once

#include "base/error.h"
#include "rotation/catalogue.h"
#include "rotation/credential.h"

#include <string_view>

namespace kssedr::azure {

/// Slot by slot in the catalogue's order, whatever the answer's. `corrupt` where the body is no JSON, or a slot is
/// missing or empty: one that is overlooked could be one that is in use.
[[nodiscard]] Result<rotation::Credentials> parse_slots(std::string_view body, rotation::CatalogueEntry const& entry);

/// Notes when each slot's key was made, as the resource itself tells it. What it does not tell stays as it is.
void read_made(std::string_view body, rotation::CatalogueEntry const& entry, rotation::Credentials& credentials);

/// The id that the service gives the slot's key now (`asks_for`). `corrupt` where the answer does not show it.
[[nodiscard]] Result<std::string> parse_slot_id(std::string_view body, rotation::EntrySlot const& slot);

}  // namespace kssedr::azure
