/// A new key for a policy that is part of a resource: the resource is read, and written back with the key changed,
/// under its ETag (azure/resource_policies.h).

#pragma once

#include "azure/arm_client.h"
#include "base/random.h"
#include "rotation/catalogue.h"

#include <string>

namespace kssedr::providers {

/// The answer to the writing, which may go on (azure/long_running.h). `owner` is the policy. Errors as those of a
/// regeneration; `conflict` where the resource was changed meanwhile.
Async<http::Response> write_policy_back(azure::ArmClient& arm, Clock& clock, Random& random,
                                        rotation::CatalogueEntry const& entry, rotation::EntrySlot const& slot,
                                        rotation::ArmId owner, std::string operation, SteadyPoint deadline);

}  // namespace kssedr::providers
