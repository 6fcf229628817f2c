#include "formats/contained.h"

#include <charconv>
#include <optional>

namespace kssedr::formats {
namespace {

// An ASCII character written in so many hexadecimal digits.
std::optional<char> parse_code(std::string_view text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    unsigned code = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + digits, code, 16);
    if (error != std::errc{} || end != text.data() + digits || code == 0 || code > 0x7e) return std::nullopt;
    return static_cast<char>(code);
}

// One character from the front of the text, as it is or as an escape for it.
char take_character(std::string_view& text) {
    std::optional<char> code;
    std::size_t length = 1;
    if (text.starts_with("\\u") && (code = parse_code(text.substr(2), 4))) {
        length = 6;
    } else if (text.starts_with('%') && (code = parse_code(text.substr(1), 2))) {
        length = 3;
    } else if (text.starts_with("\\/") || text.starts_with("\\\\")) {
        code = text[1];
        length = 2;
    }
    char const taken = code.value_or(text.front());
    text.remove_prefix(length);
    return taken;
}

SecretString unescape_all(std::string_view text) {
    SecretString plain;
    plain.reserve(text.size());
    while (!text.empty()) {
        char const character = take_character(text);
        plain.append({&character, 1});
    }
    return plain;
}

}  // namespace

bool contains_credential(SecretString const& value, SecretString const& credential) {
    auto const wanted = credential.expose();
    if (wanted.empty()) return false;
    if (value.expose().contains(wanted)) return true;
    // A document may stand escaped in a document: twice is as deep as anybody goes.
    auto const once = unescape_all(value.expose());
    return once.expose().contains(wanted) || unescape_all(once.expose()).expose().contains(wanted);
}

}  // namespace kssedr::formats
