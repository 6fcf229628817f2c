/// StorageAccount: the provider of storage accounts' access keys.

#pragma once

#include "azure/storage_account_keys.h"
#include "ports/credential_provider.h"
#include "providers/storage_trial.h"

#include <string>

namespace kssedr::providers {

class StorageAccount final : public ports::CredentialProvider {
public:
    /// `storage_suffix` as in rotation::Cloud: under it lie the endpoints that a connection string may name.
    StorageAccount(http::Transport& transport, azure::ArmClient& arm, Clock& clock, Random& random,
                   std::string storage_suffix);

    [[nodiscard]] bool serves(rotation::ArmId const& owner) const override;
    [[nodiscard]] rotation::CredentialShape shape(rotation::ArmId const& owner) const override;
    Async<rotation::Credentials> list(rotation::ArmId owner, SteadyPoint deadline) override;
    Async<rotation::Credentials> regenerate(rotation::ArmId owner, std::string slot, SteadyPoint deadline) override;
    Task<ports::TrialResult> verify(rotation::ArmId owner, SecretString const& credential, SecretString const& value,
                                    SteadyPoint deadline) override;

private:
    azure::StorageAccountKeys keys_;
    StorageTrial trial_;
    std::string storage_suffix_;
};

}  // namespace kssedr::providers
