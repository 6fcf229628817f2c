/// VaultDirectory: the ports::VaultDirectory of Azure, over Resource Manager.
///
/// A vault keeps its host for as long as it has its id, so an answer is believed for an hour; a failure is not
/// remembered.

#pragma once

#include "async/clock.h"
#include "azure/arm_client.h"
#include "ports/vault_directory.h"

#include <map>
#include <string>
#include <string_view>

namespace kssedr::azure {

/// The host in a vault resource's `properties.vaultUri`. `corrupt` where there is none.
[[nodiscard]] Result<std::string> parse_vault_host_answer(std::string_view body);

class VaultDirectory final : public ports::VaultDirectory {
public:
    VaultDirectory(ArmClient& arm, Clock& clock) : arm_(arm), clock_(clock) {}

    Async<std::string> fetch_vault_host(rotation::ArmId vault, SteadyPoint deadline) override;

private:
    struct Known {
        std::string host;
        SteadyPoint until;
    };

    ArmClient& arm_;
    Clock& clock_;
    std::map<std::string, Known> known_;  // by ArmId::key()
};

}  // namespace kssedr::azure
