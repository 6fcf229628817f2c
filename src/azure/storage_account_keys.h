/// The two access keys of a storage account, through Resource Manager.
///
/// Source: Microsoft.Storage 2023-05-01, storageAccounts/listKeys and regenerateKey; recordings. `regenerateKey`
/// answers at once and with all keys; `creationTime` says when each was made.

#pragma once

#include "azure/arm_client.h"
#include "rotation/credential.h"

#include <string>
#include <string_view>

namespace kssedr::azure {

/// `key1` and `key2`, in this order. Kerberos keys, which are no credentials of a secret's, are left out. `corrupt`
/// where the body is no list of keys, or one of the two is missing or empty.
[[nodiscard]] Result<rotation::Credentials> parse_storage_keys(std::string_view body);

class StorageAccountKeys {
public:
    explicit StorageAccountKeys(ArmClient& arm) : arm_(arm) {}

    Async<rotation::Credentials> list(rotation::ArmId account, SteadyPoint deadline);
    /// `slot` is `key1` or `key2`; another is `invalid_argument`. `outcome_unknown` where the answer is missing or
    /// broken.
    Async<rotation::Credentials> regenerate(rotation::ArmId account, std::string slot, SteadyPoint deadline);

private:
    ArmClient& arm_;
};

}  // namespace kssedr::azure
