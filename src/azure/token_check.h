/// EntraTokenCheck: whether a bearer token was issued by our tenant, for us, and holds now.
///
/// The signature is checked with the keys that the tenant's own discovery document publishes for that version of token
/// (1.0 or 2.0), and the issuer must be the one which that document names. Event loop thread only.

#pragma once

#include "azure/jwt.h"
#include "azure/signing_keys.h"
#include "ports/token_check.h"

#include <string>
#include <vector>

namespace kssedr::azure {

struct TokenCheckOptions {
    std::string authority;  ///< `https://login.microsoftonline.com`, no slash at the end
    std::string tenant;     ///< id or domain name
    /// What tokens for us name as their audience: the application's id, its `api://` URI, or both. One of them at
    /// least.
    std::vector<std::string> audiences;
};

class EntraTokenCheck final : public ports::TokenCheck {
public:
    EntraTokenCheck(http::Transport& transport, Clock& clock, Log& log, TokenCheckOptions options);

    Async<ports::Principal> check(SecretString token, SteadyPoint deadline) override;

private:
    [[nodiscard]] Result<void> judge(JwtClaims const& claims, PublishedKey const& published) const;
    [[nodiscard]] Result<void> judge_time(JwtClaims const& claims) const;

    Clock& clock_;
    TokenCheckOptions options_;
    SigningKeys first_version_;
    SigningKeys second_version_;
};

}  // namespace kssedr::azure
