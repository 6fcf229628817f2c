/// IsAlive: the original's answer, member for member.

#pragma once

#include "base/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace kssedr::server {

/// `{"version":…,"timestamp":"2026-01-15T09:30:12.1230000+00:00","isAlive":true,"regionName":…}`; `regionName` null
/// where unset.
[[nodiscard]] std::string format_is_alive(std::string_view version, TimePoint now,
                                          std::optional<std::string> const& region_name);

}  // namespace kssedr::server
