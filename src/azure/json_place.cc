#include "azure/json_place.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::azure {
namespace {

bool holds(JsonView element, std::string_view condition) {
    auto const equals = std::min(condition.find('='), condition.size());
    auto name = condition.substr(0, equals);
    auto const wanted = condition.substr(std::min(equals + 1, condition.size()));
    bool const may_lack = name.ends_with('?');
    if (may_lack) name.remove_suffix(1);
    auto const said = element[name].text();
    if (!said) return may_lack;
    return equals_ignore_case(*said, wanted);
}

JsonView find_element(JsonView list, std::string_view conditions) {
    for (auto const& element : list.items())
        if (std::ranges::all_of(split(conditions, ','), [&](auto condition) { return holds(element, condition); }))
            return element;
    return {};
}

}  // namespace

JsonView find_place(JsonView root, std::string_view place) {
    auto at = root;
    while (!place.empty()) {
        auto const end = std::min(place.find_first_of(".["), place.size());
        at = at[place.substr(0, end)];
        place.remove_prefix(end);
        if (place.starts_with('[')) {
            auto const close = std::min(place.find(']'), place.size());
            at = find_element(at, place.substr(1, close - 1));
            place.remove_prefix(std::min(close + 1, place.size()));
        }
        if (place.starts_with('.')) place.remove_prefix(1);
    }
    return at;
}

}  // namespace kssedr::azure
