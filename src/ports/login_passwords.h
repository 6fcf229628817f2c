/// LoginPasswords: the door to services that are told a login's password, such as databases (DESIGN 3.3, Password).
///
/// An owner is one login, or two that take turns: which, where the service is, how it is reached and by whom passwords
/// are set is configuration's, never a secret's. One call a method; no retries (the engine repeats).

#pragma once

#include "async/async.h"
#include "ports/credential_provider.h"
#include "rotation/credential_shape.h"
#include "rotation/owner_id.h"

#include <string>
#include <vector>

namespace kssedr::ports {

class LoginPasswords {
public:
    virtual ~LoginPasswords() = default;

    /// Whether configuration names the owner's service.
    [[nodiscard]] virtual bool serves(rotation::OwnerId const& owner) const = 0;
    /// For an owner that is not served: why not, and what to write where, for people.
    [[nodiscard]] virtual std::string explain_unserved(rotation::OwnerId const& owner) const = 0;
    /// How the passwords of `login` look in the values of secrets.
    [[nodiscard]] virtual rotation::CredentialShape shape(rotation::OwnerId const& owner,
                                                          std::string_view login) const = 0;
    /// The logins that take turns, the owner's own first: two, or only that one.
    [[nodiscard]] virtual std::vector<std::string> logins(rotation::OwnerId const& owner) const = 0;

    /// A new password as configuration wants it.
    [[nodiscard]] virtual SecretString make_password(rotation::OwnerId const& owner) = 0;

    /// Sets the login's password. To be repeated with the same password only: then it does no more than once.
    /// Errors: `not_found` (no such login), `permission_denied` (the message holds the statement that would grant the
    /// right), `invalid_argument` (the server's policy takes no such password), `unavailable` (nothing was done),
    /// `outcome_unknown`, `deadline_exceeded`.
    virtual Async<void> set(rotation::OwnerId owner, std::string login, SecretString const& password,
                            SteadyPoint deadline) = 0;
    /// Signs in with it, once, and out again. `rejected` only where the server says that the password is wrong.
    virtual Task<TrialResult> try_login(rotation::OwnerId owner, std::string login, SecretString const& password,
                                        SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
