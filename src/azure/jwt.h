/// Jwt: a token of Entra's, taken apart, and nothing about it checked.
///
/// Signed with RS256 and nothing else: whoever lets a token choose how it is checked lets it choose not to be. Sources:
/// RFC 7515 (JWS, compact form), RFC 7519; Microsoft identity platform, "Access token claims reference".

#pragma once

#include "base/error.h"
#include "base/secret_string.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::azure {

/// Longer ones are no token that Entra makes for a service.
inline constexpr std::size_t max_jwt_size = std::size_t{16} << 10U;

struct JwtClaims {
    std::string version;  ///< `1.0` or `2.0`
    std::string issuer;
    std::string tenant;  ///< tid
    std::string audience;
    std::string application;  ///< `appid` of version 1, `azp` of version 2
    std::string object;       ///< oid
    std::vector<std::string> roles;
    TimePoint expires{};
    std::optional<TimePoint> not_before;
};

struct Jwt {
    std::string key_id;
    JwtClaims claims;
    std::string_view signed_part;  ///< a view into what was parsed
    SecretString signature;        ///< without it the token is worth nothing
};

/// `corrupt` or `invalid_argument`, with what is wrong and no part of the token.
[[nodiscard]] Result<Jwt> parse_jwt(std::string_view token);

}  // namespace kssedr::azure
