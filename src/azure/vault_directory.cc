#include "azure/vault_directory.h"

#include "azure/json_view.h"
#include "azure/url.h"
#include "base/ascii.h"

namespace kssedr::azure {
namespace {

// Versions before this one are retired in February 2027 (Microsoft Learn, "Key Vault control plane API").
constexpr std::string_view api_version = "2026-02-01";
constexpr Duration believed_for = std::chrono::hours(1);
constexpr std::size_t known_max = 1000;
constexpr int pages_max = 1000;

}  // namespace

Result<std::string> parse_vault_host_answer(std::string_view body) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto const uri = document.root()["properties"]["vaultUri"].text();
    if (!uri) return fail(Errc::corrupt, "the answer holds no vaultUri");
    auto host = find_https_authority(*uri);
    if (!host) return fail(Errc::corrupt, "the vaultUri \"" + escape_for_display(*uri) + "\" is no https URL");
    return *std::move(host);
}

Result<VaultPage> parse_vault_page(std::string_view body, std::string_view vault_suffix) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto const value = document.root()["value"];
    if (!value.is_array()) return fail(Errc::corrupt, "the answer is no listing");
    VaultPage page;
    for (auto const vault : value.items()) {
        auto const authority = find_https_authority(vault["properties"]["vaultUri"].text_or({}));
        if (!authority) continue;
        if (auto host = rotation::parse_vault_host(*authority, vault_suffix)) page.hosts.push_back(*std::move(host));
    }
    page.next = document.root()["nextLink"].text_or({});
    return page;
}

Async<std::vector<rotation::VaultHost>> VaultDirectory::list_vaults(rotation::ArmId scope, SteadyPoint deadline) {
    std::vector<rotation::VaultHost> hosts;
    if (scope.is_resource()) {
        KSSEDR_CO_TRY(auto const host, co_await fetch_vault_host(std::move(scope), deadline));
        KSSEDR_CO_TRY(auto parsed, rotation::parse_vault_host(host, vault_suffix_));
        hosts.push_back(std::move(parsed));
        co_return hosts;
    }
    auto const operation = "listing the vaults of " + escape_for_display(scope.text());
    ArmCall call{.operation = operation,
                 .resource = std::move(scope),
                 .action = "providers/Microsoft.KeyVault/vaults",
                 .api_version = std::string(api_version)};
    KSSEDR_CO_TRY(auto answer, co_await arm_.send(std::move(call), deadline));
    for (int i = 0; i < pages_max; ++i) {
        auto page = parse_vault_page(answer.body.expose(), vault_suffix_);
        if (!page) co_return fail(std::move(page).error().during(operation));
        hosts.insert(hosts.end(), page->hosts.begin(), page->hosts.end());
        if (page->next.empty()) co_return hosts;
        KSSEDR_CO_TRY(answer, co_await arm_.follow(operation, std::move(page->next), deadline));
    }
    co_return fail(Errc::corrupt, operation + ": it does not end after " + std::to_string(pages_max) + " pages");
}

Async<std::string> VaultDirectory::fetch_vault_host(rotation::ArmId vault, SteadyPoint deadline) {
    auto const operation = "asking for the host of vault " + escape_for_display(vault.resource_name());
    if (!vault.is_type("Microsoft.KeyVault/vaults"))
        co_return fail(Errc::invalid_argument, '"' + escape_for_display(vault.text()) + "\" is no vault's id");
    auto const key = vault.key();
    auto const now = clock_.steady_now();
    if (auto const found = known_.find(key); found != known_.end() && now < found->second.until)
        co_return found->second.host;
    ArmCall call{.operation = operation, .resource = vault, .api_version = std::string(api_version)};
    KSSEDR_CO_TRY(auto const answer, co_await arm_.send(std::move(call), deadline));
    auto host = parse_vault_host_answer(answer.body.expose());
    if (!host) co_return fail(std::move(host).error().during(operation));
    if (known_.size() >= known_max) known_.clear();  // it fills again; more vaults than that are not served at once
    known_[key] = {*host, now + believed_for};
    co_return host;
}

}  // namespace kssedr::azure
