/// Resources as Resource Manager writes them.

#pragma once

#include "emulator/host.h"
#include "emulator/json.h"
#include "emulator/world.h"

namespace kssedr::emulator {

[[nodiscard]] json::object to_arm(AzureSubscription const& subscription);
[[nodiscard]] json::object to_arm(Tenant const& tenant);
[[nodiscard]] json::object to_arm(ResourceGroup const& group);
[[nodiscard]] json::object to_arm(Vault const& vault, CloudNames const& cloud);
[[nodiscard]] json::object to_arm(StorageAccount const& account, CloudNames const& cloud);
/// The provider's description, as short as clients need it. Nothing for one that is not here.
[[nodiscard]] std::optional<json::object> to_arm_provider(std::string_view name, std::string_view subscription);
/// The answer of `/metadata/endpoints`.
[[nodiscard]] json::object to_arm_metadata(CloudNames const& cloud);
[[nodiscard]] json::object to_key_list(StorageAccount const& account);

}  // namespace kssedr::emulator
