#include "emulator/world.h"

#include "base/ascii.h"
#include "base/encoding.h"

#include <algorithm>
#include <array>

namespace kssedr::emulator {

bool IgnoringCase::operator()(std::string_view a, std::string_view b) const {
    return std::ranges::lexicographical_compare(
        a, b, {}, [](char c) { return to_ascii_lower(c); }, [](char c) { return to_ascii_lower(c); });
}

Tenant const* World::find_tenant(std::string_view id_or_domain) const {
    if (auto const found = tenants.find(id_or_domain); found != tenants.end()) return &found->second;
    for (auto const& [id, tenant] : tenants)
        if (equals_ignore_case(tenant.domain, id_or_domain)) return &tenant;
    return nullptr;
}

App const* World::find_app(std::string_view client_id) const {
    auto const found = apps.find(client_id);
    return found == apps.end() ? nullptr : &found->second;
}

App* World::find_application(std::string_view object_id) {
    auto const found = std::ranges::find_if(
        apps, [&](auto const& one) { return equals_ignore_case(one.second.application_id, object_id); });
    return found == apps.end() ? nullptr : &found->second;
}

ResourceGroup const* World::find_group(std::string_view subscription, std::string_view name) const {
    auto const found = std::ranges::find_if(groups, [&](ResourceGroup const& group) {
        return equals_ignore_case(group.subscription, subscription) && equals_ignore_case(group.name, name);
    });
    return found == groups.end() ? nullptr : &*found;
}

ReadOnlyLock const* World::find_lock(std::string_view resource_id) const {
    auto const found = std::ranges::find_if(locks, [&](ReadOnlyLock const& lock) {
        auto const& scope = lock.scope;
        if (resource_id.size() < scope.size() || !equals_ignore_case(resource_id.substr(0, scope.size()), scope))
            return false;
        return resource_id.size() == scope.size() || resource_id[scope.size()] == '/';
    });
    return found == locks.end() ? nullptr : &*found;
}

std::string format_resource_id(ResourcePlace const& place, std::string_view type) {
    return "/subscriptions/" + place.subscription + "/resourceGroups/" + place.group + "/providers/" +
           std::string(type) + "/" + place.name;
}

bool is_denied(App const& app, std::string_view operation, std::string_view resource) {
    return std::ranges::any_of(app.denials, [&](Denial const& denial) {
        std::string_view const pattern = denial.operation;
        bool const named = pattern.ends_with('*') ? equals_ignore_case(operation.substr(0, pattern.size() - 1),
                                                                       pattern.substr(0, pattern.size() - 1))
                                                  : equals_ignore_case(operation, pattern);
        return named && to_ascii_lower(resource).find(to_ascii_lower(denial.resource)) != std::string::npos;
    });
}

bool is_taken(AppPassword const& password, TimePoint now) {
    return password.taken_from <= now && (!password.is_removed || now < password.taken_until);
}

std::string make_account_key(Random& random) {
    std::array<char, 64> bytes{};
    random.fill(bytes);
    return format_base64({bytes.data(), bytes.size()});
}

std::string make_client_secret(Random& random) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~";
    std::string secret;
    for (int i = 0; i < 40; ++i) secret += alphabet[random.below(alphabet.size())];
    return secret;
}

}  // namespace kssedr::emulator
