/// VaultDirectory: the ports::VaultDirectory of Azure, over Resource Manager.
///
/// Vaults are listed by the operations `Vaults_ListBySubscription` and `Vaults_ListByResourceGroup`. A vault keeps its
/// host for as long as it has its id, so an answer is believed for an hour; a failure is not remembered.

#pragma once

#include "async/clock.h"
#include "azure/arm_client.h"
#include "ports/vault_directory.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::azure {

/// The host in a vault resource's `properties.vaultUri`. `corrupt` where there is none.
[[nodiscard]] Result<std::string> parse_vault_host_answer(std::string_view body);

struct VaultPage {
    std::vector<rotation::VaultHost> hosts;
    std::string next;  ///< the URL of the next page; empty: this is the last
};

/// A page of vaults. One whose host is none of this cloud's, by its suffix, is left out: kssedr could not call it.
/// `corrupt` where the body is no listing.
[[nodiscard]] Result<VaultPage> parse_vault_page(std::string_view body, std::string_view vault_suffix);

class VaultDirectory final : public ports::VaultDirectory {
public:
    /// `vault_suffix` as in rotation::Cloud.
    VaultDirectory(ArmClient& arm, Clock& clock, std::string vault_suffix)
        : arm_(arm), clock_(clock), vault_suffix_(std::move(vault_suffix)) {}

    Async<std::string> fetch_vault_host(rotation::ArmId vault, SteadyPoint deadline) override;
    Async<std::vector<rotation::VaultHost>> list_vaults(rotation::ArmId scope, SteadyPoint deadline) override;

private:
    struct Known {
        std::string host;
        SteadyPoint until;
    };

    ArmClient& arm_;
    Clock& clock_;
    std::string vault_suffix_;
    std::map<std::string, Known> known_;  // by ArmId::key()
};

}  // namespace kssedr::azure
