#include "emulator/fill.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace kssedr::emulator {

std::string fill_text(std::string_view text, FindWord const& find) {
    std::string filled;
    while (!text.empty()) {
        auto const open = std::min(text.find('{'), text.size());
        auto const close = text.find('}', open);
        filled += text.substr(0, open);
        text.remove_prefix(open);
        if (close == std::string_view::npos) break;
        auto const gap = text.substr(0, close - open + 1);
        filled += find(gap.substr(1, gap.size() - 2)).value_or(std::string(gap));
        text.remove_prefix(gap.size());
    }
    return filled.append(text);
}

json::value fill_json(json::value const& value, FindWord const& find) {
    if (value.is_string()) return json::string(fill_text(std::string_view(value.get_string()), find));
    if (value.is_array()) {
        json::array filled;
        for (auto const& one : value.get_array()) filled.push_back(fill_json(one, find));
        return filled;
    }
    if (!value.is_object()) return value;
    json::object filled;
    for (auto const& [name, one] : value.get_object()) filled[name] = fill_json(one, find);
    return filled;
}

bool holds(json::value const& given, json::value const& wanted) {
    if (!wanted.is_object()) return given == wanted;
    if (!given.is_object()) return false;
    return std::ranges::all_of(wanted.get_object(), [&](auto const& member) {
        auto const* one = given.get_object().if_contains(member.key());
        return one != nullptr && holds(*one, member.value());
    });
}

}  // namespace kssedr::emulator
