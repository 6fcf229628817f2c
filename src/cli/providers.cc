#include "cli/providers.h"

#include "base/ascii.h"
#include "formats/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace kssedr::cli {
namespace {

using rotation::AllowedTarget;
using rotation::CatalogueEntry;

std::string format_list(std::vector<std::string> const& texts) {
    std::string list = "[";
    for (auto const& text : texts) list += (list.size() == 1 ? "" : ",") + formats::format_json_string(text);
    return list + ']';
}

std::string format_json(CatalogueEntry const& entry) {
    auto const quoted = [](std::string_view text) { return formats::format_json_string(text); };
    std::string text =
        fmt::format(R"({{"schema":1,"id":{},"title":{},"type":{},"shape":{},"permissions":{},"leastRole":{})",
                    quoted(entry.id), quoted(entry.title), quoted(entry.type), quoted(to_string(entry.shape)),
                    format_list(entry.permissions), quoted(entry.role));
    if (entry.has_slots()) {
        std::vector<std::string> slots;
        for (auto const& slot : entry.slots) slots.push_back(slot.name);
        text += ",\"slots\":" + format_list(slots) + ",\"apiVersion\":" + quoted(entry.api_version);
    } else if (!entry.is_rotated()) {
        text += ",\"reason\":" + quoted(entry.reason) + ",\"instead\":" + quoted(entry.instead);
    }
    if (!entry.notes.empty()) text += ",\"notes\":" + format_list(entry.notes);
    return text + "}\n";
}

// What is rotated first, each in the catalogue's order.
std::vector<CatalogueEntry const*> in_order(rotation::Catalogue const& catalogue) {
    std::vector<CatalogueEntry const*> entries;
    for (bool const is_rotated : {true, false})
        for (auto const& entry : catalogue.entries())
            if (entry.is_rotated() == is_rotated) entries.push_back(&entry);
    return entries;
}

std::string describe_slots(CatalogueEntry const& entry) {
    std::map<std::string, std::string> pairs;
    std::vector<std::string> order;
    for (auto const& slot : entry.slots) {
        auto& names = pairs[slot.pair];
        if (names.empty()) order.push_back(slot.pair);
        names += (names.empty() ? "" : ", ") + slot.name;
    }
    std::string text;
    for (auto const& pair : order) text += (text.empty() ? "" : "; ") + (pair.empty() ? "" : pair + ": ") + pairs[pair];
    return text;
}

// Whether an owner of this type may lie within the scope.
bool may_reach(AllowedTarget const& target, CatalogueEntry const& entry) {
    if (target.is_every_arm) return true;
    if (!target.arm) return false;
    auto const type = to_ascii_lower(target.arm->resource_type());
    auto const entry_type = to_ascii_lower(entry.type);
    return type.empty() || entry_type == type || entry_type.starts_with(type + '/');
}

// A role may be assigned at subscriptions and resource groups, and so below them.
std::set<std::string> assignable_scopes(std::optional<rotation::AllowedTargets> const& allowed) {
    std::set<std::string> scopes;
    if (allowed)
        for (auto const& target : allowed->entries())
            if (target.arm) scopes.insert(target.arm->group_scope().text());
    if (scopes.empty()) scopes.insert("/subscriptions/{your subscription's id}");
    return scopes;
}

std::string format_lines(std::set<std::string> const& texts) {
    std::string lines;
    for (auto const& text : texts) lines += (lines.empty() ? "\n    " : ",\n    ") + formats::format_json_string(text);
    return lines + "\n  ";
}

}  // namespace

std::string format_providers(rotation::Catalogue const& catalogue, bool json) {
    std::string text;
    auto const entries = in_order(catalogue);
    std::size_t longest = 2;
    for (auto const* entry : entries) longest = std::max(longest, entry->id.size());
    if (!json) text = fmt::format("{:{}}  {:10}  {}\n", "ID", longest, "SHAPE", "TYPE, LEAST ROLE");
    for (auto const* entry : entries) {
        if (json) {
            text += format_json(*entry);
            continue;
        }
        text += fmt::format("{:{}}  {:10}  {}", entry->id, longest, to_string(entry->shape), entry->type);
        text += entry->role.empty() ? "\n" : ", " + entry->role + '\n';
    }
    return text;
}

std::string format_provider(CatalogueEntry const& entry, bool json) {
    if (json) return format_json(entry);
    auto const line = [](std::string_view name, std::string_view value) {
        return value.empty() ? std::string() : fmt::format("{:12} {}\n", name, value);
    };
    std::string text = line("id", entry.id) + line("title", entry.title) + line("type", entry.type) +
                       line("shape", to_string(entry.shape)) + line("slots", describe_slots(entry)) +
                       line("why not", entry.reason) + line("instead", entry.instead);
    for (auto const& permission : entry.permissions)
        text += line(&permission == entry.permissions.data() ? "permissions" : "", permission);
    text += line("least role", entry.role);
    for (auto const& note : entry.notes) text += line(&note == entry.notes.data() ? "notes" : "", note);
    return text;
}

std::string format_role_definition(rotation::Catalogue const& catalogue,
                                   std::optional<rotation::AllowedTargets> const& allowed) {
    std::map<std::string, std::string> actions;  // by their lower case: Azure's own spellings differ in it
    for (auto const& entry : catalogue.entries()) {
        bool const is_reached = !allowed || std::ranges::any_of(allowed->entries(), [&](AllowedTarget const& target) {
            return may_reach(target, entry);
        });
        if (!entry.has_slots() || !is_reached) continue;
        for (auto const& permission : entry.permissions) actions.try_emplace(to_ascii_lower(permission), permission);
    }
    std::set<std::string> written;
    for (auto const& [key, action] : actions) written.insert(action);
    return fmt::format(
        "{{\n  \"Name\": \"kssedr\",\n  \"IsCustom\": true,\n"
        "  \"Description\": \"Lists and regenerates the keys that kssedr rotates, and nothing else.\",\n"
        "  \"Actions\": [{}],\n  \"NotActions\": [],\n  \"DataActions\": [],\n  \"NotDataActions\": [],\n"
        "  \"AssignableScopes\": [{}]\n}}\n",
        format_lines(written), format_lines(assignable_scopes(allowed)));
}

std::string advise_on_graph(std::optional<rotation::AllowedTargets> const& allowed) {
    bool const has_applications =
        allowed && std::ranges::any_of(allowed->entries(), [](AllowedTarget const& target) {
            return target.owner && target.owner->kind() == rotation::OwnerId::Kind::application;
        });
    if (!has_applications) return {};
    return "client secrets of applications need no role of Azure: grant kssedr's identity the application permission "
           "Application.ReadWrite.OwnedBy of Microsoft Graph, with an administrator's consent, and make it an owner of "
           "each application";
}

Result<CatalogueEntry const*> find_provider(rotation::Catalogue const& catalogue, std::string_view id) {
    if (auto const* entry = catalogue.find(id)) return entry;
    auto const entries = catalogue.entries();
    auto const nearest = std::ranges::min_element(
        entries, {}, [&](CatalogueEntry const& entry) { return edit_distance(id.substr(0, 128), entry.id); });
    std::string message = "the catalogue has no entry \"" + escape_for_display(id) + '"';
    if (nearest != entries.end()) message += "; did you mean " + nearest->id + "?";
    return fail(Errc::invalid_argument, std::move(message));
}

}  // namespace kssedr::cli
