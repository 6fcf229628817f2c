#include "formats/percent_text.h"

#include "base/ascii.h"

#include <charconv>

namespace kssedr::formats {

std::optional<SecretString> decode_percent(std::string_view text) {
    SecretString plain;
    plain.reserve(text.size());
    while (!text.empty()) {
        char taken = text.front();
        std::size_t length = 1;
        if (taken == '%') {
            unsigned code = 0;
            auto const digits = text.substr(1, 2);
            auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
            if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return std::nullopt;
            taken = static_cast<char>(code);
            length = 3;
        }
        plain.append({&taken, 1});
        text.remove_prefix(length);
    }
    return plain;
}

SecretString encode_percent(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    SecretString encoded;
    encoded.reserve(text.size() * 3);
    for (char const& c : text) {
        if (is_ascii_letter(c) || is_ascii_digit(c) || std::string_view("-._~").contains(c)) {
            encoded.append({&c, 1});
            continue;
        }
        auto const code = static_cast<unsigned char>(c);
        encoded.append("%");
        encoded.append(digits.substr(code >> 4U, 1));
        encoded.append(digits.substr(code & 0xfU, 1));
    }
    return encoded;
}

}  // namespace kssedr::formats
