/// Environment: the process's environment as a value; the only place that reads it.

#pragma once

#include <map>
#include <string>

namespace kssedr::config {

using Environment = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] Environment read_environment();

}  // namespace kssedr::config
