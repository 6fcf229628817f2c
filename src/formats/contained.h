/// Whether a credential stands somewhere in a value whose form is not understood.

#pragma once

#include "base/secret_string.h"

namespace kssedr::formats {

/// Whether the credential stands in the value as it is, or with characters escaped as JSON (`\/`, `\u002B`) or a URL
/// (`%2B`) escapes them. What it holds in a further encoding, in base64 say, is not seen.
[[nodiscard]] bool contains_credential(SecretString const& value, SecretString const& credential);

}  // namespace kssedr::formats
