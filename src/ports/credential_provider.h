/// CredentialProvider: the door to the service that makes an owner's credentials.

#pragma once

#include "async/async.h"
#include "rotation/credential.h"
#include "rotation/credential_shape.h"
#include "rotation/owner_id.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace kssedr::ports {

/// What trying a credential against its service told.
enum class Trial : std::uint8_t {
    accepted,
    rejected,      ///< the service knows the owner and does not take the credential (yet)
    inconclusive,  ///< it could not be asked: unreachable, behind a firewall, such credentials switched off
};

/// How long after it was given up a call that makes a credential may still land, where the service does it at once.
inline constexpr Duration time_of_doubt = std::chrono::minutes{2};

struct TrialResult {
    Trial trial = Trial::inconclusive;
    std::string why;  ///< for people; never holds a part of the credential
};

class CredentialProvider {
public:
    virtual ~CredentialProvider() = default;

    /// Whether this provider makes the credentials of that kind of owner.
    [[nodiscard]] virtual bool serves(rotation::OwnerId const& owner) const = 0;
    /// For an owner that is not served: why not, and what to do, for people.
    [[nodiscard]] virtual std::string explain_unserved(rotation::OwnerId const& owner) const {
        return "kssedr does not rotate credentials of " + owner.type();
    }
    /// Whether a credential of the owner's can be tried at all (`verify`).
    [[nodiscard]] virtual bool may_try(rotation::OwnerId const& /*owner*/) const { return true; }
    /// How the owner's credentials look in the values of secrets.
    [[nodiscard]] virtual rotation::CredentialShape shape(rotation::OwnerId const& owner) const = 0;

    /// All credentials of the owner. Errors: `not_found` (no such owner), `permission_denied`, `throttled`,
    /// `unavailable`, `conflict`, `invalid_argument` (service code `ScopeLocked`: a lock on the resource forbids it),
    /// `deadline_exceeded`.
    virtual Async<rotation::Credentials> list(rotation::OwnerId owner, SteadyPoint deadline) = 0;

    /// Makes a new credential in `slot`; the one that stood there stops working. Returns all credentials afterwards.
    /// Never to be repeated on `outcome_unknown`: list first. `unavailable` and `throttled` say that nothing was done.
    virtual Async<rotation::Credentials> regenerate(rotation::OwnerId owner, std::string slot,
                                                    SteadyPoint deadline) = 0;

    /// How long after it was given up a regeneration of this owner's may still land.
    [[nodiscard]] virtual Duration may_land_for(rotation::OwnerId const& /*owner*/) const { return time_of_doubt; }

    /// Tries a credential against the owner's service, once, with a request that changes nothing. `value` is what it
    /// will be published in; it may name the service's endpoints.
    virtual Task<TrialResult> verify(rotation::OwnerId owner, SecretString const& credential, SecretString const& value,
                                     SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
