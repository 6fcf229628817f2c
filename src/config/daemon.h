/// What is set for `kssedr serve` alone.

#pragma once

#include "config/names.h"

#include <vector>

namespace kssedr::config {

struct GivenTable;

/// After everything else was loaded. Every mistake is said in `problems`.
void load_daemon(GivenValues const& given, std::vector<GivenTable> const& sources, Environment const& environment,
                 Settings& settings, Problems& problems);

}  // namespace kssedr::config
