#include "emulator/query.h"

#include "base/ascii.h"

#include <algorithm>
#include <charconv>

namespace kssedr::emulator {

std::string parse_percent(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned code = 0;
        if (text[i] == '%' && i + 2 < text.size()) {
            auto const* const begin = text.data() + i + 1;
            auto const [end, error] = std::from_chars(begin, begin + 2, code, 16);
            if (error == std::errc{} && end == begin + 2) {
                out += static_cast<char>(code);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

Query::Query(std::string_view text, PlusSign plus) {
    for (auto const part : split(text, '&')) {
        if (part.empty()) continue;
        auto const equals = part.find('=');
        std::string name(part.substr(0, equals));
        std::string value(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
        if (plus == PlusSign::is_blank) {
            std::ranges::replace(name, '+', ' ');
            std::ranges::replace(value, '+', ' ');
        }
        parts_.emplace_back(parse_percent(name), parse_percent(value));
    }
}

std::optional<std::string_view> Query::find(std::string_view name) const {
    for (auto const& [key, value] : parts_)
        if (equals_ignore_case(key, name)) return value;
    return std::nullopt;
}

}  // namespace kssedr::emulator
