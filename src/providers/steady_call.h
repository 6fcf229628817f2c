/// A call of several that make one regeneration.
///
/// Such a call is not left to the engine's retry loop, which would begin with the first of them again: where a service
/// lets few calls through, that one would take the turn of the next, each time.

#pragma once

#include "async/clock.h"
#include "azure/arm_client.h"

namespace kssedr::providers {

/// Sends the call; where the service says "later", which says that nothing was done, sends it again then, as long as
/// that is before the deadline. Errors as those of ArmClient.
Async<http::Response> send_steadily(azure::ArmClient& arm, Clock& clock, azure::ArmCall call, SteadyPoint deadline);

}  // namespace kssedr::providers
