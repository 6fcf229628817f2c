/// Whether a text has the form of base64, told without decoding it: decoding in place destroys, and a secret must not
/// be decoded into memory that is not wiped.

#pragma once

#include "base/ascii.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace kssedr::formats {

/// The size of what standard base64 with padding decodes to; nothing where the text is not base64, or is another
/// spelling of its bytes than the one that encoders write (RFC 4648, 3.5): what is compared as text must not have two.
[[nodiscard]] inline std::optional<std::size_t> base64_decoded_size(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    if (text.empty()) return 0;
    std::size_t const padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    bool const is_base64 = std::ranges::all_of(text.substr(0, text.size() - padding), [](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || c == '+' || c == '/';
    });
    if (!is_base64) return std::nullopt;
    if (padding != 0) {
        // The bits of the last character that no byte takes are zero.
        std::string_view const last = padding == 2 ? "AQgw" : "AEIMQUYcgkosw048";
        if (!last.contains(text[text.size() - padding - 1])) return std::nullopt;
    }
    return text.size() / 4 * 3 - padding;
}

}  // namespace kssedr::formats
