/// URLs that carry the credential, percent-encoded: as the password of a user, or in their query.
///
/// A part of value_form.h, which says what is taken; these functions see a value's bytes and keep none.

#pragma once

#include "formats/connection_string.h"

#include <optional>
#include <string_view>

namespace kssedr::formats {

/// Where in a URL of this owner's the credential stands, as it is encoded there. Nothing where the text is no such URL;
/// an error where it is one and has another host, another user, or something else in the credential's place.
[[nodiscard]] Result<std::optional<TextSpan>> find_credential_url(std::string_view text,
                                                                  rotation::CredentialShape const& shape);

}  // namespace kssedr::formats
