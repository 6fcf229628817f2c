/// Exit codes (CONTRACT 1).

#pragma once

#include "rotation/outcome.h"

#include <span>

namespace kssedr::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;  ///< a retry may cure it
inline constexpr int exit_usage = 2;   ///< wrong usage or configuration
inline constexpr int exit_person = 3;  ///< refused or parked: a person must act

inline constexpr int exit_would_change = 10;  ///< plan --exit-code

/// Whether an unmanaged secret is what the caller must be told of, as when it named it.
enum class Unmanaged : bool { is_fine, needs_person };

[[nodiscard]] int exit_code(std::span<rotation::Outcome const> outcomes, Unmanaged unmanaged);

}  // namespace kssedr::cli
