#include "engine/holders.h"

#include "formats/contained.h"
#include "formats/value_form.h"

#include <algorithm>
#include <set>

namespace kssedr::engine {
namespace {

constexpr rotation::EarlierVersion not_to_be_known{.exists = true, .is_readable = false};

// What of the owner's a value holds.
struct Held {
    std::optional<std::size_t> slot;
    bool holds_all = false;  ///< an application may keep both keys side by side
    bool is_elsewhere = false;
};

// A value whose form is not understood still holds each credential that stands in it.
Held held_in(SecretString const& value, Result<ValueSeen> const& form, rotation::Credentials const& credentials) {
    Held held;
    if (form) {
        auto const credential = form->credential(value);
        held.slot = credentials.slot_of(credential);
        held.is_elsewhere = credentials.is_elsewhere(credential);
        return held;
    }
    for (std::size_t i = 0; i < credentials.slots.size(); ++i) {
        // Of a login whose password nobody is known to have.
        if (credentials.slots[i].value.empty()) continue;
        if (!formats::contains_credential(value, credentials.slots[i].value)) continue;
        held.holds_all = held.slot.has_value();
        held.slot = i;
    }
    if (held.holds_all) held.slot.reset();
    held.is_elsewhere = !held.slot && !held.holds_all &&
                        std::ranges::any_of(credentials.elsewhere, [&](rotation::Credential const& other) {
                            return formats::contains_credential(value, other.value);
                        });
    return held;
}

HolderSeen from_listing(rotation::SecretRef const& ref, rotation::SecretProperties const& listed,
                        HolderQuery const& query) {
    HolderSeen seen;
    seen.ref = ref;
    seen.holder.name = ref.vault.text + '/' + ref.name;
    seen.holder.version_created = listed.created;
    seen.holder.expires = listed.expires;
    auto const terms = rotation::terms_of(ref, listed, query.policy, query.self.version.seen_at);
    seen.holder.overlap = terms ? terms->overlap.value : query.policy.min_overlap;
    return seen;
}

// A disabled version holds nothing; it left whatever it held when it was disabled.
HolderSeen disabled(HolderSeen seen, TimePoint when) {
    seen.holder.version_created = when;
    seen.holder.earlier = not_to_be_known;
    return seen;
}

// Its tags are not asked: they may be wrong, and a tag may block, never permit (DESIGN 2, law 1).
HolderSeen unreadable(HolderSeen seen, Error const& error) {
    seen.holder.may_hold_any = true;
    seen.holder.is_movable = false;
    seen.holder.why_not_movable = "kssedr may not read it (" + error.message() + ")";
    seen.holder.earlier = not_to_be_known;
    return seen;
}

HolderSeen from_version(HolderSeen seen, rotation::SecretVersion version, HolderQuery const& query, Calls& calls,
                        SteadyPoint read_at) {
    seen.version = version.properties.version;
    seen.holder.version_created = version.properties.created;
    seen.holder.expires = version.properties.expires;
    auto const form = calls.read_value(query.owner, version.value);
    auto terms = rotation::terms_of(seen.ref, version.properties, query.policy, version.seen_at);
    auto const held = held_in(version.value, form, query.credentials);
    seen.holder.slot = held.slot;
    seen.holder.may_hold_any = held.holds_all;
    seen.holder.is_elsewhere = held.is_elsewhere;
    seen.holder.is_movable = false;
    if (!terms) {
        seen.holder.why_not_movable = terms.error().message();
    } else if (!form) {
        seen.holder.why_not_movable = "its value is not understood: " + form.error().message();
    } else if (version.properties.managed) {
        seen.holder.why_not_movable = "Key Vault keeps it itself, for a certificate";
    } else {
        seen.holder.is_frozen = terms->freeze.has_value();
        seen.holder.is_movable = !terms->freeze;
        seen.holder.why_not_movable = terms->freeze.value_or(std::string());
        seen.holder.movable_from =
            rotation::held_until(terms->windows.value, version.seen_at, rotation::end_of(version.properties, *terms));
        seen.secret = SecretSeen{seen.ref, std::move(version), read_at, *std::move(terms), *form};
    }
    return seen;
}

std::set<rotation::VaultHost> vaults_of(rotation::VaultHost const& own, rotation::OwnerId const& owner,
                                        rotation::Policy const& policy, std::span<rotation::VaultHost const> served) {
    std::set<rotation::VaultHost> vaults{own};
    vaults.insert(served.begin(), served.end());
    std::erase_if(vaults, [&](rotation::VaultHost const& vault) {
        return policy.allowed ? policy.allowed->find(vault, owner) == nullptr : vault != own;
    });
    return vaults;
}

Async<std::optional<HolderSeen>> look_at(rotation::SecretRef ref, rotation::SecretProperties const& listed,
                                         HolderQuery const& query, Calls& calls, SteadyPoint now) {
    auto seen = from_listing(ref, listed, query);
    if (!listed.enabled) co_return disabled(std::move(seen), listed.updated);
    auto fetched = co_await calls.fetch(ref, {});
    if (fetched) co_return from_version(std::move(seen), *std::move(fetched), query, calls, now);
    auto const& error = fetched.error();
    if (error.service_code() == "SecretDisabled") co_return disabled(std::move(seen), query.self.version.seen_at);
    if (error.code() == Errc::not_found) co_return fail(Error(Errc::not_found, error.message()));
    if (error.code() != Errc::permission_denied) co_return fail(error);
    // What may not be read counts until it has expired.
    if (listed.expires && *listed.expires <= query.self.version.seen_at) co_return std::nullopt;
    co_return unreadable(std::move(seen), error);
}

Async<bool> is_unlisted(rotation::SecretRef ref, rotation::OwnerId const& owner, ListingCache& listings, Calls& calls) {
    listings.forget(ref.vault);
    KSSEDR_CO_TRY(auto const asking, co_await listings.find(ref.vault, owner, calls));
    co_return std::ranges::none_of(asking, [&](rotation::ListedSecret const& listed) {
        return rotation::SecretRef{ref.vault, listed->name} == ref;
    });
}

}  // namespace

Async<bool> list_ahead(rotation::VaultHost own, rotation::OwnerId const& owner, rotation::Policy const& policy,
                       std::span<rotation::VaultHost const> served, ListingCache& listings, Calls& calls) {
    bool has_waited_at_all = false;
    for (auto const& vault : vaults_of(own, owner, policy, served)) {
        KSSEDR_CO_TRY(bool const has_waited, co_await listings.list_ahead(vault, calls));
        has_waited_at_all = has_waited_at_all || has_waited;
    }
    co_return has_waited_at_all;
}

Async<std::vector<HolderSeen>> find_holders(HolderQuery query, ListingCache& listings, Calls& calls) {
    std::vector<HolderSeen> holders;
    for (auto const& vault : vaults_of(query.self.secret.vault, query.owner, query.policy, query.served)) {
        KSSEDR_CO_TRY(auto const asking, co_await listings.find(vault, query.owner, calls));
        for (auto const& listed : asking) {
            rotation::SecretRef const ref{vault, listed->name};
            if (ref == query.self.secret) continue;
            auto seen = co_await look_at(ref, *listed, query, calls, calls.now());
            if (!seen && seen.error().code() == Errc::not_found) {
                // Deleted since it was listed, or just recovered: for some seconds that is listed and not found.
                KSSEDR_CO_TRY(bool const is_gone, co_await is_unlisted(ref, query.owner, listings, calls));
                if (is_gone) continue;
                co_return fail(Errc::unavailable, ref.vault.text + '/' + ref.name +
                                                      " is listed and not found, as a secret is that was just "
                                                      "recovered; it may hold a credential");
            }
            if (!seen) co_return fail(std::move(seen).error());
            if (*seen) holders.push_back(**std::move(seen));
        }
    }
    for (auto const& setting : query.own_settings) {
        auto const held = held_in(setting.value, calls.read_value(query.owner, setting.value), query.credentials);
        if (!held.slot && !held.holds_all) continue;
        HolderSeen seen;
        seen.holder.name = "kssedr's own setting " + setting.name;
        seen.holder.slot = held.slot;
        seen.holder.may_hold_any = held.holds_all;
        seen.holder.is_movable = false;
        seen.holder.is_own_setting = true;
        seen.holder.why_not_movable = "set it to the other credential, or let kssedr use an identity there";
        seen.holder.earlier = rotation::EarlierVersion{};
        holders.push_back(std::move(seen));
    }
    co_return holders;
}

Async<rotation::EarlierVersion> read_earlier_version(rotation::SecretRef secret,
                                                     rotation::SecretProperties const& current,
                                                     rotation::OwnerId const& owner,
                                                     rotation::Credentials const& credentials, Calls& calls) {
    KSSEDR_CO_TRY(auto const versions, co_await calls.list_versions(secret));
    rotation::EarlierVersion earlier;
    rotation::SecretProperties const* latest = nullptr;
    for (auto const& version : versions) {
        bool const is_before = version.version != current.version && version.created <= current.created;
        if (!is_before || (latest != nullptr && version.created < latest->created)) continue;
        // Two of one second can not be put in order: neither is believed.
        earlier.is_readable = latest == nullptr || version.created != latest->created;
        latest = &version;
    }
    if (latest == nullptr) co_return earlier;
    earlier.exists = true;
    earlier.created = latest->created;
    earlier.is_readable = earlier.is_readable && latest->enabled;
    if (!earlier.is_readable) co_return earlier;
    auto const fetched = co_await calls.fetch(secret, latest->version);
    if (!fetched && fetched.error().code() != Errc::permission_denied && fetched.error().code() != Errc::not_found)
        co_return fail(fetched.error());
    earlier.is_readable = fetched.has_value();
    if (!fetched) co_return earlier;
    auto const form = calls.read_value(owner, fetched->value);
    auto const held = held_in(fetched->value, form, credentials);
    // A login's former password tells nothing any more; its name tells whose consumers may have it.
    earlier.slot = form && form->login ? form->which : held.slot;
    earlier.is_elsewhere = held.is_elsewhere;
    // Left which of them? As little is known as of one that can not be read.
    if (held.holds_all) earlier.is_readable = false;
    co_return earlier;
}

}  // namespace kssedr::engine
