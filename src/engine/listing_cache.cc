#include "engine/listing_cache.h"

namespace kssedr::engine {
namespace {

constexpr Duration listing_is_good_for = std::chrono::minutes{5};

}  // namespace

Async<Listing> ListingCache::find(rotation::VaultHost vault, Calls& calls) {
    KSSEDR_CO_TRY(auto const turn, co_await turns_.acquire(vault.text, calls.deadline()));
    auto const place = known_.find(vault);
    if (place != known_.end() && clock_.steady_now() - place->second.asked_at < listing_is_good_for)
        co_return place->second.listing;
    auto const asked_at = clock_.steady_now();
    KSSEDR_CO_TRY(auto listed, co_await calls.list_secrets(vault));
    auto listing = std::make_shared<rotation::SecretListing const>(std::move(listed));
    known_[vault] = {listing, asked_at};
    co_return listing;
}

}  // namespace kssedr::engine
