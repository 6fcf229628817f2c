#include "engine/listing_cache.h"

namespace kssedr::engine {
namespace {

constexpr Duration listing_is_good_for = std::chrono::minutes{5};

}  // namespace

VaultListing::VaultListing(rotation::VaultHost const& vault, rotation::SecretListing listing,
                           rotation::Policy const& policy) {
    for (auto& properties : listing.secrets) {
        auto const owners = rotation::owners_asked_for({vault, properties.name}, properties, policy);
        if (owners.empty()) continue;
        auto const index = static_cast<std::uint32_t>(secrets_.size());
        for (auto const& owner : owners) {
            auto& asking = by_owner_[owner.key()];
            if (asking.empty() || asking.back() != index) asking.push_back(index);
        }
        secrets_.push_back(std::move(properties));
    }
}

std::vector<rotation::SecretProperties const*> VaultListing::asking_for(rotation::ArmId const& owner) const {
    std::vector<rotation::SecretProperties const*> asking;
    auto const found = by_owner_.find(owner.key());
    if (found == by_owner_.end()) return asking;
    for (auto const index : found->second) asking.push_back(&secrets_[index]);
    return asking;
}

Async<Listing> ListingCache::find(rotation::VaultHost vault, Calls& calls) {
    KSSEDR_CO_TRY(auto const turn, co_await turns_.acquire(vault.text, calls.deadline()));
    auto const place = known_.find(vault);
    if (place != known_.end() && clock_.steady_now() - place->second.asked_at < listing_is_good_for)
        co_return place->second.listing;
    auto const asked_at = clock_.steady_now();
    KSSEDR_CO_TRY(auto listed, co_await calls.list_secrets(vault));
    auto const beginning = listed.seen_at - clock_.steady_now().since_start;
    auto listing = std::make_shared<VaultListing const>(vault, std::move(listed), policy_);
    known_[vault] = {listing, asked_at, beginning};
    co_return listing;
}

std::optional<TimePoint> ListingCache::beginning_of(rotation::VaultHost const& vault) const {
    auto const place = known_.find(vault);
    return place == known_.end() ? std::nullopt : std::optional(place->second.beginning);
}

}  // namespace kssedr::engine
