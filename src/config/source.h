/// A `[[source]]` of the file, read.

#pragma once

#include "config/environment.h"
#include "config/event_source.h"
#include "config/file.h"

#include <optional>

namespace kssedr::config {

/// Every mistake is said in `problems`, with its line; nothing where it can not be used. What `secret_from` names is
/// taken out of `environment`.
[[nodiscard]] std::optional<EventSourceSetting> read_source(GivenTable const& given, Environment const& environment,
                                                            Problems& problems);

}  // namespace kssedr::config
