/// StorageEndpoints: where a storage account's blob service answers, as Resource Manager tells it.
///
/// Most accounts answer at `{account}.blob.{suffix}`; one in a DNS zone of its own does not. The question is put at
/// most once an hour and account, whatever came of it: who may regenerate keys need not be allowed to read the account.

#pragma once

#include "async/clock.h"
#include "azure/arm_client.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kssedr::azure {

/// `properties.primaryEndpoints.blob` of an account resource; empty where the account has no blob service. `corrupt`
/// where the body does not describe an account.
[[nodiscard]] Result<std::string> parse_blob_endpoint_answer(std::string_view body);

/// The authority of an https URL that is the account's own under the cloud's storage suffix, or under Azure's DNS zones
/// for storage (`{account}.z01.blob.storage.azure.net`); nothing where the URL is anything else. A signature goes
/// nowhere else.
[[nodiscard]] std::optional<std::string> find_account_authority(std::string_view url, std::string_view account,
                                                                std::string_view suffix);

class StorageEndpoints {
public:
    StorageEndpoints(ArmClient& arm, Clock& clock) : arm_(arm), clock_(clock) {}

    /// The blob service's URL; empty where the account has none; nothing where Resource Manager did not say.
    Task<std::optional<std::string>> find_blob(rotation::ArmId account, SteadyPoint deadline);

private:
    struct Known {
        std::optional<std::string> url;
        SteadyPoint until;
    };

    ArmClient& arm_;
    Clock& clock_;
    std::map<std::string, Known> known_;  // by ArmId::key()
};

}  // namespace kssedr::azure
