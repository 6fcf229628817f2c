#include "azure/jwt.h"

#include "azure/json_view.h"
#include "base/ascii.h"
#include "base/encoding.h"

namespace kssedr::azure {
namespace {

constexpr std::size_t max_roles = 64;
// The year 3000. What is beyond it is no time that anybody issues a token for, and would overflow ours.
constexpr std::int64_t latest_second = 32'503'680'000;

Failure refuse(std::string_view why) {
    return fail(Errc::invalid_argument, "the token " + std::string(why));
}

Result<JsonDocument> parse_part(std::string_view encoded, std::string_view name) {
    auto bytes = parse_base64url(encoded);
    if (!bytes) return refuse("has a " + std::string(name) + " that is not base64url");
    auto const json = SecretString::absorb(*std::move(bytes));
    auto document = JsonDocument::parse(json.expose());
    if (!document || !document->root().is_object())
        return refuse("has a " + std::string(name) + " that is no JSON object");
    return document;
}

Result<std::string> parse_header(std::string_view encoded) {
    KSSEDR_TRY(auto const document, parse_part(encoded, "header"));
    auto const header = document.root();
    auto const algorithm = header["alg"].text_or("");
    if (algorithm != "RS256")
        return refuse("is signed with \"" + escape_for_display(algorithm) + "\"; RS256 alone is taken");
    if (header["crit"]) return refuse("asks for extensions (crit) that are not known here");
    auto key_id = header["kid"].text_or("");
    if (key_id.empty() || key_id.size() > 256) return refuse("names no key (kid)");
    return key_id;
}

std::optional<TimePoint> time_of(JsonView value) {
    auto const seconds = value.integer();
    if (!seconds || *seconds < 0 || *seconds > latest_second) return std::nullopt;
    return TimePoint(std::chrono::seconds(*seconds));
}

Result<JwtClaims> parse_claims(std::string_view encoded) {
    KSSEDR_TRY(auto const document, parse_part(encoded, "body"));
    auto const body = document.root();
    JwtClaims claims;
    claims.version = body["ver"].text_or("");
    claims.issuer = body["iss"].text_or("");
    claims.tenant = body["tid"].text_or("");
    claims.audience = body["aud"].text_or("");
    bool const is_first_version = claims.version == "1.0";
    claims.application = to_ascii_lower(body[is_first_version ? "appid" : "azp"].text_or(""));
    claims.object = body["oid"].text_or("");
    for (auto const role : body["roles"].items()) {
        if (claims.roles.size() == max_roles) return refuse("names more than 64 roles");
        claims.roles.push_back(role.text_or(""));
    }
    auto const expires = time_of(body["exp"]);
    if (!expires) return refuse("does not say when it ends (exp)");
    claims.expires = *expires;
    claims.not_before = time_of(body["nbf"]);
    if (body["nbf"] && !claims.not_before) return refuse("does not say from when it holds (nbf)");
    return claims;
}

}  // namespace

Result<Jwt> parse_jwt(std::string_view token) {
    if (token.size() > max_jwt_size) return refuse("is longer than 16 KB");
    auto const parts = split(token, '.');
    if (parts.size() != 3) return refuse("does not have three parts");
    Jwt jwt;
    KSSEDR_TRY(jwt.key_id, parse_header(parts[0]));
    KSSEDR_TRY(jwt.claims, parse_claims(parts[1]));
    auto signature = parse_base64url(parts[2]);
    if (!signature || signature->empty()) return refuse("has no signature");
    jwt.signature = SecretString::absorb(*std::move(signature));
    jwt.signed_part = token.substr(0, parts[0].size() + 1 + parts[1].size());
    return jwt;
}

}  // namespace kssedr::azure
