/// Places in JSON documents, as the catalogue writes them (rotation/catalogue.h).
///
/// `properties.sites[siteName=Default Site].key`: members of objects between full stops; in brackets, which element of
/// a list: the first for which each condition holds. `name=text`: the member is there and says so, but for the case of
/// letters; `name?=text`: so it does where it is there.

#pragma once

#include "azure/json_view.h"

#include <string_view>

namespace kssedr::azure {

/// What stands there; no place at all where the document has none such. Total.
[[nodiscard]] JsonView find_place(JsonView root, std::string_view place);

}  // namespace kssedr::azure
