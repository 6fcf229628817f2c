/// CredentialLists: the door to services that keep a list of credentials for an owner (DESIGN 3.3, List). Adding one
/// takes nothing from anybody; removing one does.
///
/// One call a method; no retries (the engine repeats). Errors, for all: `not_found` (no such owner),
/// `permission_denied`, `throttled`, `unavailable`, `conflict`, `invalid_argument`, `deadline_exceeded`.

#pragma once

#include "async/async.h"
#include "ports/credential_provider.h"
#include "rotation/credential_shape.h"
#include "rotation/listed_credential.h"
#include "rotation/owner_id.h"

#include <string>

namespace kssedr::ports {

class CredentialLists {
public:
    virtual ~CredentialLists() = default;

    [[nodiscard]] virtual bool serves(rotation::OwnerId const& owner) const = 0;
    /// How the owner's credentials look in the values of secrets. After a listing it may say more than before: by which
    /// other name a value may call the owner.
    [[nodiscard]] virtual rotation::CredentialShape shape(rotation::OwnerId const& owner) const = 0;

    /// All of them, whoever made them. May come from a replica that lags behind by minutes.
    virtual Async<rotation::CredentialList> list(rotation::OwnerId owner, SteadyPoint deadline) = 0;
    /// Makes one that is called `mark` and ends at `ends`. Never to be repeated on `outcome_unknown`: one that was made
    /// and whose value was not seen is of no use, and is to be removed. `unavailable` and `throttled` say that nothing
    /// was done.
    virtual Async<rotation::AddedCredential> add(rotation::OwnerId owner, std::string mark, TimePoint ends,
                                                 SteadyPoint deadline) = 0;
    /// Removes one. Well too where there is none of that id (any more). May be repeated.
    virtual Async<void> remove(rotation::OwnerId owner, std::string id, SteadyPoint deadline) = 0;
    /// Tries a credential against the owner's service, once, with a request that changes nothing. `value` is what it is
    /// published in.
    virtual Task<TrialResult> verify(rotation::OwnerId owner, SecretString const& credential, SecretString const& value,
                                     SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
