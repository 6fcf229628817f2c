/// Tokens from Entra, by the client credentials grant (its v2 endpoint).
///
/// The application proves itself with a client secret, with a certificate, or with a token that its platform leaves in
/// a file (workload identity). Source: Microsoft identity platform, "OAuth 2.0 client credentials flow"; the recordings
/// the tests replay.

#pragma once

#include "async/clock.h"
#include "azure/client_certificate.h"
#include "azure/token_source.h"
#include "base/random.h"
#include "http/transport.h"

#include <string>

namespace kssedr::azure {

/// Which application of which tenant, and where Entra answers.
struct EntraApplication {
    std::string authority;  ///< `https://login.microsoftonline.com`, with or without a slash at the end
    std::string tenant;     ///< id or domain name
    std::string client_id;
};

class ClientSecretIssuer final : public TokenIssuer {
public:
    ClientSecretIssuer(http::Transport& transport, EntraApplication application, SecretString client_secret);
    Async<IssuedToken> fetch_token(std::string audience, SteadyPoint deadline) override;

private:
    http::Transport& transport_;
    EntraApplication application_;
    SecretString client_secret_;
};

class WorkloadIdentityIssuer final : public TokenIssuer {
public:
    /// `token_file` is read anew for each token, since the platform replaces it.
    WorkloadIdentityIssuer(http::Transport& transport, EntraApplication application, std::string token_file);
    Async<IssuedToken> fetch_token(std::string audience, SteadyPoint deadline) override;

private:
    http::Transport& transport_;
    EntraApplication application_;
    std::string token_file_;
};

class ClientCertificateIssuer final : public TokenIssuer {
public:
    /// `file` is read anew for each token: certificates are renewed, and their key is in memory for no longer.
    ClientCertificateIssuer(http::Transport& transport, Clock& clock, Random& random, EntraApplication application,
                            std::string file, SecretString password);
    Async<IssuedToken> fetch_token(std::string audience, SteadyPoint deadline) override;

private:
    http::Transport& transport_;
    Clock& clock_;
    Random& random_;
    EntraApplication application_;
    std::string file_;
    SecretString password_;
};

/// The platform's token in the file, as it is now. `unavailable` where the file cannot be read or holds nothing, with
/// the setting's name and what to do.
[[nodiscard]] Result<SecretString> read_federated_token(std::string const& path);

/// `access_token` and its lifetime out of Entra's answer. `corrupt` where it holds none.
[[nodiscard]] Result<IssuedToken> parse_token_answer(std::string_view body);

/// The Error of an answer that holds no token; service code `AADSTS…`, the message says what to mend in kssedr's
/// settings.
[[nodiscard]] Error to_token_error(http::Response const& answer, EntraApplication const& application);

/// The form that asks for a token: with `client_secret`, or `client_assertion` of a signed token.
[[nodiscard]] SecretString format_token_request(EntraApplication const& application, std::string_view audience,
                                                std::string_view proof_name, SecretString const& proof);

}  // namespace kssedr::azure
