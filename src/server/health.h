/// Health: whether the daemon is able to rotate, and what is in the way.

#pragma once

#include "server/status.h"

#include <string>

namespace kssedr::server {

/// Able to do its work: the store keeps, tokens are got, and of sources and of vaults, where there are any, one works
/// at least. One vault that may not be read takes the others' events from nobody; it is named all the same.
[[nodiscard]] bool is_ready(StatusSnapshot const& status);

/// `{"ready":…,"parts":[{"part","name","ready","reason","since"}…]}`, those that are not ready first.
[[nodiscard]] std::string format_readiness(StatusSnapshot const& status);

}  // namespace kssedr::server
