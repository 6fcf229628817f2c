/// Writing JSON by hand: the one place where text becomes a JSON string.

#pragma once

#include <string>
#include <string_view>

namespace kssedr::formats {

/// Appends `text` as a JSON string, quotes included. Always valid UTF-8: what is not in `text` becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);
[[nodiscard]] std::string format_json_string(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace kssedr::formats
