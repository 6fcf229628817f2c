/// The names that users set, and their values as they were given, before they are understood.

#pragma once

#include "config/settings.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::config {

/// A value as it was given, and where: `KSSEDR_LEAD`, `kssedr.toml, lead`.
struct Given {
    std::string value;
    std::string where;
};

/// Values by canonical name.
using GivenValues = std::map<std::string, Given, std::less<>>;

/// Takes what is ours out of the environment. Reports names under KSSEDR_ that do not exist, with the nearest right
/// one, and spellings of one name that differ.
[[nodiscard]] GivenValues take_environment(Environment const& environment, Problems& problems);

/// The canonical name of a key of the file; nothing where there is none.
[[nodiscard]] std::optional<std::string_view> find_file_key(std::string_view key);
/// The right name nearest to a wrong one, among those of the environment.
[[nodiscard]] std::string nearest_environment_name(std::string_view name);
/// What to do about a key that the file does not have: the nearest one, or, for a secret, where it is to be set.
[[nodiscard]] std::string advise_on_file_key(std::string_view key);

}  // namespace kssedr::config
