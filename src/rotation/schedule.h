/// When a secret is due.

#pragma once

#include "base/time.h"

#include <optional>

namespace kssedr::rotation {

/// How long before the secret is due an event may come and still start a rotation: Key Vault's thirty days and ours
/// need not agree to the hour. A day, and never more than a tenth of the life: a version that was just made is not due.
[[nodiscard]] Duration event_slack(TimePoint created, std::optional<TimePoint> expires, Duration validity);

/// From `exp - min(lead, life/2)`, life = exp - created; without `exp`, from `created + validity - min(lead,
/// validity/2)`, so that short lives do not loop (DESIGN 3.1).
[[nodiscard]] TimePoint due_at(TimePoint created, std::optional<TimePoint> expires, Duration validity, Duration lead);

}  // namespace kssedr::rotation
