// Estate: how a world looks on its first day.

#include "estate.h"

#include "support/storage_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kssedr::simulation {

using std::chrono::days;

namespace {

OwnerKind plain_kind(std::string name, std::string_view type, std::vector<std::string> slots, std::size_t provider) {
    OwnerKind kind;
    kind.id = fmt::format("/subscriptions/s1/resourceGroups/rg/providers/{}/{{}}", type);
    kind.name = std::move(name);
    kind.slots = std::move(slots);
    kind.provider = provider;
    kind.shape = [](rotation::ArmId const& id) { return test::storage_shape(std::string(id.resource_name())); };
    std::string const connection =
        "DefaultEndpointsProtocol=https;AccountName={};EndpointSuffix=core.windows.net;AccountKey=";
    kind.forms = {{"", ""},
                  {connection, ""},
                  {"AccountKey=", ";accountname={} ;BlobEndpoint=https://{}.blob.core.windows.net/"},
                  {"{ \"user\" : \"caf\\u00e9\", \"nested\":[1, {\"connection\": \"" + connection,
                   "\"} ],\n\t\"port\": 5.0e1}\n"}};
    return kind;
}

std::string fill_in(std::string text, std::string const& name) {
    for (auto at = text.find("{}"); at != std::string::npos; at = text.find("{}", at + name.size()))
        text.replace(at, 2, name);
    return text;
}

}  // namespace

std::span<OwnerKind const> plain_kinds() {
    static std::vector<OwnerKind> const kinds = {
        plain_kind("storage", "Microsoft.Storage/storageAccounts", {"key1", "key2"}, 0),
        plain_kind("cosmosdb", "Microsoft.DocumentDB/databaseAccounts",
                   {"primary", "secondary", "primaryReadonly", "secondaryReadonly"}, 1)};
    return kinds;
}

Estate::Estate(Timeline& timeline, Plan const& plan, Chance chance, std::span<OwnerKind const> kinds)
    : timeline_(timeline), chance_(chance), kinds_(kinds), propagation_max_(plan.propagation_max) {
    for (int i = 0; i < plan.vaults; ++i) {
        VaultState vault;
        vault.host.text = fmt::format("vault{}.vault.azure.net", i);
        // Vaults keep one time to the second; only the clocks of other services may be further off.
        vault.skew = chance_.between({}, std::min<Duration>(plan.service_skew, std::chrono::seconds{1}));
        vault.bucket = Bucket(plan.vault_limit);
        vaults.push_back(std::move(vault));
    }
    std::size_t providers = 0;
    for (auto const& kind : kinds_) providers = std::max(providers, kind.provider + 1);
    provider_buckets.assign(providers, Bucket(plan.provider_limit));
    for (int i = 0; i < plan.owners; ++i) add_owner(i, plan);
    for (int i = 0; i < plan.secrets; ++i) add_secret(i, plan);
}

void Estate::add_owner(int index, Plan const& plan) {
    bool const has_two_pairs = chance_.happens(plan.two_pairs);
    std::vector<OwnerKind const*> of_pairs;
    for (auto const& kind : kinds_)
        if ((kind.slots.size() > 2) == has_two_pairs) of_pairs.push_back(&kind);
    auto const& kind = *of_pairs[of_pairs.size() == 1 ? 0 : chance_.pick(of_pairs.size())];
    auto const name = fmt::format("acct{}", index);
    auto const id = *rotation::ArmId::parse(fill_in(kind.id, name));
    owners.push_back({id, name, &kind, kind.shape(id)});
    auto& owner = owners.back();
    owner.provider = kind.provider;
    owner.tells_made = chance_.happens(plan.tells_made) && kind.may_tell_made;
    owner.skew = chance_.between(-plan.service_skew, plan.service_skew);
    for (auto const& slot_name : kind.slots) {
        auto& state = owner.slots.emplace_back();
        auto const slot = static_cast<int>(owner.slots.size()) - 1;
        state.name = slot_name;
        state.key = state.before = make_key(index, slot);
        state.made = state.made_before = beginning - chance_.between(days{150}, days{400});
        state.changed = {-days{150}};
    }
    if (plan.has_own_setting && index == 0) owner.own_setting = owner.slots[chance_.pick(owner.slots.size())].key;
}

void Estate::add_form(SecretState& secret, OwnerState const& owner) {
    auto const& forms = owner.kind->forms;
    auto const& [prefix, suffix] = forms[chance_.pick(forms.size())];
    secret.prefix = fill_in(prefix, owner.name);
    secret.suffix = fill_in(suffix, owner.name);
}

void Estate::add_tags(rotation::SecretProperties& properties, SecretState& secret, OwnerState const& owner,
                      Plan const& plan) {
    auto const held = find_key(std::string_view(secret.versions.back().value)
                                   .substr(secret.prefix.size(), secret.versions.back().value.size() -
                                                                     secret.prefix.size() - secret.suffix.size()));
    int slot = keys_[held].slot;
    if (chance_.happens(plan.lying_tags)) slot ^= 1;
    secret.is_original_dialect = chance_.happens(0.5);
    if (secret.is_original_dialect) {
        properties.content_type = owner.id.text();
        if (chance_.happens(0.7)) properties.tags["orgin"] = owner.id.text();
        if (chance_.happens(0.7)) properties.tags["key"] = fmt::format("{}", slot % 2);
    } else {
        properties.tags["ProviderAddress"] = owner.id.text();
        if (chance_.happens(0.8)) properties.tags["CredentialId"] = owner.slots[static_cast<std::size_t>(slot)].name;
        if (chance_.happens(0.3)) properties.tags["key"] = "not a slot";
        if (chance_.happens(0.3)) properties.content_type = "text/plain";
    }
    if (chance_.happens(0.3)) properties.tags["AutoRotate"] = "2025-01-01T00:00:00Z";
    properties.tags["team"] = "web";
    auto const validity = std::chrono::duration_cast<days>(secret.validity).count();
    if (validity != 90) properties.tags["ValidityPeriodDays"] = fmt::format("{}", validity);
    if (chance_.happens(0.05))
        // Two are left for CredentialId, which people may have to add, and for AutoRotate.
        while (properties.tags.size() < (properties.tags.contains("CredentialId") ? 15U : 13U))
            properties.tags[fmt::format("t{}", properties.tags.size())] = "x";
}

void Estate::add_rules(SecretState& secret, Plan const& plan) {
    constexpr std::array graces{1, 3, 7, 14};
    if (chance_.happens(plan.revoking)) secret.revoke_after = days{graces[chance_.pick(graces.size())]};
    if (!chance_.happens(plan.within_windows)) return;
    secret.openings.push_back(Opening::draw(chance_));
    if (chance_.happens(0.3)) secret.openings.push_back(Opening::draw(chance_));
}

void Estate::add_secret(int index, Plan const& plan) {
    constexpr std::array validities{7, 7, 7, 8, 8, 10, 14, 30, 90};
    auto const owner = index % plan.owners;
    SecretState secret;
    secret.vault = static_cast<int>(chance_.pick(static_cast<std::size_t>(plan.vaults)));
    secret.owner = owner;
    secret.ref = {vaults[static_cast<std::size_t>(secret.vault)].host, fmt::format("secret{}", index)};
    secret.key = secret.ref.key();
    secret.pair = owners[static_cast<std::size_t>(owner)].slots.size() > 2 ? chance_.pick(2) : 0;
    secret.validity = days{validities[chance_.pick(validities.size())]};
    secret.overlap = std::min(plan.min_overlap, secret.validity / 2);
    auto& owner_state = owners[static_cast<std::size_t>(owner)];
    add_form(secret, owner_state);
    add_rules(secret, plan);
    add_first_versions(secret, {}, plan);
    auto& properties = secret.current().properties;
    add_tags(properties, secret, owner_state, plan);
    for (auto& version : secret.versions) {
        version.properties.tags = properties.tags;
        version.properties.content_type = properties.content_type;
    }
    secret_ids_.emplace(secret.key, index);
    owner_state.secrets.push_back(index);
    vaults[static_cast<std::size_t>(secret.vault)].secrets.push_back(index);
    secrets.push_back(std::move(secret));
}

void Estate::add_first_versions(SecretState& secret, rotation::SecretProperties properties, Plan const& plan) {
    auto const& slots = owners[static_cast<std::size_t>(secret.owner)].slots;
    auto const held = 2 * secret.pair + chance_.pick(2);
    bool const has_expiry = chance_.happens(0.9);
    bool const has_not_before = chance_.happens(0.3);
    auto const add = [&](KeyId key, Duration age) {
        VersionState version;
        version.properties = properties;
        version.properties.name = secret.ref.name;
        version.properties.version = next_version_id();
        version.properties.created = version.properties.updated =
            std::chrono::floor<std::chrono::seconds>(vault_now(secret.vault) - age);
        if (has_expiry) version.properties.expires = version.properties.created + secret.validity;
        if (has_not_before) version.properties.not_before = version.properties.created;
        version.value = secret.prefix + keys_[key].text + secret.suffix;
        version.holds = key;
        version.made = {-age};
        secret.versions.push_back(std::move(version));
    };
    auto const age = plan.is_all_due_at_once ? secret.validity - days{1} : chance_.between({}, secret.validity);
    if (chance_.happens(0.5)) {
        // Before this version there was one on the other slot, or on this one.
        add(slots[chance_.happens(0.7) ? held ^ 1U : held].key, age + secret.validity / 2);
        secret.versions.back().left = SteadyPoint{-age};
    }
    add(slots[held].key, age);
}

}  // namespace kssedr::simulation
