#include "engine/listing_cache.h"

#include <algorithm>

namespace kssedr::engine {
namespace {

using rotation::ListedSecret;

constexpr Duration listing_is_good_for = std::chrono::minutes{5};
// How soon after it listed ahead an attempt comes to look.
constexpr Duration found_within = std::chrono::seconds{30};

bool has_same_name(ListedSecret const& a, ListedSecret const& b) {
    return a == b || a->name == b->name;
}

}  // namespace

void VaultListing::replace(std::vector<ListedSecret> listed) {
    auto asking = asking_among(std::move(listed));
    bool const has_same_names = std::ranges::equal(asking, secrets_, has_same_name);
    if (!has_same_names) {
        secrets_ = std::move(asking);
        by_owner_.clear();
        for (std::uint32_t i = 0; i < secrets_.size(); ++i) enter(i);
        return;
    }
    for (std::uint32_t i = 0; i < secrets_.size(); ++i) {
        if (asking[i] == secrets_[i]) continue;
        strike(i);
        secrets_[i] = std::move(asking[i]);
        enter(i);
    }
}

// Those that ask for anything; in the place of one that is as it was, the one that is known. A vault lists in one
// order, so it is enough to look for each at the place behind the one before.
std::vector<ListedSecret> VaultListing::asking_among(std::vector<ListedSecret> listed) const {
    std::vector<ListedSecret> asking;
    asking.reserve(std::min(listed.size(), secrets_.size() + 1));
    auto place = secrets_.begin();
    for (auto& secret : listed) {
        bool const is_known = place != secrets_.end() && has_same_name(*place, secret);
        auto const* known = is_known ? &*place++ : nullptr;
        if (known != nullptr && (*known == secret || **known == *secret)) {
            asking.push_back(*known);
        } else if (!owners_of(*secret).empty()) {
            asking.push_back(std::move(secret));
        }
    }
    return asking;
}

std::vector<rotation::OwnerId> VaultListing::owners_of(rotation::SecretProperties const& properties) const {
    return rotation::owners_asked_for({vault_, properties.name}, properties, policy_);
}

void VaultListing::enter(std::uint32_t index) {
    for (auto const& owner : owners_of(*secrets_[index])) {
        auto& asking = by_owner_[owner.key()];
        auto const place = std::ranges::lower_bound(asking, index);
        if (place == asking.end() || *place != index) asking.insert(place, index);
    }
}

void VaultListing::strike(std::uint32_t index) {
    for (auto const& owner : owners_of(*secrets_[index])) {
        auto const found = by_owner_.find(owner.key());
        if (found == by_owner_.end()) continue;
        std::erase(found->second, index);
        if (found->second.empty()) by_owner_.erase(found);
    }
}

std::vector<ListedSecret> VaultListing::asking_for(rotation::OwnerId const& owner) const {
    std::vector<ListedSecret> asking;
    auto const found = by_owner_.find(owner.key());
    if (found == by_owner_.end()) return asking;
    for (auto const index : found->second) asking.push_back(secrets_[index]);
    return asking;
}

Async<bool> ListingCache::refresh(rotation::VaultHost vault, Duration oldest, Calls& calls) {
    KSSEDR_CO_TRY(auto const turn, co_await turns_.acquire(vault.text, calls.deadline()));
    auto& known = known_.try_emplace(vault, VaultListing(vault, policy_)).first->second;
    auto const asked_at = clock_.steady_now();
    if (known.asked_at && asked_at - *known.asked_at < oldest) co_return turn->was_waited_for();
    KSSEDR_CO_TRY(auto listed, co_await calls.list_secrets(vault));
    known.listing.replace(std::move(listed.secrets));
    known.asked_at = asked_at;
    known.beginning = listed.seen_at - clock_.steady_now().since_start;
    co_return true;
}

Async<bool> ListingCache::list_ahead(rotation::VaultHost vault, Calls& calls) {
    co_return co_await refresh(std::move(vault), listing_is_good_for - found_within, calls);
}

Async<std::vector<ListedSecret>> ListingCache::find(rotation::VaultHost vault, rotation::OwnerId const& owner,
                                                    Calls& calls) {
    KSSEDR_CO_TRY_VOID(co_await refresh(vault, listing_is_good_for, calls));
    co_return known_.at(vault).listing.asking_for(owner);
}

std::optional<TimePoint> ListingCache::beginning_of(rotation::VaultHost const& vault) const {
    auto const place = known_.find(vault);
    return place == known_.end() || !place->second.asked_at ? std::nullopt : std::optional(place->second.beginning);
}

void ListingCache::forget(rotation::VaultHost const& vault) {
    if (auto const place = known_.find(vault); place != known_.end()) place->second.asked_at.reset();
}

}  // namespace kssedr::engine
