/// Zones: the rules of time zones, read from the files of a machine or of kssedr's own package.

#pragma once

#include "base/error.h"

#include <cctz/time_zone.h>

#include <string>
#include <string_view>
#include <vector>

namespace kssedr::config {

class Zones {
public:
    /// Looks in `directory` only, where one is named (TZDIR); else in /usr/share/zoneinfo, then in zoneinfo in the
    /// working directory, where the package for Azure Functions has its own.
    explicit Zones(std::string_view directory);

    /// By its IANA name; `UTC` needs no file. `invalid_argument` names the nearest right name, or what to install.
    [[nodiscard]] Result<cctz::time_zone> find(std::string_view name) const;

private:
    [[nodiscard]] std::string nearest(std::string_view name) const;

    std::vector<std::string> directories_;  ///< those that are there
    std::string looked_in_;
};

}  // namespace kssedr::config
