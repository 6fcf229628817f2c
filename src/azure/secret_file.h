/// Files that hold a secret of ours: the platform's token, a certificate's key.

#pragma once

#include "base/error.h"
#include "base/secret_string.h"

#include <string>
#include <string_view>

namespace kssedr::azure {

/// What the file holds, at most 64 KB of it, in no memory but wiped one. `unavailable` where it cannot be read, is no
/// file, is empty or larger; `name` says what it is, for the message.
[[nodiscard]] Result<SecretString> read_secret_file(std::string const& path, std::string_view name);

}  // namespace kssedr::azure
