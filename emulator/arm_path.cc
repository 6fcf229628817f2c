#include "emulator/arm_path.h"

#include "base/ascii.h"

namespace kssedr::emulator {

ArmPath parse_arm_path(std::vector<std::string> const& segments) {
    ArmPath path;
    std::size_t at = 0;
    auto const take = [&](std::string_view label, std::string& into) {
        if (at + 1 >= segments.size() || !equals_ignore_case(segments[at], label)) return false;
        into = segments[at + 1];
        at += 2;
        return true;
    };
    if (take("subscriptions", path.subscription)) take("resourceGroups", path.group);
    if (take("providers", path.provider)) {
        if (at < segments.size()) path.type = segments[at++];
        if (at < segments.size()) path.name = segments[at++];
        if (at < segments.size()) path.action = segments[at++];
    }
    if (at < segments.size()) path.other = segments[at];
    if (at + 1 < segments.size()) path.other += "/…";
    return path;
}

namespace {

std::string find_resource_operation(std::string_view method, ArmPath const& path) {
    if (method == "GET" && equals_ignore_case(path.type, "locations") &&
        equals_ignore_case(path.action, "operationsStatus"))
        return "operation.get";
    bool const account =
        equals_ignore_case(path.provider, "Microsoft.Storage") && equals_ignore_case(path.type, "storageAccounts");
    bool const vault =
        equals_ignore_case(path.provider, "Microsoft.KeyVault") && equals_ignore_case(path.type, "vaults");
    if (!account && !vault) return "other";
    std::string const kind = account ? "account" : "vault";
    if (method == "GET" && path.action.empty()) return kind + (path.name.empty() ? ".list" : ".get");
    if (account && method == "POST" && equals_ignore_case(path.action, "listKeys")) return "keys.list";
    if (account && method == "POST" && equals_ignore_case(path.action, "regenerateKey")) return "keys.regenerate";
    return "other";
}

}  // namespace

std::string find_arm_operation(std::string_view method, ArmPath const& path, std::vector<std::string> const& segments) {
    if (!path.type.empty()) return find_resource_operation(method, path);
    if (method != "GET" || segments.empty()) return "other";
    if (segments.size() == 2 && segments[0] == "metadata" && segments[1] == "endpoints") return "metadata";
    bool const provider_place = segments.size() >= 2 || !path.provider.empty();
    if (provider_place && !path.provider.empty()) return "provider.get";
    if (equals_ignore_case(segments.back(), "providers")) return "provider.list";
    if (segments.size() == 1 && equals_ignore_case(segments[0], "subscriptions")) return "subscription.list";
    if (segments.size() == 1 && equals_ignore_case(segments[0], "tenants")) return "tenant.list";
    if (path.subscription.empty()) return "other";
    if (!path.group.empty()) return path.other.empty() ? "group.get" : "other";
    if (path.other.empty()) return "subscription.get";
    if (equals_ignore_case(path.other, "resourceGroups")) return "group.list";
    if (equals_ignore_case(path.other, "locations")) return "location.list";
    if (equals_ignore_case(path.other, "resources")) return "resource.list";
    return "other";
}

}  // namespace kssedr::emulator
