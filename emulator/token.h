/// Access tokens: RS256 JSON Web Tokens signed by this emulator's own key, which its JWKS endpoint publishes.

#pragma once

#include "base/error.h"
#include "base/time.h"
#include "emulator/json.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::emulator {

/// What the services look at in a token.
struct Token {
    std::string audience;
    std::string tenant;
    std::string client_id;
    std::string object_id;
    std::string issuer;
    std::vector<std::string> roles;
    int version = 1;
    TimePoint issued{};            ///< emulated
    TimePoint issued_unhurried{};  ///< what its life is measured by (EmulatedClock::unhurried_now)
};

inline constexpr Duration token_life{3'600'000};

class TokenSigner {
public:
    /// Makes a key of its own.
    TokenSigner();
    ~TokenSigner();
    TokenSigner(TokenSigner const&) = delete;
    TokenSigner& operator=(TokenSigner const&) = delete;

    /// `real_now` widens nbf and exp, so that a client that checks them against its own clock is content whatever the
    /// emulated date is.
    [[nodiscard]] std::string sign(Token const& token, TimePoint real_now) const;

    enum class Fault { malformed, bad_signature, expired };
    /// Signature and life; audience and tenant are the service's to judge.
    [[nodiscard]] std::expected<Token, Fault> verify(std::string_view text, TimePoint unhurried_now) const;

    /// The key set document; `issuer` as Entra names it there.
    [[nodiscard]] json::object key_set(std::string_view issuer) const;

private:
    struct Key;
    std::unique_ptr<Key> key_;
    std::string key_id_;
};

}  // namespace kssedr::emulator
