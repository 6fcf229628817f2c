#include "rotation/catalogue.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace kssedr::rotation {
namespace {

constexpr std::array<std::string_view, 10> shape_words = {"slots",      "list",       "password", "hook",    "single",
                                                          "shown-once", "not-listed", "fixed",    "preview", "retired"};

// The placeholder at the front of a text that begins with `{`; empty where none closes.
std::string_view placeholder_at(std::string_view text) {
    auto const end = text.find('}');
    return end == std::string_view::npos ? std::string_view() : text.substr(0, end + 1);
}

// Calls `fill(placeholder)` for each `{…}`, and puts its text in the placeholder's stead where it gives one.
template <class Fill>
std::string replace_placeholders(std::string_view text, Fill fill) {
    std::string filled;
    while (!text.empty()) {
        auto const begin = std::min(text.find('{'), text.size());
        filled += text.substr(0, begin);
        text.remove_prefix(begin);
        if (text.empty()) break;
        auto const placeholder = placeholder_at(text);
        std::optional<std::string> const with = placeholder.empty() ? std::nullopt : fill(placeholder);
        auto const taken = with ? placeholder.size() : 1;
        filled += with ? std::string_view(*with) : text.substr(0, 1);
        text.remove_prefix(taken);
    }
    return filled;
}

// `{2}`: 2; nothing for what is no number of one digit.
std::optional<std::size_t> position_of(std::string_view placeholder) {
    if (placeholder.size() != 3 || placeholder[1] < '1' || placeholder[1] > '9') return std::nullopt;
    return static_cast<std::size_t>(placeholder[1] - '0');
}

std::vector<std::string> fill_all(std::vector<std::string> const& texts, ArmId const& owner, Cloud const& cloud) {
    std::vector<std::string> filled;
    for (auto const& text : texts) filled.push_back(fill_placeholders(text, owner, cloud));
    return filled;
}

}  // namespace

std::string_view to_string(EntryShape shape) {
    return shape_words[static_cast<std::size_t>(shape)];
}

std::optional<EntryShape> parse_entry_shape(std::string_view word) {
    auto const place = std::ranges::find(shape_words, word);
    if (place == shape_words.end()) return std::nullopt;
    return static_cast<EntryShape>(place - shape_words.begin());
}

EntrySlot const* CatalogueEntry::find_slot(std::string_view name) const {
    auto const place = std::ranges::find(slots, name, &EntrySlot::name);
    return place == slots.end() ? nullptr : &*place;
}

std::size_t CatalogueEntry::pair_of(EntrySlot const& slot) const {
    std::vector<std::string_view> pairs;
    for (auto const& one : slots)
        if (std::ranges::find(pairs, one.pair) == pairs.end()) pairs.push_back(one.pair);
    return static_cast<std::size_t>(std::ranges::find(pairs, slot.pair) - pairs.begin());
}

CatalogueEntry const* Catalogue::find(ArmId const& owner) const {
    auto const type = owner.resource_type();
    CatalogueEntry const* found = nullptr;
    for (auto const& entry : entries_) {
        if (!equals_ignore_case(entry.type, type)) continue;
        if (entry.has_slots()) return &entry;
        if (found == nullptr) found = &entry;
    }
    return found;
}

CatalogueEntry const* Catalogue::find(std::string_view id) const {
    auto const place = std::ranges::find(entries_, id, &CatalogueEntry::id);
    return place == entries_.end() ? nullptr : &*place;
}

CatalogueEntry const* Catalogue::nearest(std::string_view type) const {
    auto const wanted = to_ascii_lower(type.substr(0, 256));
    auto const space_of = [](std::string_view text) { return text.substr(0, text.find('/')); };
    auto const distance = [&](CatalogueEntry const& entry) {
        bool const is_elsewhere = !equals_ignore_case(space_of(entry.type), space_of(wanted));
        return std::tuple(!entry.is_of_resources(), is_elsewhere, edit_distance(wanted, to_ascii_lower(entry.type)));
    };
    auto const best = std::ranges::min_element(entries_, {}, distance);
    return best == entries_.end() ? nullptr : &*best;
}

std::string fill_placeholders(std::string_view text, ArmId const& owner, Cloud const& cloud) {
    return replace_placeholders(text, [&](std::string_view placeholder) -> std::optional<std::string> {
        if (placeholder == "{name}") return std::string(owner.resource_name());
        if (placeholder == "{storage_suffix}") return cloud.storage_suffix;
        auto const position = position_of(placeholder);
        auto const names = owner.resource_names();
        if (!position || *position > names.size()) return std::nullopt;
        return std::string(names[*position - 1]);
    });
}

std::string find_unknown_placeholder(std::string_view text, std::string_view type) {
    auto const names = static_cast<std::size_t>(std::ranges::count(type, '/'));
    std::string unknown;
    (void)replace_placeholders(text, [&](std::string_view placeholder) -> std::optional<std::string> {
        auto const position = position_of(placeholder);
        bool const is_known =
            placeholder == "{name}" || placeholder == "{storage_suffix}" || (position && *position <= names);
        if (!is_known && unknown.empty()) unknown = placeholder;
        return std::string();
    });
    return unknown;
}

CredentialShape shape_of(CatalogueEntry const& entry, ArmId const& owner, Cloud const& cloud) {
    CredentialShape shape;
    // The outermost name is the one that hosts and people know: the namespace, not the policy of a queue in it.
    if (auto const names = owner.resource_names(); !names.empty()) shape.owner_name = names.front();
    shape.keys = entry.keys;
    for (auto& form : shape.keys) form.begins = fill_placeholders(form.begins, owner, cloud);
    shape.key_member.clear();
    shape.owner_member.clear();
    shape.needed_members.clear();
    if (auto const hosts = entry.hosts.find(cloud.name); hosts != entry.hosts.end())
        shape.hosts = fill_all(hosts->second, owner, cloud);
    shape.urls = entry.urls;
    for (auto& url : shape.urls) url.user = fill_placeholders(url.user, owner, cloud);
    if (!entry.connection) return shape;
    auto const& connection = *entry.connection;
    shape.key_member = connection.key;
    shape.separator = connection.separator;
    shape.owner_member = connection.owner;
    shape.needed_members = connection.needs;
    for (auto const& [name, value] : connection.members)
        shape.fixed_members.push_back({name, fill_placeholders(value, owner, cloud)});
    shape.endpoint_members = connection.endpoints;
    shape.foreign_members = connection.foreign;
    return shape;
}

std::string explain_unserved(Catalogue const& catalogue, ArmId const& owner) {
    auto const type = owner.resource_type();
    if (auto const* entry = catalogue.find(owner))
        return entry->title + " (" + entry->type + ") is not rotated: " + entry->reason + "; " + entry->instead;
    std::string text = "the catalogue has no resources of type " + escape_for_display(type);
    if (auto const* near = catalogue.nearest(type))
        text += "; the nearest it has is " + near->type + " (" + near->id + ")";
    return text + "; `kssedr providers` lists them all";
}

}  // namespace kssedr::rotation
