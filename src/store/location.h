/// Location: where the store is, as KSSEDR_STORE says it.

#pragma once

#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kssedr::store {

/// `postgresql://[user@]host[:port]/database`, with `sslmode`, `sslrootcert` and `host` (a folder with a Unix socket)
/// as parameters. What is left out is libpq's own default, but for TLS: `verify-full`, held against the system's
/// bundle.
struct ServerLocation {
    std::string user;
    std::string host;  ///< empty: libpq's own default; or the folder of a Unix socket
    std::uint16_t port = 5432;
    std::string database;
    std::string ssl_mode = "verify-full";
    std::string ssl_root_certificate = "/etc/ssl/certs/ca-certificates.crt";

    friend bool operator==(ServerLocation const&, ServerLocation const&) = default;
};

struct Location {
    std::string file;  ///< SQLite's; empty where there is a server
    std::optional<ServerLocation> server;

    /// For people.
    [[nodiscard]] std::string text() const;
    friend bool operator==(Location const&, Location const&) = default;
};

/// `invalid_argument` with what is wrong; a password is never repeated.
[[nodiscard]] Result<Location> parse_location(std::string_view text);

}  // namespace kssedr::store
