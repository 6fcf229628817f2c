#include "providers/storage_account.h"

namespace kssedr::providers {

StorageAccount::StorageAccount(http::Transport& transport, azure::ArmClient& arm, Clock& clock, Random& random,
                               std::string storage_suffix)
    : keys_(arm), trial_(transport, arm, clock, random, storage_suffix), storage_suffix_(std::move(storage_suffix)) {}

bool StorageAccount::serves(rotation::ArmId const& owner) const {
    return owner.is_type("Microsoft.Storage/storageAccounts");
}

rotation::CredentialShape StorageAccount::shape(rotation::ArmId const& owner) const {
    rotation::CredentialShape shape;
    shape.key_bytes = 64;
    shape.key_member = "AccountKey";
    shape.owner_member = "AccountName";
    shape.owner_name = owner.resource_name();
    for (auto const service : {"Blob", "Queue", "Table", "File", "Dfs", "Web"}) {
        shape.endpoint_members.push_back(service + std::string("Endpoint"));
        shape.endpoint_members.push_back(service + std::string("SecondaryEndpoint"));
    }
    shape.suffix_member = "EndpointSuffix";
    shape.suffix = storage_suffix_;
    shape.foreign_members = {"SharedAccessSignature"};
    return shape;
}

Async<rotation::Credentials> StorageAccount::list(rotation::ArmId owner, SteadyPoint deadline) {
    co_return co_await keys_.list(std::move(owner), deadline);
}

Async<rotation::Credentials> StorageAccount::regenerate(rotation::ArmId owner, std::string slot, SteadyPoint deadline) {
    co_return co_await keys_.regenerate(std::move(owner), std::move(slot), deadline);
}

Task<ports::TrialResult> StorageAccount::verify(rotation::ArmId owner, SecretString const& credential,
                                                SecretString const& value, SteadyPoint deadline) {
    co_return co_await trial_.run(std::move(owner), credential, value, deadline);
}

}  // namespace kssedr::providers
