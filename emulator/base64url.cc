#include "emulator/base64url.h"

#include "base/encoding.h"

#include <algorithm>

namespace kssedr::emulator {

std::string format_base64url(std::string_view bytes) {
    auto text = format_base64(bytes);
    while (text.ends_with('=')) text.pop_back();
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
}

std::optional<std::string> parse_base64url(std::string_view text) {
    if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
    std::string standard(text);
    std::ranges::replace(standard, '-', '+');
    std::ranges::replace(standard, '_', '/');
    while (standard.size() % 4 != 0) standard += '=';
    return parse_base64(standard);
}

}  // namespace kssedr::emulator
