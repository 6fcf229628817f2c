#include "rotation/schedule.h"

#include <algorithm>

namespace kssedr::rotation {

Duration event_slack(TimePoint created, std::optional<TimePoint> expires, Duration validity) {
    TimePoint const end = expires.value_or(created + validity);
    return std::clamp<Duration>((end - created) / 10, Duration{}, std::chrono::days{1});
}

TimePoint due_at(TimePoint created, std::optional<TimePoint> expires, Duration validity, Duration lead) {
    TimePoint const end = expires.value_or(created + validity);
    Duration const life = std::max(end - created, Duration{});
    return end - std::min(lead, life / 2);
}

}  // namespace kssedr::rotation
