/// Shared Key: how the blob service wants its requests signed (2015-02-21 and later).
///
/// Source: "Authorize with Shared Key", Azure Storage REST reference.

#pragma once

#include "emulator/query.h"
#include "listen/http_server.h"

#include <optional>
#include <string>
#include <string_view>

namespace kssedr::emulator {

/// What an `Authorization: SharedKey account:signature` header says.
struct SharedKeyHeader {
    std::string account;
    std::string signature;
};
[[nodiscard]] std::optional<SharedKeyHeader> parse_shared_key_header(std::string_view header);

/// The text that is signed. Total; `account` is the account the request was sent to.
[[nodiscard]] std::string make_string_to_sign(listen::Request const& request, std::string_view account);

/// Base64 of HMAC-SHA-256 under a base64 key; nothing where the key is no base64.
[[nodiscard]] std::optional<std::string> sign_with_account_key(std::string_view key, std::string_view string_to_sign);

}  // namespace kssedr::emulator
