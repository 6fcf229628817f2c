#include "engine/served_vaults.h"

#include <algorithm>

namespace kssedr::engine {
namespace {

constexpr Duration believed_for = std::chrono::hours{1};
// So often at most a vault that is not known, or a failure, makes us ask again.
constexpr Duration asked_again_after = std::chrono::minutes{1};

}  // namespace

Async<ServedVaults::Hosts> ServedVaults::find(Calls& calls) {
    co_return co_await find_younger_than(believed_for, calls);
}

Async<bool> ServedVaults::contains(rotation::VaultHost vault, Calls& calls) {
    if (!policy_.names_vaults()) co_return true;
    if (policy_.vaults && std::ranges::find(*policy_.vaults, vault) != policy_.vaults->end()) co_return true;
    if (policy_.vault_scopes.empty()) co_return false;
    for (auto const age : {believed_for, asked_again_after}) {
        KSSEDR_CO_TRY(auto const hosts, co_await find_younger_than(age, calls));
        if (std::ranges::binary_search(*hosts, vault)) co_return true;
    }
    co_return false;
}

Async<ServedVaults::Hosts> ServedVaults::find_younger_than(Duration age, Calls& calls) {
    KSSEDR_CO_TRY(auto const turn, co_await turns_.acquire("vaults", calls.deadline()));
    auto const now = clock_.steady_now();
    bool const is_good = policy_.vault_scopes.empty() || now - asked_at_ < age || now - tried_at_ < asked_again_after;
    if (known_ && is_good) co_return known_;
    tried_at_ = now;
    auto hosts = policy_.vaults.value_or(std::vector<rotation::VaultHost>());
    for (auto const& scope : policy_.vault_scopes) {
        auto const found = co_await calls.list_vaults(scope);
        if (!found && known_) co_return known_;
        if (!found) co_return fail(found.error());
        hosts.insert(hosts.end(), found->begin(), found->end());
    }
    std::ranges::sort(hosts);
    hosts.erase(std::ranges::unique(hosts).begin(), hosts.end());
    known_ = std::make_shared<std::vector<rotation::VaultHost> const>(std::move(hosts));
    asked_at_ = now;
    co_return known_;
}

}  // namespace kssedr::engine
