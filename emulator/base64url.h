/// Base64 for URLs and tokens (RFC 4648, 5): no padding.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kssedr::emulator {

[[nodiscard]] std::string format_base64url(std::string_view bytes);
[[nodiscard]] std::optional<std::string> parse_base64url(std::string_view text);

}  // namespace kssedr::emulator
