/// Environment: the process's environment as a value; the only place that reads it, or takes out of it.

#pragma once

#include <map>
#include <string>

namespace kssedr::config {

using Environment = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] Environment read_environment();

/// Takes SSLKEYLOGFILE out: libcurl has no option against it, and would write every connection's keys there. To be
/// called before libcurl and threads are started.
void forget_key_log();

}  // namespace kssedr::config
