/// LoginDatabase: a login of a database, or two that take turns, as configuration names them (`[[database]]`).
///
/// Where the server is, how it is reached and who sets passwords on it stands here and nowhere else: a secret's value
/// is only held against it (DESIGN 2, law 5).

#pragma once

#include "rotation/owner_id.h"
#include "rotation/secret_ref.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::rotation {

enum class DatabaseKind : std::uint8_t { postgresql, mysql, sqlserver, redis };

/// What passwords are made of. Each class that is asked for is in every password.
struct PasswordPolicy {
    std::size_t length = 32;
    /// One text a class: its characters, excluded ones taken out. The default needs no escape in a URL, a connection
    /// string, a shell or JSON.
    std::vector<std::string> classes{"abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "-_.~"};

    friend bool operator==(PasswordPolicy const&, PasswordPolicy const&) = default;
};

enum class DatabaseTls : std::uint8_t {
    verify_full,  ///< the certificate must be trusted and name the host
    off,
};

struct LoginDatabase {
    OwnerId owner;
    std::string alternate{};  ///< the login that takes turns with the owner's; empty: there is none
    DatabaseTls tls = DatabaseTls::verify_full;
    std::string ca_file{};   ///< PEM; empty: what is trusted for everything else
    std::string database{};  ///< to connect to; empty: the server's usual one
    std::string admin_user{};
    std::optional<SecretRef> admin_password_secret{};  ///< nothing: a token of Entra's is the password
    std::string account_host = "%";                    ///< mysql: the part of the account behind the `@`
    PasswordPolicy password{};
    std::string where{};  ///< `kssedr.toml:12, database`

    [[nodiscard]] DatabaseKind kind() const;
    /// The server's name or address, without its port.
    [[nodiscard]] std::string_view host() const;
    [[nodiscard]] std::uint16_t port() const;
    /// The owner's own first.
    [[nodiscard]] std::vector<std::string> logins() const;
};

/// The port that a server of the kind listens on as a rule.
[[nodiscard]] std::uint16_t usual_port(DatabaseKind kind);

}  // namespace kssedr::rotation
