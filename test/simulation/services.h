/// Services: who makes credentials in a world, where the network itself is not to.
///
/// The seam for worlds in which real providers stand between the engine and the estate (test/simulation_providers). The
/// simulator itself has none: its network is the provider.

#pragma once

#include "mutation.h"
#include "network.h"

#include <functional>
#include <memory>
#include <span>

namespace kssedr::simulation {

/// A process's provider, and where the kinds of owner come from. One for each world; outlives its processes.
class Services {
public:
    virtual ~Services() = default;

    /// What these services need to be otherwise in a plan, and what they add to it, by the seed.
    virtual void adapt(Plan& plan) = 0;
    /// The kinds of owner there are; `Network` is told of the rest by Estate.
    [[nodiscard]] virtual std::span<OwnerKind const> kinds() const = 0;
    /// How a process reaches them, through its network. All that is handed in outlives what is returned.
    virtual std::unique_ptr<ports::CredentialProvider> connect(Network& network, Clock& clock, Random& random) = 0;
};

/// Makes a world's services, with that fault in them; null: the network is the provider.
using MakeServices = std::function<std::unique_ptr<Services>(Mutation)>;

}  // namespace kssedr::simulation
