/// Vault: the door to Key Vault's secrets.
///
/// One call a method; no retries (the engine repeats). Errors, for all: `not_found`, `permission_denied` (service code
/// `SecretDisabled` for a disabled version, else the right that lacks), `throttled`, `unavailable`,
/// `deadline_exceeded`.

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
    /// `conflict` (the name is held by a deleted secret), `invalid_argument` (the vault takes no such version).
    virtual Async<rotation::SecretProperties> publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                                      SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
