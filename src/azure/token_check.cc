#include "azure/token_check.h"

#include "base/ascii.h"
#include "base/encoding.h"

#include <algorithm>

namespace kssedr::azure {
namespace {

// What Microsoft's own libraries allow two machines' clocks to differ.
constexpr Duration leeway = std::chrono::minutes{5};

Failure deny(std::string why) {
    return fail(Errc::permission_denied, "the token " + std::move(why));
}

// Keys are published for many tenants, each for the tokens of one issuer or of a pattern of them.
bool is_for(SigningKey const& key, JwtClaims const& claims) {
    constexpr std::string_view pattern = "{tenantid}";
    auto issuer = key.issuer;
    if (issuer.empty()) return true;
    if (auto const at = issuer.find(pattern); at != std::string::npos)
        issuer.replace(at, pattern.size(), claims.tenant);
    return issuer == claims.issuer;
}

}  // namespace

EntraTokenCheck::EntraTokenCheck(http::Transport& transport, Clock& clock, Log& log, TokenCheckOptions options)
    : clock_(clock),
      options_(std::move(options)),
      first_version_(transport, clock, log, options_.authority,
                     '/' + format_percent(options_.tenant) + "/.well-known/openid-configuration"),
      second_version_(transport, clock, log, options_.authority,
                      '/' + format_percent(options_.tenant) + "/v2.0/.well-known/openid-configuration") {}

Async<ports::Principal> EntraTokenCheck::check(SecretString token, SteadyPoint deadline) {
    auto jwt = parse_jwt(token.expose());
    if (!jwt) co_return fail(Errc::permission_denied, jwt.error().message());
    auto& claims = jwt->claims;
    // Which keys to try is all that is believed of it until its signature is checked.
    bool const is_first = claims.version == "1.0";
    if (!is_first && claims.version != "2.0") co_return deny("is of no version that is known (ver)");
    // What can be told without asking anybody is told first.
    if (std::ranges::find(options_.audiences, claims.audience) == options_.audiences.end())
        co_return deny("is for the audience \"" + escape_for_display(claims.audience) + "\" and not for this service");
    auto& keys = is_first ? first_version_ : second_version_;
    KSSEDR_CO_TRY(auto const published, co_await keys.find(jwt->key_id, deadline));
    if (!is_signed_by(published.key, jwt->signed_part, jwt->signature)) co_return deny("has a wrong signature");
    KSSEDR_CO_TRY_VOID(judge(claims, published));
    co_return ports::Principal{std::move(claims.application), std::move(claims.object), std::move(claims.roles)};
}

Result<void> EntraTokenCheck::judge(JwtClaims const& claims, PublishedKey const& published) const {
    if (claims.issuer != published.issuer)
        return deny("was issued by \"" + escape_for_display(claims.issuer) + "\" and not by this tenant");
    if (!is_for(published.key, claims)) return deny("is signed with another issuer's key");
    if (claims.application.empty()) return deny("names no application (appid, azp)");
    return judge_time(claims);
}

Result<void> EntraTokenCheck::judge_time(JwtClaims const& claims) const {
    // Its sender's next one holds, or does once the clocks are set: nothing is wrong with him for good.
    auto const now = clock_.now();
    if (now >= claims.expires + leeway)
        return fail(Errc::unavailable, "the token ended at " + format_rfc3339(claims.expires) + ", and it is " +
                                           format_rfc3339(now) + " by this machine's clock");
    if (claims.not_before && now + leeway < *claims.not_before)
        return fail(Errc::unavailable, "the token holds from " + format_rfc3339(*claims.not_before) +
                                           " on, and it is " + format_rfc3339(now) + " by this machine's clock");
    return {};
}

}  // namespace kssedr::azure
