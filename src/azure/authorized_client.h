/// AuthorizedClient: one call to one Azure service, with a token.
///
/// The token goes to the host it is meant for and to no other, whatever URL a caller or a service's own answer names. A
/// 401 means that nothing was done: the token is dropped and the call made once more with a new one, of the audience
/// that the service's challenge names where that is a parent of the service's own host. That is the only second call
/// (DESIGN 3.4).

#pragma once

#include "async/clock.h"
#include "azure/error_answer.h"
#include "azure/token_source.h"
#include "base/log.h"
#include "base/random.h"
#include "http/transport.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::azure {

/// Whom a call goes to.
struct Service {
    std::string authority;  ///< `host[:port]` in lower case, no port of 443: the token is sent nowhere else
    std::string audience;   ///< what tokens for it are asked for
};

struct Call {
    std::string operation;  ///< for messages: "reading secret web of contoso.vault.azure.net"
    Effect effect = Effect::none;
    Quote quote = Quote::always;
    http::Method method = http::Method::get;
    std::string url;
    SecretString body;                    ///< JSON, or empty
    std::vector<http::Header> headers{};  ///< beside those that every call has
    std::size_t response_limit = 1U << 20U;
};

/// What a 401 says about the token it wants; members are empty where it does not say.
struct Challenge {
    std::string tenant;    ///< the path of `authorization` or `authorization_uri`
    std::string resource;  ///< `resource`, or `scope` without its `/.default`; no slash at the end

    friend bool operator==(Challenge const&, Challenge const&) = default;
};

/// Reads `WWW-Authenticate: Bearer authorization="…", resource="…"`. Nothing where it holds no Bearer challenge.
[[nodiscard]] std::optional<Challenge> parse_challenge(std::string_view header);

class AuthorizedClient {
public:
    AuthorizedClient(http::Transport& transport, TokenSource& tokens, Random& random);

    /// The answer, where it is a success (2xx). Errors: the transport's and the service's (azure/error_answer.h), the
    /// token source's, and `invalid_argument` where the URL leads elsewhere than to the service.
    Async<http::Response> send(Service service, Call call, SteadyPoint deadline);

private:
    Async<http::Response> send_once(Call& call, Token token, SteadyPoint deadline);

    http::Transport& transport_;
    TokenSource& tokens_;
    Random& random_;
};

}  // namespace kssedr::azure
