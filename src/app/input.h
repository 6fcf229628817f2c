/// What a command reads: a file, or standard input.

#pragma once

#include "base/error.h"

#include <cstddef>
#include <string>

namespace kssedr::app {

/// As much as one invocation of the Functions host may hold. A device without end must not fill the memory.
inline constexpr std::size_t input_size_max = 160U << 20U;

/// The content of `file`, of standard input where it is `-`. `invalid_argument` says what is wrong with it: a
/// directory, a pipe nobody writes to, a file that may not be read or is larger than `size_max`. Waits for whoever
/// writes, never for somebody to begin.
[[nodiscard]] Result<std::string> read_input(std::string const& file, std::size_t size_max = input_size_max);

}  // namespace kssedr::app
