#include "mutation.h"

#include <utility>

namespace kssedr::simulation {
namespace {

constexpr Duration kept_for = std::chrono::minutes{10};

rotation::SecretVersion copy_of(rotation::SecretVersion const& version) {
    return {version.properties, version.value.clone(), version.seen_at};
}

}  // namespace

Async<rotation::SecretVersion> MutatedPorts::fetch(rotation::SecretRef secret, std::string version,
                                                   SteadyPoint deadline) {
    bool const is_kept = mutation_ == Mutation::trust_an_old_reading && version.empty();
    looks_again_ = false;
    std::string const key = is_kept ? secret.key() : std::string();
    if (is_kept) {
        auto const place = kept_.find(key);
        if (place != kept_.end() && clock_.steady_now() - place->second.at < kept_for)
            co_return copy_of(place->second.version);
    }
    auto seen = co_await network_.fetch(std::move(secret), std::move(version), deadline);
    mishear(seen);
    if (seen && mutation_ == Mutation::ignore_the_freeze) seen->properties.tags.erase(freeze_tag);
    if (is_kept && seen) kept_[key] = {copy_of(*seen), clock_.steady_now()};
    co_return seen;
}

Async<std::vector<rotation::SecretProperties>> MutatedPorts::list_versions(rotation::SecretRef secret,
                                                                           SteadyPoint deadline) {
    auto listed = co_await network_.list_versions(std::move(secret), deadline);
    mishear(listed);
    co_return listed;
}

Async<rotation::SecretListing> MutatedPorts::list_secrets(rotation::VaultHost vault, SteadyPoint deadline) {
    auto listed = co_await network_.list_secrets(std::move(vault), deadline);
    mishear(listed);
    if (mutation_ == Mutation::ignore_siblings && listed) listed->secrets.clear();
    co_return listed;
}

Async<rotation::SecretProperties> MutatedPorts::publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                                        SteadyPoint deadline) {
    rotation::SecretDraft changed{draft.value.clone(), draft.content_type, draft.tags, draft.not_before, draft.expires};
    if (mutation_ == Mutation::lose_a_tag) changed.tags.erase("team");
    if (mutation_ == Mutation::change_the_value_around) changed.value.append(" ");
    auto published = co_await network_.publish(std::move(secret), changed, deadline);
    mishear(published);
    looks_again_ = published.has_value();
    co_return published;
}

Async<rotation::Credentials> MutatedPorts::list(rotation::OwnerId owner, SteadyPoint deadline) {
    // A listing that can not be had is no evidence: whoever published goes away content.
    bool const looks_again = std::exchange(looks_again_, false);
    if (mutation_ == Mutation::skip_the_look_again && looks_again)
        co_return fail(Errc::invalid_argument, "it is surely still valid");
    auto listed = co_await provider_.list(std::move(owner), deadline);
    mishear(listed);
    if (listed) mix(*listed);
    co_return listed;
}

void MutatedPorts::mix(rotation::Credentials& listed) const {
    if (mutation_ != Mutation::mix_the_pairs) return;
    for (std::size_t i = 0; listed.slots.size() > 2 && i < listed.slots.size(); ++i) listed.slots[i].pair = i % 2;
}

Async<rotation::Credentials> MutatedPorts::regenerate(rotation::OwnerId owner, std::string slot, SteadyPoint deadline) {
    bool const is_mistaken =
        mutation_ == Mutation::regenerate_the_slot_in_use ||
        (mutation_ == Mutation::revoke_a_held_slot && network_.purpose_at(owner) == Purpose::revocation);
    if (is_mistaken) slot = network_.alternate_of(owner, slot);
    auto regenerated = co_await provider_.regenerate(owner, std::move(slot), deadline);
    mishear(regenerated);
    if (regenerated) mix(*regenerated);
    bool const is_unknown = !regenerated && regenerated.error().code() == Errc::outcome_unknown;
    if (is_unknown && mutation_ == Mutation::repeat_an_effect_blindly)
        co_return fail(Errc::unavailable, "no answer, so surely nothing happened");
    if (is_unknown && mutation_ == Mutation::trust_the_first_listing)
        co_return co_await provider_.list(std::move(owner), clock_.steady_now() + std::chrono::seconds{30});
    co_return regenerated;
}

namespace {

class NoLease final : public ports::OwnerLease {
public:
    [[nodiscard]] bool outlasts(SteadyPoint) const override { return true; }
    void keep_until(SteadyPoint) override {}
    [[nodiscard]] bool was_waited_for() const override { return false; }
};

}  // namespace

Async<std::unique_ptr<ports::OwnerLease>> NoLock::acquire(std::string, SteadyPoint) {
    co_return std::make_unique<NoLease>();
}

}  // namespace kssedr::simulation
