/// A `[[database]]` of the file, understood.

#pragma once

#include "config/file.h"
#include "rotation/login_database.h"

#include <optional>
#include <string_view>

namespace kssedr::config {

/// Every mistake is said in `problems`, with its line; nothing where it can not be used.
[[nodiscard]] std::optional<rotation::LoginDatabase> read_database(GivenTable const& given,
                                                                   std::string_view vault_suffix, Problems& problems);

}  // namespace kssedr::config
