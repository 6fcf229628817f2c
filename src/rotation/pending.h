/// Pending: a password that is being set stands in a companion secret from before it is set until it is published
/// (DESIGN 3.3, Password; DESIGN 2, law 4: a process that dies in between leaves it there for the next attempt).
///
/// The companion of `{name}` is `{name}-kssedr-pending` in the same vault. Its current version, while it is enabled, is
/// an attempt that is not over. It is never deleted: soft delete would reserve its name.

#pragma once

#include "rotation/secret_ref.h"
#include "rotation/secret_version.h"

#include <optional>
#include <string>

namespace kssedr::rotation {

/// Where a secret's pending password stands. A name that would be too long for Key Vault ends in a hash.
[[nodiscard]] SecretRef companion_of(SecretRef const& secret);
/// Whether a secret is a companion, by its name and its tag: nobody's holder, and rotated by nobody.
[[nodiscard]] bool is_companion(SecretProperties const& properties);

/// Whether it is the companion of this secret.
[[nodiscard]] bool is_companion_of(SecretRef const& secret, SecretProperties const& properties);

struct Pending {
    std::string version;  ///< of the companion
    std::string login;
    SecretString password;
    TimePoint created{};
};

/// The version of the companion that opens an attempt. `password` is copied.
[[nodiscard]] SecretDraft draft_pending(SecretRef const& secret, std::string const& login,
                                        SecretString const& password);
/// What a version of the companion says; nothing where it is no attempt of the secret's.
[[nodiscard]] std::optional<Pending> read_pending(SecretRef const& secret, SecretVersion version);

}  // namespace kssedr::rotation
