#include "rotation/schedule.h"

#include <algorithm>

namespace kssedr::rotation {

TimePoint due_at(TimePoint created, std::optional<TimePoint> expires, Duration validity, Duration lead) {
    TimePoint const end = expires.value_or(created + validity);
    Duration const life = std::max(end - created, Duration{});
    return end - std::min(lead, life / 2);
}

}  // namespace kssedr::rotation
