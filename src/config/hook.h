/// A `[[hook]]` of the file, understood.

#pragma once

#include "config/environment.h"
#include "config/file.h"
#include "rotation/hook.h"

#include <optional>
#include <string_view>

namespace kssedr::config {

/// Every mistake is said in `problems`, with its line; nothing where it can not be used. What `pass_environment` names
/// is taken out of `environment`.
[[nodiscard]] std::optional<rotation::Hook> read_hook(GivenTable const& given, Environment const& environment,
                                                      std::string_view vault_suffix, Problems& problems);

}  // namespace kssedr::config
