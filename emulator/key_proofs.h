/// Whether a request shows that its sender has a key: the ways in which services ask for that. Pure.

#pragma once

#include "emulator/world.h"
#include "listen/http_server.h"

#include <string_view>

namespace kssedr::emulator {

/// `api-key: {key}`.
[[nodiscard]] bool has_key_header(listen::Request const& request, std::string_view header, ResourceKey const& key);
/// `Basic`, with the resource's name for the user.
[[nodiscard]] bool has_password(listen::Request const& request, std::string_view user, ResourceKey const& key);
/// A JWT for this URL, with its query or without, signed with the key's characters. Its dates are not looked at: the
/// sender's clock need not be the emulated one.
[[nodiscard]] bool has_key_token(listen::Request const& request, ResourceKey const& key);
/// `HMAC-SHA256`: method, target and the signed headers, with the decoded key; where keys have ids, under this one's.
[[nodiscard]] bool has_key_signature(listen::Request const& request, ResourceKey const& key);
/// `type=master&ver=1.0&sig=…` for the feed at the root that the path names.
[[nodiscard]] bool has_master_signature(listen::Request const& request, ResourceKey const& key);

}  // namespace kssedr::emulator
