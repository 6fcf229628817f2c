/// TokenSource: who we are, to Azure. TokenIssuer: one way of being told so.
///
/// A token is a secret that many calls share, so it is held by shared pointer and wiped when the last of them has let
/// go.

#pragma once

#include "async/async.h"
#include "base/secret_string.h"

#include <memory>
#include <string>

namespace kssedr::azure {

using Token = std::shared_ptr<SecretString const>;

class TokenSource {
public:
    virtual ~TokenSource() = default;

    /// A token for `audience` (such as `https://vault.azure.net`, no slash at the end) with some minutes left to live.
    /// Errors: `permission_denied` (the service code is Entra's, such as `AADSTS7000215`), `invalid_argument`,
    /// `throttled`, `unavailable`, `deadline_exceeded`.
    virtual Async<Token> bearer(std::string audience, SteadyPoint deadline) = 0;

    /// A service did not take `token`: it is not given out again.
    virtual void reject(std::string const& audience, Token const& token) = 0;
};

struct IssuedToken {
    SecretString value;
    Duration lifetime{};  ///< from when it was issued
};

class TokenIssuer {
public:
    virtual ~TokenIssuer() = default;
    /// Asks for a new token, once. Errors as above.
    virtual Async<IssuedToken> fetch_token(std::string audience, SteadyPoint deadline) = 0;
};

}  // namespace kssedr::azure
