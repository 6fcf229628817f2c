#include "emulator/arm_json.h"

#include "base/ascii.h"

#include <boost/json/array.hpp>

namespace kssedr::emulator {
namespace {

json::object to_tags(std::map<std::string, std::string> const& tags) {
    json::object out;
    for (auto const& [name, value] : tags) out[name] = value;
    return out;
}

json::object endpoints(std::string const& account, CloudNames const& cloud) {
    json::object out;
    for (auto const* service : {"dfs", "web", "blob", "queue", "table", "file"})
        out[service] = "https://" + account + "." + service + "." + cloud.storage_suffix + "/";
    return out;
}

}  // namespace

json::object to_arm(AzureSubscription const& subscription) {
    return {{"id", "/subscriptions/" + subscription.id},
            {"authorizationSource", "RoleBased"},
            {"managedByTenants", json::array()},
            {"subscriptionId", subscription.id},
            {"tenantId", subscription.tenant},
            {"displayName", subscription.name},
            {"state", "Enabled"},
            {"subscriptionPolicies", json::object{{"locationPlacementId", "Public_2014-09-01"},
                                                  {"quotaId", "PayAsYouGo_2014-09-01"},
                                                  {"spendingLimit", "Off"}}}};
}

json::object to_arm(Tenant const& tenant) {
    return {{"id", "/tenants/" + tenant.id},
            {"tenantId", tenant.id},
            {"countryCode", "NL"},
            {"displayName", tenant.domain},
            {"domains", json::array{json::value(tenant.domain)}},
            {"defaultDomain", tenant.domain},
            {"tenantCategory", "Home"}};
}

json::object to_arm(ResourceGroup const& group) {
    return {{"id", "/subscriptions/" + group.subscription + "/resourceGroups/" + group.name},
            {"name", group.name},
            {"type", "Microsoft.Resources/resourceGroups"},
            {"location", group.location},
            {"properties", json::object{{"provisioningState", "Succeeded"}}}};
}

json::object to_arm(Vault const& vault, CloudNames const& cloud) {
    return {{"id", format_resource_id(vault.place, vault_type)},
            {"name", vault.place.name},
            {"type", "Microsoft.KeyVault/vaults"},
            {"location", vault.place.location},
            {"tags", to_tags(vault.tags)},
            {"properties", json::object{{"sku", json::object{{"family", "A"}, {"name", "standard"}}},
                                        {"tenantId", vault.tenant},
                                        {"accessPolicies", json::array()},
                                        {"enabledForDeployment", false},
                                        {"enableSoftDelete", true},
                                        {"softDeleteRetentionInDays", vault.secrets.recoverable_days},
                                        {"enableRbacAuthorization", true},
                                        {"vaultUri", "https://" + cloud.vault_host(vault.place.name) + "/"},
                                        {"provisioningState", "Succeeded"},
                                        {"publicNetworkAccess", "Enabled"}}}};
}

json::object to_arm(StorageAccount const& account, CloudNames const& cloud) {
    json::object times;
    for (auto const& key : account.keys) {
        if (account.tells_key_times) {
            times[key.name] = key.creation_time;
        } else {
            times[key.name] = nullptr;
        }
    }
    return {{"sku", json::object{{"name", "Standard_LRS"}, {"tier", "Standard"}}},
            {"kind", "StorageV2"},
            {"id", format_resource_id(account.place, account_type)},
            {"name", account.place.name},
            {"type", "Microsoft.Storage/storageAccounts"},
            {"location", account.place.location},
            {"tags", to_tags(account.tags)},
            {"properties", json::object{{"keyCreationTime", std::move(times)},
                                        {"allowSharedKeyAccess", account.shared_key_allowed},
                                        {"minimumTlsVersion", "TLS1_2"},
                                        {"allowBlobPublicAccess", false},
                                        {"supportsHttpsTrafficOnly", true},
                                        {"accessTier", "Hot"},
                                        {"provisioningState", "Succeeded"},
                                        {"creationTime", account.created},
                                        {"primaryEndpoints", endpoints(account.place.name, cloud)},
                                        {"primaryLocation", account.place.location},
                                        {"statusOfPrimary", "available"}}}};
}

std::optional<json::object> to_arm_provider(std::string_view name, std::string_view subscription) {
    auto const describe = [&](std::string const& provider, std::string const& type, json::array versions) {
        return json::object{{"id", "/subscriptions/" + std::string(subscription) + "/providers/" + provider},
                            {"namespace", provider},
                            {"registrationPolicy", "RegistrationRequired"},
                            {"registrationState", "Registered"},
                            {"resourceTypes", json::array{json::object{{"resourceType", type},
                                                                       {"locations", json::array{"West Europe"}},
                                                                       {"apiVersions", std::move(versions)}}}}};
    };
    if (equals_ignore_case(name, "Microsoft.Storage"))
        return describe("Microsoft.Storage", "storageAccounts",
                        {"2024-01-01", "2023-05-01", "2023-01-01", "2022-09-01", "2021-09-01", "2019-06-01"});
    if (equals_ignore_case(name, "Microsoft.KeyVault"))
        return describe("Microsoft.KeyVault", "vaults",
                        {"2026-02-01", "2024-11-01", "2023-07-01", "2022-07-01", "2021-10-01", "2019-09-01"});
    return std::nullopt;
}

json::object to_arm_metadata(CloudNames const& cloud) {
    auto const audience = "https://" + std::string(without_port(cloud.management)) + "/";
    return {{"galleryEndpoint", "https://" + cloud.management + "/"},
            {"graphEndpoint", "https://graph." + std::string(without_port(cloud.login)) + "/"},
            {"portalEndpoint", "https://" + cloud.management + "/"},
            {"authentication", json::object{{"loginEndpoint", "https://" + cloud.login + "/"},
                                            {"audiences", json::array{json::value(audience)}}}}};
}

json::object to_key_list(StorageAccount const& account) {
    json::array keys;
    for (auto const& key : account.keys) {
        json::object one;
        if (account.tells_key_times) one["creationTime"] = key.creation_time;
        one["keyName"] = key.name;
        one["value"] = key.value;
        one["permissions"] = "FULL";
        keys.push_back(std::move(one));
    }
    return {{"keys", std::move(keys)}};
}

}  // namespace kssedr::emulator
