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

// Whether owners of this type are named by the scope: it is one of them, or what they belong to.
bool is_named_by(rotation::ArmId const& scope, CatalogueEntry const& entry) {
    auto const type = to_ascii_lower(scope.resource_type());
    auto const entry_type = to_ascii_lower(entry.type);
    return !type.empty() && (entry_type == type || entry_type.starts_with(type + '/'));
}

bool permits(AllowedTarget const& target, rotation::SecretRule const& rule) {
    auto const* resource = rule.target ? rule.target->resource() : nullptr;
    bool const is_same_vault = !target.vault || !rule.vault || target.vault->text == rule.vault->text;
    return resource != nullptr && is_same_vault &&
           (target.is_every_arm || (target.arm && target.arm->contains(*resource)));
}

// What a configuration can come to rotate, as far as it is told without asking anybody.
class Uses {
public:
    Uses(rotation::Catalogue const& catalogue, rotation::Policy const& policy)
        : catalogue_(catalogue), rules_(policy.rules) {
        if (!policy.allowed) {
            take_scope(std::nullopt);
            return;
        }
        for (auto const& target : policy.allowed->entries()) {
            if (target.arm && !target.arm->resource_type().empty())
                take_named(*target.arm);
            else if (target.arm || target.is_every_arm)
                take_scope(target);
        }
    }

    [[nodiscard]] bool has(CatalogueEntry const& entry) const { return entries_.contains(&entry); }
    [[nodiscard]] bool is_guessed() const { return is_guessed_; }

private:
    void take_named(rotation::ArmId const& scope) {
        for (auto const& entry : catalogue_.entries())
            if (is_named_by(scope, entry)) entries_.insert(&entry);
    }
    // A scope that names no type: what rules want of it; where none wants anything, it may be everything.
    void take_scope(std::optional<AllowedTarget> const& scope) {
        is_guessed_ = true;
        AllowedTarget everything;
        everything.is_every_arm = true;
        bool is_told = false;
        for (auto const& rule : rules_) {
            if (!permits(scope ? *scope : everything, rule)) continue;
            is_told = true;
            take_named(*rule.target->resource());
        }
        if (is_told) return;
        for (auto const& entry : catalogue_.entries()) entries_.insert(&entry);
    }

    rotation::Catalogue const& catalogue_;
    std::vector<rotation::SecretRule> const& rules_;
    std::set<CatalogueEntry const*> entries_;
    bool is_guessed_ = false;
};

// A role may be assigned at subscriptions and resource groups, and so below them.
std::set<std::string> assignable_scopes(rotation::Policy const& policy) {
    std::set<std::string> scopes;
    bool is_anywhere = !policy.allowed;
    if (policy.allowed)
        for (auto const& target : policy.allowed->entries()) {
            if (target.arm) scopes.insert(target.arm->group_scope().text());
            is_anywhere = is_anywhere || target.is_every_arm;
        }
    if (is_anywhere)
        for (auto const& rule : policy.rules)
            if (rule.target && rule.target->resource() != nullptr)
                scopes.insert(rule.target->resource()->group_scope().text());
    if (scopes.empty()) scopes.insert("/subscriptions/{your subscription's id}");
    return scopes;
}

// What a role can not give: the permission of Microsoft Graph that the allowed applications need. Empty where they need
// none.
std::string advise_on_graph(rotation::Policy const& policy) {
    bool const has_applications =
        policy.allowed && std::ranges::any_of(policy.allowed->entries(), [](AllowedTarget const& target) {
            return target.owner && target.owner->kind() == rotation::OwnerId::Kind::application;
        });
    if (!has_applications) return {};
    return "client secrets of applications need no role of Azure: grant kssedr's identity the application permission "
           "Application.ReadWrite.OwnedBy of Microsoft Graph, with an administrator's consent, and make it an owner of "
           "each application";
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
    if (!json) text = fmt::format("{:{}}  {:10}  {}\n", "ID", longest, "SHAPE", "TYPE, LEAST ROLE; PERMISSIONS");
    for (auto const* entry : entries) {
        if (json) {
            text += format_json(*entry);
            continue;
        }
        text += fmt::format("{:{}}  {:10}  {}", entry->id, longest, to_string(entry->shape), entry->type);
        text += entry->role.empty() ? "\n" : ", " + entry->role + '\n';
        for (auto const& permission : entry->permissions) text += std::string(longest + 16, ' ') + permission + '\n';
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

Result<RoleDefinition> define_role(rotation::Catalogue const& catalogue, rotation::Policy const& policy,
                                   std::span<std::string const> ids) {
    for (auto const& id : ids) {
        KSSEDR_TRY(auto const* entry, find_provider(catalogue, id));
        if (!entry->has_slots())
            return fail(Errc::invalid_argument, "entry " + entry->id + " needs no role of Azure: its shape is " +
                                                    std::string(to_string(entry->shape)));
    }
    Uses const uses(catalogue, policy);
    std::map<std::string, std::string> actions;  // by their lower case: Azure's own spellings differ in it
    for (auto const& entry : catalogue.entries()) {
        bool const is_used = ids.empty() ? uses.has(entry) : std::ranges::find(ids, entry.id) != ids.end();
        if (!entry.has_slots() || !is_used) continue;
        for (auto const& permission : entry.permissions) actions.try_emplace(to_ascii_lower(permission), permission);
    }
    std::set<std::string> written;
    for (auto const& [key, action] : actions) written.insert(action);
    RoleDefinition role;
    role.json = fmt::format(
        "{{\n  \"Name\": \"kssedr\",\n  \"IsCustom\": true,\n"
        "  \"Description\": \"Lists and regenerates the keys that kssedr rotates, and nothing else.\",\n"
        "  \"Actions\": [{}],\n  \"NotActions\": [],\n  \"DataActions\": [],\n  \"NotDataActions\": [],\n"
        "  \"AssignableScopes\": [{}]\n}}\n",
        format_lines(written), format_lines(assignable_scopes(policy)));
    if (ids.empty() && uses.is_guessed())
        role.advice.emplace_back(
            "what may be rotated is permitted by scopes that name no type, so that the role has what rules' targets in "
            "them need, or all entries where no rule has one; say which are used with "
            "`kssedr providers role-definition ID…`");
    if (auto advice = advise_on_graph(policy); !advice.empty()) role.advice.push_back(std::move(advice));
    return role;
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
