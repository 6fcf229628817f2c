/// The file of certificate authorities to trust, tried when the program starts: else the first call would be the one to
/// find out, long after whoever set it has looked away.

#pragma once

#include "base/error.h"

#include <string>

namespace kssedr::azure {

/// Whether the file holds a certificate in PEM form; only the first is looked for, a whole bundle takes tens of
/// milliseconds to read. `invalid_argument`, with the setting's name and what to do.
[[nodiscard]] Result<void> check_ca_file(std::string const& path);

}  // namespace kssedr::azure
