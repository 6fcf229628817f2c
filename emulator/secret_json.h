/// Secrets as Key Vault writes and reads them: bundles, items, deleted bundles, and the bodies of PUT and PATCH.

#pragma once

#include "emulator/json.h"
#include "emulator/secret_store.h"

namespace kssedr::emulator {

/// Where ids begin: `https://demo.vault.azure.net`.
struct VaultUrl {
    std::string text;
};

enum class WithValue { yes, no };

[[nodiscard]] json::object to_bundle(Secret const& secret, SecretVersion const& version, VaultUrl const& vault,
                                     int recoverable_days, WithValue with_value);
/// As in listings: without value; the id without version where `version_in_id` is false.
[[nodiscard]] json::object to_item(Secret const& secret, SecretVersion const& version, VaultUrl const& vault,
                                   int recoverable_days, bool version_in_id);
[[nodiscard]] json::object to_deleted(Secret const& secret, VaultUrl const& vault, int recoverable_days,
                                      bool version_in_id);

/// Reads the body of a PUT (`value` needed later) or PATCH. Members it does not know are passed over.
[[nodiscard]] Answered<SecretChange> parse_secret_change(std::string_view body);

}  // namespace kssedr::emulator
