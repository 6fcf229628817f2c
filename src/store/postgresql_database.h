/// PostgreSQL, which many machines share.
///
/// Source: PostgreSQL's documentation, "libpq", appendix A "Error Codes", "Transaction ID and Snapshot Information
/// Functions" (`pg_xact_status`).

#pragma once

#include "async/clock.h"
#include "store/database.h"
#include "store/location.h"

namespace kssedr::store {

/// Connects. `unavailable` or `permission_denied` where that can not be had, with why. `clock` must tell the time on
/// any thread, and outlive what is returned.
[[nodiscard]] Result<std::unique_ptr<Database>> open_postgresql(ServerLocation const& at, Clock const& clock,
                                                                SteadyPoint deadline);

}  // namespace kssedr::store
