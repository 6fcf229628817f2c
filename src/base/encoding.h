/// Base64, hexadecimal and percent encodings.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kssedr {

/// Standard base64 with padding (RFC 4648, 4).
[[nodiscard]] std::string format_base64(std::string_view bytes);
/// Reads standard base64; padding required, nothing else accepted.
[[nodiscard]] std::optional<std::string> parse_base64(std::string_view text);
/// Decodes standard base64 in place: the result is a prefix of `text`'s own memory.
[[nodiscard]] std::optional<std::string_view> parse_base64_in_place(std::span<char> text);

/// Base64url without padding, as tokens are written (RFC 4648, 5; RFC 7515, 2).
[[nodiscard]] std::string format_base64url(std::string_view bytes);
/// Reads it; padding, blanks and standard base64's own two characters are not taken.
[[nodiscard]] std::optional<std::string> parse_base64url(std::string_view text);

[[nodiscard]] std::string format_hex(std::string_view bytes);

/// `application/x-www-form-urlencoded` of one name or value; also fit for a URL's query.
[[nodiscard]] std::string format_percent(std::string_view text);

}  // namespace kssedr
