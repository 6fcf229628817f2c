/// A `[[rule]]` of the file, understood.

#pragma once

#include "config/file.h"
#include "config/zones.h"
#include "rotation/policy.h"

namespace kssedr::config {

/// Every mistake is said in `problems`; what could be understood is in the result.
[[nodiscard]] rotation::SecretRule read_rule(GivenRule const& given, std::string_view vault_suffix, Zones const& zones,
                                             Problems& problems);

}  // namespace kssedr::config
