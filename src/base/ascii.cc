#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace kssedr {
namespace {

struct CodePoint {
    std::uint32_t value = 0;
    std::size_t length = 0;  // 0: not UTF-8 here
};

CodePoint decode_utf8(std::string_view text) {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    unsigned char const first = byte(0);
    if (first < 0x80) return {first, 1};
    std::size_t const length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    if (length == 0 || first >= 0xf5 || text.size() < length) return {};
    std::uint32_t value = first & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80U) return {};
        value = (value << 6U) | (byte(i) & 0x3fU);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
    return {value, length};
}

bool is_invisible(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
           c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

}  // namespace

std::string to_ascii_lower(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) { return to_ascii_lower(c); });
    return lower;
}

bool starts_with_ignore_case(std::string_view text, std::string_view begin) {
    return text.size() >= begin.size() && equals_ignore_case(text.substr(0, begin.size()), begin);
}

bool ends_with_ignore_case(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && equals_ignore_case(text.substr(text.size() - end.size()), end);
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_ascii_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_ascii_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        auto const at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            std::size_t const changed = diagonal + (to_ascii_lower(a[i]) == to_ascii_lower(b[j]) ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, changed});
        }
    }
    return row.back();
}

std::string escape_for_display(std::string_view text, std::size_t limit) {
    // Nearly all that is shown is plain.
    bool const is_plain = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
    if (is_plain && text.size() <= limit) return std::string(text);
    std::string out;
    std::size_t shown = 0;
    while (!text.empty()) {
        if (shown == limit) return out + "…";
        auto const [value, length] = decode_utf8(text);
        if (length == 0) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
        } else if (value == '\n') {
            out += "\\n";
        } else if (is_invisible(value)) {
            out += fmt::format("\\u{{{:x}}}", value);
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
        ++shown;
    }
    return out;
}

}  // namespace kssedr
