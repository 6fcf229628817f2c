/// What every process tells of itself, by the names that Prometheus's own clients use.

#pragma once

#include "server/exposition.h"

namespace kssedr::server {

/// As Linux tells it now; what can not be read is left out. `started`: seconds since 1970.
void write_process(Exposition& out, double started);

}  // namespace kssedr::server
