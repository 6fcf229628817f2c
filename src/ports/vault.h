/// Vault: the door to Key Vault's secrets.
///
/// One call a method; no retries (the engine repeats). Errors, for all: `not_found` (service code `SecretDisabled` for
/// a disabled version), `permission_denied`, `throttled`, `unavailable`, `deadline_exceeded`.

#pragma once

#include "async/async.h"
#include "rotation/secret_ref.h"
#include "rotation/secret_version.h"

#include <string_view>

namespace kssedr::ports {

class Vault {
public:
    virtual ~Vault() = default;

    /// The current version, or the one named, with its value.
    virtual Async<rotation::SecretVersion> fetch(rotation::SecretRef secret, std::string version,
                                                 SteadyPoint deadline) = 0;
    /// The properties of every version, in no order.
    virtual Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef secret,
                                                                         SteadyPoint deadline) = 0;
    /// The properties of every secret's current version, in no order, without version ids.
    virtual Async<rotation::SecretListing> list_secrets(rotation::VaultHost vault, SteadyPoint deadline) = 0;
    /// Publishes a new version and returns its properties. Also: `outcome_unknown` (it may have been published),
    /// `conflict` (a secret of that name is being deleted), `invalid_argument` (the vault takes no such version, or a
    /// deleted secret holds the name: service code `ObjectIsDeletedButRecoverable`).
    virtual Async<rotation::SecretProperties> publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                                      SteadyPoint deadline) = 0;
    /// Disables a version. May be repeated. Errors as those of `publish`.
    virtual Async<void> disable(rotation::SecretRef secret, std::string version, SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
