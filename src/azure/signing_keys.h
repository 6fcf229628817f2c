/// SigningKeys: the keys that a tenant's tokens are signed with, as Entra publishes them.
///
/// They are found through the tenant's discovery document, kept a day, and looked at again where a token names a key
/// that is not among them: Entra changes keys when it likes. Anybody can send a token with an invented name of a key,
/// so that happens once in five minutes at most. Sources: OpenID Connect Discovery 1.0; RFC 7517 (JWK), RFC 7518;
/// Microsoft identity platform, "Signing key rollover" and, for the member `issuer`, "Validate the issuer".

#pragma once

#include "async/clock.h"
#include "base/log.h"
#include "http/transport.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::azure {

/// An RSA key for signatures; `modulus` and `exponent` are big-endian bytes.
struct SigningKey {
    std::string id;
    std::string issuer;  ///< whose tokens it signs, with `{tenantid}` in it as published; empty: any of this document's
    std::string modulus;
    std::string exponent;

    friend bool operator==(SigningKey const&, SigningKey const&) = default;
};

struct Discovery {
    std::string issuer;
    std::string key_set_url;
};

/// `corrupt` where the document lacks a member, or leads to keys elsewhere than at `authority` (`host[:port]`).
[[nodiscard]] Result<Discovery> parse_discovery(std::string_view body, std::string_view authority);

/// Those that are RSA, for signatures, and of a length that is taken (2048 to 8192 bits); others are left out.
/// `corrupt` where it is no key set, or has more than a hundred keys.
[[nodiscard]] Result<std::vector<SigningKey>> parse_key_set(std::string_view body);

/// Whether `signature` is the key's over `signed_part`: RSA PKCS#1 v1.5 with SHA-256 (RS256).
[[nodiscard]] bool is_signed_by(SigningKey const& key, std::string_view signed_part, SecretString const& signature);

struct PublishedKey {
    SigningKey key;
    std::string issuer;  ///< as the discovery document spells it
};

/// Event loop thread only.
class SigningKeys {
public:
    /// `authority`: `https://login.microsoftonline.com`, no slash at the end; `discovery_path`: below it.
    SigningKeys(http::Transport& transport, Clock& clock, Log& log, std::string authority, std::string discovery_path);
    ~SigningKeys();

    /// Errors: `permission_denied` (looked at just now, there is no such key), `unavailable` (the keys can not be had,
    /// or were looked at so lately that they are not looked at again; `retry_after` says when they will be).
    Async<PublishedKey> find(std::string key_id, SteadyPoint deadline);

private:
    struct Flight;

    [[nodiscard]] std::optional<PublishedKey> find_kept(std::string_view key_id) const;
    [[nodiscard]] Failure wait_for_next_look() const;
    Async<void> look(SteadyPoint deadline);
    Async<void> fetch(SteadyPoint deadline);
    Async<SecretString> fetch_document(std::string url, std::string_view what, SteadyPoint deadline);

    http::Transport& transport_;
    Clock& clock_;
    Log& log_;
    std::string authority_;
    std::string discovery_url_;
    std::string issuer_;
    std::vector<SigningKey> keys_;
    std::optional<SteadyPoint> fetched_at_;
    SteadyPoint next_look_{Duration::min()};
    std::string trouble_;  // why the last look failed; empty where it did not
    std::shared_ptr<Flight> flight_;
};

}  // namespace kssedr::azure
