/// The text of a TOML file, read and found fit to be parsed.

#pragma once

#include "config/settings.h"

#include <optional>
#include <string>
#include <string_view>

namespace kssedr::config {

/// The whole text of the file. Nothing where it can not be read, or is no file that ends: `what` names it then ("the
/// configuration file"), and `cure` says what to check.
[[nodiscard]] std::optional<std::string> read_toml_file(std::string const& path, std::string_view what,
                                                        std::string_view cure, Problems& problems);

/// Whether the text may be handed to toml++; what is wrong goes to `problems`.
[[nodiscard]] bool is_fit_for_toml(std::string_view text, std::string_view path, Problems& problems);

}  // namespace kssedr::config
