// Estate: how a world looks on its first day.

#include "estate.h"

#include "support/storage_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace kssedr::simulation {

using std::chrono::days;

namespace {

constexpr std::string_view group = "/subscriptions/s1/resourceGroups/rg/providers/";
constexpr std::string_view one_pair = "Microsoft.Storage/storageAccounts";
constexpr std::string_view two_pairs = "Microsoft.DocumentDB/databaseAccounts";
constexpr std::array<std::string_view, 2> names_of_one_pair{"key1", "key2"};
constexpr std::array<std::string_view, 4> names_of_two_pairs{"primary", "secondary", "primaryReadonly",
                                                             "secondaryReadonly"};
constexpr std::span<std::string_view const> slots_of_one_pair = names_of_one_pair;
constexpr std::span<std::string_view const> slots_of_two_pairs = names_of_two_pairs;

}  // namespace

Estate::Estate(Timeline& timeline, Plan const& plan, Chance chance)
    : timeline_(timeline), chance_(chance), propagation_max_(plan.propagation_max) {
    for (int i = 0; i < plan.vaults; ++i) {
        VaultState vault;
        vault.host.text = fmt::format("vault{}.vault.azure.net", i);
        // Vaults keep one time to the second; only the clocks of other services may be further off.
        vault.skew = chance_.between({}, std::min<Duration>(plan.service_skew, std::chrono::seconds{1}));
        vault.bucket = Bucket(plan.vault_limit);
        vaults.push_back(std::move(vault));
    }
    provider_buckets.assign(2, Bucket(plan.provider_limit));
    for (int i = 0; i < plan.owners; ++i) add_owner(i, plan);
    for (int i = 0; i < plan.secrets; ++i) add_secret(i, plan);
}

void Estate::add_owner(int index, Plan const& plan) {
    bool const has_two_pairs = chance_.happens(plan.two_pairs);
    auto const name = fmt::format("acct{}", index);
    auto const id = rotation::ArmId::parse(fmt::format("{}{}/{}", group, has_two_pairs ? two_pairs : one_pair, name));
    OwnerState owner{*id, name, test::storage_shape(name)};
    owner.provider = has_two_pairs ? 1 : 0;
    owner.tells_made = chance_.happens(plan.tells_made);
    owner.skew = chance_.between(-plan.service_skew, plan.service_skew);
    for (auto const slot_name : has_two_pairs ? slots_of_two_pairs : slots_of_one_pair) {
        auto& state = owner.slots.emplace_back();
        auto const slot = static_cast<int>(owner.slots.size()) - 1;
        state.name = slot_name;
        state.key = state.before = make_key(index, slot);
        state.made = state.made_before = beginning - chance_.between(days{150}, days{400});
        state.changed = {-days{150}};
    }
    if (plan.has_own_setting && index == 0) owner.own_setting = owner.slots[chance_.pick(owner.slots.size())].key;
    owners.push_back(std::move(owner));
}

void Estate::add_form(SecretState& secret, OwnerState const& owner) {
    std::string const connection = fmt::format(
        "DefaultEndpointsProtocol=https;AccountName={};EndpointSuffix=core.windows.net;AccountKey=", owner.name);
    switch (chance_.pick(4)) {
    case 0: break;
    case 1: secret.prefix = connection; break;
    case 2:
        secret.prefix = fmt::format("AccountKey=");
        secret.suffix =
            fmt::format(";accountname={} ;BlobEndpoint=https://{}.blob.core.windows.net/", owner.name, owner.name);
        break;
    default:
        secret.prefix = "{ \"user\" : \"caf\\u00e9\", \"nested\":[1, {\"connection\": \"" + connection;
        secret.suffix = "\"} ],\n\t\"port\": 5.0e1}\n";
    }
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
