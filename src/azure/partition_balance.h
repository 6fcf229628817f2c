/// Which partitions of an event hub an instance claims, so that all who share a consumer group come to read as many.
///
/// The rule of Microsoft's own processors, so that a fleet may be mixed. Pure. Sources: Azure SDKs for .NET
/// (PartitionLoadBalancer), JS (loadBalancingStrategy), Go (processor_load_balancer).

#pragma once

#include "base/random.h"

#include <map>
#include <string>
#include <vector>

namespace kssedr::azure {

/// `owners`: who owns which partition now; those that nobody owns, or whose owner has not been heard of for too long,
/// are left out. What `me` claims: all that it lacks of those without an owner; else one of an owner who has more than
/// its share. Which of several is chance.
[[nodiscard]] std::vector<std::string> choose_claims(std::vector<std::string> const& partitions,
                                                     std::map<std::string, std::string> const& owners,
                                                     std::string const& me, Random& random);

}  // namespace kssedr::azure
