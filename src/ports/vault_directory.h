/// VaultDirectory: asks Resource Manager which host belongs to a vault resource (CONTRACT 5, without a list of
/// targets), and which vaults there are.

#pragma once

#include "async/async.h"
#include "rotation/arm_id.h"
#include "rotation/secret_ref.h"

#include <string>
#include <vector>

namespace kssedr::ports {

class VaultDirectory {
public:
    virtual ~VaultDirectory() = default;

    /// The host in the vault's `vaultUri`, lower case, with a port only where it is not 443. Errors: `not_found`,
    /// `permission_denied`, and the passing ones.
    virtual Async<std::string> fetch_vault_host(rotation::ArmId vault, SteadyPoint deadline) = 0;
    /// The vaults of this cloud in a scope: a subscription, a resource group, or one vault. In no order. Errors: as
    /// above.
    virtual Async<std::vector<rotation::VaultHost>> list_vaults(rotation::ArmId scope, SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
