/// SecretRef: which secret in which vault, and the identifiers Key Vault gives them.
///
/// A vault is known by the host that answers for it, with a port only where it is not 443. Hosts are in lower case;
/// names are compared without regard to case, as Key Vault does (specification: name `^[0-9a-zA-Z-]+$`, 1 to 127
/// characters; version 32 hexadecimal digits).

#pragma once

#include "base/error.h"

#include <compare>
#include <string>
#include <string_view>

namespace kssedr::rotation {

/// A vault's host, such as `contoso.vault.azure.net` or, against a local Azure, `demo.vault.localhost:8443`.
struct VaultHost {
    std::string text;

    /// The name before the first dot.
    [[nodiscard]] std::string_view name() const { return std::string_view(text).substr(0, text.find('.')); }
    friend auto operator<=>(VaultHost const&, VaultHost const&) = default;
};

/// The host of the vault `name` under a cloud's suffix (`vault.azure.net`, may carry a port).
/// `invalid_argument` where the name is none (3 to 24 letters, digits and hyphens, beginning with a letter).
[[nodiscard]] Result<VaultHost> make_vault_host(std::string_view name, std::string_view suffix);
/// Reads a host and holds it against the cloud's suffix: exactly one valid vault name, then the suffix, nothing else.
[[nodiscard]] Result<VaultHost> parse_vault_host(std::string_view host, std::string_view suffix);

struct SecretRef {
    VaultHost vault;
    std::string name;

    /// `https://{vault}/secrets/{name}`.
    [[nodiscard]] std::string url() const;
    /// In lower case, for maps and locks.
    [[nodiscard]] std::string key() const;
    friend bool operator==(SecretRef const& a, SecretRef const& b);
};

struct SecretUrl {
    SecretRef secret;
    std::string version;  ///< empty where the URL names none
};

[[nodiscard]] bool is_secret_name(std::string_view text);
/// 32 hexadecimal digits.
[[nodiscard]] bool is_secret_version(std::string_view text);

/// Reads `https://{vault}/secrets/{name}[/{version}]`. Nothing but that is taken: no user, no query, no fragment, no
/// percent-encoding, no dot at the end of the host, no other port than the suffix carries (443 may be written), nothing
/// outside ASCII; so that no text from outside can lead a request to another host.
[[nodiscard]] Result<SecretUrl> parse_secret_url(std::string_view text, std::string_view vault_suffix);

}  // namespace kssedr::rotation
