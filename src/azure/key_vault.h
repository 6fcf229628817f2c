/// KeyVault: the ports::Vault of Azure, over Key Vault's REST API for secrets.
///
/// Version 7.4, the oldest with all that is needed and so the one that every cloud has. Source: the API's specification
/// (azure-rest-api-specs, Microsoft.KeyVault secrets.json) and recordings of its traffic.

#pragma once

#include "async/clock.h"
#include "azure/authorized_client.h"
#include "azure/key_vault_format.h"
#include "ports/vault.h"
#include "rotation/cloud.h"

#include <string>

namespace kssedr::azure {

class KeyVault final : public ports::Vault {
public:
    /// `cloud` says which hosts are vaults at all: no other is ever called.
    KeyVault(http::Transport& transport, TokenSource& tokens, Clock& clock, Random& random,
             rotation::Cloud const& cloud);

    Async<rotation::SecretVersion> fetch(rotation::SecretRef secret, std::string version,
                                         SteadyPoint deadline) override;
    Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef secret,
                                                                 SteadyPoint deadline) override;
    Async<rotation::SecretListing> list_secrets(rotation::VaultHost vault, SteadyPoint deadline) override;
    Async<rotation::SecretProperties> publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                              SteadyPoint deadline) override;

    Async<void> disable(rotation::SecretRef secret, std::string version, SteadyPoint deadline) override;

    /// Changes what stands around the value of a version: PATCH. Errors as those of `publish`.
    Async<rotation::SecretProperties> update(rotation::SecretRef secret, std::string version,
                                             SecretChange const& change, SteadyPoint deadline);

private:
    Result<Service> service_of(rotation::VaultHost const& vault) const;
    Async<rotation::SecretListing> list(rotation::VaultHost vault, std::string path, std::string operation,
                                        SteadyPoint deadline);

    AuthorizedClient client_;
    Clock& clock_;
    std::string suffix_;
    std::string audience_;
};

}  // namespace kssedr::azure
