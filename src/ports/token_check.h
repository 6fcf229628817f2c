/// TokenCheck: who asks us, by a token of an issuer that is trusted.

#pragma once

#include "async/async.h"
#include "base/secret_string.h"

#include <string>
#include <vector>

namespace kssedr::ports {

/// Whom a token was issued to. That it holds is all that was checked: what he may do is the asker's to say.
struct Principal {
    std::string application;         ///< the application's id
    std::string object;              ///< the principal's id in the tenant; empty where the token does not say
    std::vector<std::string> roles;  ///< that were assigned to him in our application
};

class TokenCheck {
public:
    virtual ~TokenCheck() = default;

    /// Checks everything about a bearer token but who it is. Errors: `permission_denied` (it is none, or not for us,
    /// and sending it again can not help), `unavailable` (it may hold, and can not be checked now; or its time has not
    /// come or is over, and another one of the same sender will hold). The message says why and holds no part of the
    /// token.
    virtual Async<Principal> check(SecretString token, SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
