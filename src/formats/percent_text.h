/// Percent-encoding of secrets, in memory that is wiped.

#pragma once

#include "base/secret_string.h"

#include <optional>
#include <string_view>

namespace kssedr::formats {

/// Nothing where a `%` is not followed by two hexadecimal digits. A `+` stays one: no key has blanks.
[[nodiscard]] std::optional<SecretString> decode_percent(std::string_view text);

/// Everything but letters, digits, `-`, `.`, `_` and `~` as `%XX`.
[[nodiscard]] SecretString encode_percent(std::string_view text);

}  // namespace kssedr::formats
