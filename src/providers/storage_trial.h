/// StorageTrial: whether a storage account takes a key, told by one signed request to its blob service.
///
/// The request lists one container's name and changes nothing. It goes to the account's own endpoint: as Resource
/// Manager names it, else as the secret's value does, else by the cloud's suffix. *Rejected* is said only where the
/// service weighed the key and found it wrong; whatever else keeps it from answering is *inconclusive*, with the
/// reason.

#pragma once

#include "azure/storage_endpoints.h"
#include "http/transport.h"
#include "ports/credential_provider.h"

#include <string>
#include <string_view>

namespace kssedr::providers {

/// The https authority that the value's `BlobEndpoint` names; nothing where it names none of the account's own.
[[nodiscard]] std::optional<std::string> find_named_blob_authority(SecretString const& value, std::string_view account,
                                                                   std::string_view suffix);

/// What the service's answer tells.
[[nodiscard]] ports::TrialResult judge_trial(http::Response const& answer, std::string_view authority);

class StorageTrial {
public:
    /// `storage_suffix` as in rotation::Cloud.
    StorageTrial(http::Transport& transport, azure::ArmClient& arm, Clock& clock, Random& random,
                 std::string storage_suffix);

    /// `key` and `value` outlive the call.
    Task<ports::TrialResult> run(rotation::ArmId account, SecretString const& key, SecretString const& value,
                                 SteadyPoint deadline);

private:
    http::Transport& transport_;
    azure::StorageEndpoints endpoints_;
    Clock& clock_;
    Random& random_;
    std::string storage_suffix_;
};

}  // namespace kssedr::providers
