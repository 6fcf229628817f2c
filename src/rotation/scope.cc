#include "rotation/scope.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::rotation {
namespace {

bool is_scope(std::string_view text) {
    return text.starts_with('/') || OwnerId::has_other_scheme(text);
}

}  // namespace

Result<AllowedTarget> AllowedTarget::parse(std::string_view entry, std::string_view vault_suffix) {
    entry = trim(entry);
    AllowedTarget target;
    std::string_view scope = entry;
    if (auto const equals = entry.find('='); !is_scope(entry) && equals != std::string_view::npos) {
        auto const vault = trim(entry.substr(0, equals));
        auto host = vault.find('.') == std::string_view::npos ? make_vault_host(vault, vault_suffix)
                                                              : parse_vault_host(vault, vault_suffix);
        if (!host) return fail(std::move(host).error());
        target.vault = *std::move(host);
        scope = trim(entry.substr(equals + 1));
    }
    target.text = entry;
    if (scope == "/") {
        target.is_every_arm = true;
        return target;
    }
    if (OwnerId::has_other_scheme(scope)) {
        KSSEDR_TRY(target.owner, OwnerId::parse(scope));
        return target;
    }
    if (!scope.starts_with('/'))
        return fail(Errc::invalid_argument,
                    "\"" + escape_for_display(entry) +
                        "\" is no scope: write an Azure resource id, /, entra:{objectId}, postgresql://host/login "
                        "(mysql, sqlserver, redis alike) or hook:{name}, each with VAULT= before it or not");
    auto arm = ArmId::parse(scope);
    if (!arm) return fail(std::move(arm).error());
    target.arm = *std::move(arm);
    return target;
}

AllowedTarget const* AllowedTargets::find(VaultHost const& vault, OwnerId const& owner) const {
    auto const names_this_vault = [&](AllowedTarget const& entry) { return entry.vault == vault; };
    auto const names_a_vault = [](AllowedTarget const& entry) { return entry.vault.has_value(); };
    if (std::ranges::any_of(entries_, names_a_vault) && std::ranges::none_of(entries_, names_this_vault))
        return nullptr;
    for (auto const& entry : entries_) {
        if (entry.vault && entry.vault != vault) continue;
        auto const* resource = owner.resource();
        bool const covers_resource = resource && (entry.is_every_arm || (entry.arm && entry.arm->contains(*resource)));
        if (covers_resource || entry.owner == owner) return &entry;
    }
    return nullptr;
}

}  // namespace kssedr::rotation
