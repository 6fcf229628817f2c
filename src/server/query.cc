#include "server/query.h"

#include "base/ascii.h"

#include <algorithm>
#include <charconv>

namespace kssedr::server {
namespace {

Failure wrong(std::string_view name, std::string_view why) {
    return fail(Errc::invalid_argument, "the parameter " + escape_for_display(name) + ' ' + std::string(why));
}

// What `application/x-www-form-urlencoded` says; nothing where a `%` stands without its two digits.
std::optional<std::string> decode(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        unsigned byte = 0;
        auto const digits = text.substr(i + 1, 2);
        auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return std::nullopt;
        decoded += static_cast<char>(byte);
        i += 2;
    }
    return decoded;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

Result<Query> Query::parse(std::string_view text, std::vector<std::string_view> const& known) {
    Query query;
    for (auto const part : split(text, '&')) {
        if (part.empty()) continue;
        auto const equals = part.find('=');
        auto const name = decode(part.substr(0, equals));
        auto const value = decode(equals == std::string_view::npos ? "" : part.substr(equals + 1));
        if (!name || !value) return wrong(part, "is not encoded rightly");
        if (std::ranges::find(known, *name) == known.end()) {
            auto const there_are = known.empty() ? std::string("there are none") : "there are " + join(known);
            return wrong(*name, "is not known here; " + there_are);
        }
        if (!query.values_.emplace(*name, *value).second) return wrong(*name, "is given twice");
    }
    return query;
}

std::string Query::text(std::string_view name) const {
    auto const found = values_.find(name);
    return found == values_.end() ? std::string() : found->second;
}

Result<std::optional<std::uint64_t>> Query::number(std::string_view name, std::uint64_t least,
                                                   std::uint64_t most) const {
    auto const given = text(name);
    if (given.empty()) return std::nullopt;
    auto const value = parse_number(given);
    if (!value || *value < least || *value > most)
        return wrong(name, "is to be a number from " + std::to_string(least) + " to " + std::to_string(most));
    return value;
}

Result<std::optional<TimePoint>> Query::time(std::string_view name) const {
    auto const given = text(name);
    if (given.empty()) return std::nullopt;
    auto const value = parse_rfc3339(given);
    if (!value) return wrong(name, "is to be a time such as 2026-01-15T09:30:00Z");
    return value;
}

}  // namespace kssedr::server
