/// Tokens of a managed identity, from the endpoint that App Service, Functions and Container Apps run beside the
/// program (`IDENTITY_ENDPOINT`, api-version 2019-08-01).

#pragma once

#include "async/clock.h"
#include "azure/token_source.h"
#include "http/transport.h"

#include <string>

namespace kssedr::azure {

class ManagedIdentityIssuer final : public TokenIssuer {
public:
    /// `header` proves that the caller runs here (`IDENTITY_HEADER`). `client_id` chooses a user-assigned identity;
    /// empty: the system's own.
    ManagedIdentityIssuer(http::Transport& transport, Clock& clock, std::string endpoint, SecretString header,
                          std::string client_id);
    Async<IssuedToken> fetch_token(std::string audience, SteadyPoint deadline) override;

private:
    http::Transport& transport_;
    Clock& clock_;
    std::string endpoint_;
    SecretString header_;
    std::string client_id_;
};

/// `access_token` with `expires_in` or `expires_on` (Unix seconds), numbers or strings. `now` is when the answer was
/// made.
[[nodiscard]] Result<IssuedToken> parse_managed_identity_answer(std::string_view body, TimePoint now);

}  // namespace kssedr::azure
