#include "base/encoding.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace kssedr {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_reverse() {
    std::array<std::int8_t, 256> reverse{};
    reverse.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        reverse[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return reverse;
}
constexpr auto reverse_alphabet = make_reverse();

// Decodes into `out`, which may be the text itself; the size, or -1.
std::ptrdiff_t decode(std::string_view text, char* out) {
    if (text.size() % 4 != 0) return -1;
    std::size_t const padding = text.empty() ? 0 : text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::ptrdiff_t written = 0;
    for (std::size_t i = 0; i < text.size(); i += 4) {
        bool const last = i + 4 == text.size();
        std::size_t const present = last ? 4 - padding : 4;
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 4; ++j) {
            int const value = j < present ? reverse_alphabet[static_cast<unsigned char>(text[i + j])] : 0;
            if (value < 0) return -1;
            bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        }
        for (std::size_t j = 0; j + 1 < present; ++j)
            out[written++] = static_cast<char>((bits >> (16 - 8 * j)) & 0xffU);
    }
    return written;
}

}  // namespace

std::string format_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::size_t const present = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j)
            bits = (bits << 8U) | (j < present ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j) text += j <= present ? alphabet[(bits >> (18 - 6 * j)) & 0x3fU] : '=';
    }
    return text;
}

std::optional<std::string> parse_base64(std::string_view text) {
    std::string bytes(text.size() / 4 * 3, '\0');
    auto const size = decode(text, bytes.data());
    if (size < 0) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
}

std::optional<std::string_view> parse_base64_in_place(std::span<char> text) {
    auto const size = decode({text.data(), text.size()}, text.data());
    if (size < 0) return std::nullopt;
    return std::string_view(text.data(), static_cast<std::size_t>(size));
}

std::string format_base64url(std::string_view bytes) {
    auto text = format_base64(bytes);
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    while (text.ends_with('=')) text.pop_back();
    return text;
}

std::optional<std::string> parse_base64url(std::string_view text) {
    if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
    std::string standard(text);
    std::ranges::replace(standard, '-', '+');
    std::ranges::replace(standard, '_', '/');
    standard.append((4 - standard.size() % 4) % 4, '=');
    // Three characters of padding: one character is left over, which is no byte.
    if (standard.ends_with("===")) return std::nullopt;
    return parse_base64(standard);
}

std::string format_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (char const c : bytes) {
        text += digits[static_cast<unsigned char>(c) >> 4U];
        text += digits[static_cast<unsigned char>(c) & 0xfU];
    }
    return text;
}

std::string format_percent(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (char const c : text) {
        if (is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
        } else {
            out += '%';
            out += digits[static_cast<unsigned char>(c) >> 4U];
            out += digits[static_cast<unsigned char>(c) & 0xfU];
        }
    }
    return out;
}

}  // namespace kssedr
