/// Whether others may change what a path leads to.

#pragma once

#include <optional>
#include <string>

namespace kssedr::config {

/// Why a file is not to be trusted: somebody but root and this process's user owns or may write it, a folder above it,
/// or a link on the way to it; or it is not there. Nothing where it is to be trusted. What lies on a file system that
/// is mounted read-only can be written by nobody; in a folder with the sticky bit, nobody but its owner replaces a
/// file.
[[nodiscard]] std::optional<std::string> find_distrust(std::string const& path);

}  // namespace kssedr::config
