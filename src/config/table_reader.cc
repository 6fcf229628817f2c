#include "config/table_reader.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::config {

std::string TableReader::text(std::string_view name) const {
    auto const place = given_.members.find(name);
    return place == given_.members.end() ? std::string() : std::string(trim(place->second.value));
}

void TableReader::problem(std::string_view name, std::string const& why) {
    auto const place = given_.members.find(name);
    auto const& where = place == given_.members.end() ? given_.where : place->second.where;
    problems_.push_back(where + ": " + why);
    is_usable_ = false;
}

void TableReader::check_names(std::string_view what, std::span<std::string_view const> members) {
    for (auto const& [name, value] : given_.members) {
        if (std::ranges::find(members, std::string_view(name)) != members.end()) continue;
        auto const nearest =
            std::ranges::min_element(members, {}, [&](std::string_view member) { return edit_distance(name, member); });
        problem(name, std::string(what) + " has no member \"" + escape_for_display(name) + "\"; did you mean " +
                          std::string(*nearest) + "?");
    }
}

bool TableReader::flag(std::string_view name) {
    auto const given = text(name);
    if (!given.empty() && given != "true" && given != "false") problem(name, std::string(name) + " is true or false");
    return given == "true";
}

}  // namespace kssedr::config
