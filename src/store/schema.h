/// The schema, and how an older one becomes it.

#pragma once

#include "store/database.h"

namespace kssedr::store {

/// Brings what is there to this program's version, whole or not at all. `invalid_argument` where a newer program made
/// it.
[[nodiscard]] Result<void> migrate(Database& database, SteadyPoint deadline);

}  // namespace kssedr::store
