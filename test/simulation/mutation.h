/// Mutation: a fault of the engine, put on through its ports or its settings, to prove that the proof finds it.
///
/// The engine itself is the shipped one: each mutation stands between it and the world and makes the two together
/// behave as an engine with that fault would.

#pragma once

#include "network.h"

#include "ports/owner_lock.h"

#include <array>
#include <map>

namespace kssedr::simulation {

enum class Mutation : std::uint8_t {
    none,
    regenerate_the_slot_in_use,
    skip_the_version_check,
    trust_an_old_reading,
    skip_the_look_again,
    ignore_siblings,
    drop_the_overlap,
    repeat_an_effect_blindly,
    trust_the_first_listing,
    lose_a_tag,
    change_the_value_around,
    forget_the_lock,
    forget_the_sweep,
    ignore_the_windows,
    ignore_the_freeze,
    answer_a_leak_by_a_rotation,
    revoke_without_grace,
    revoke_a_held_slot,
    forget_to_revoke,
    ignore_retry_after,
    mix_the_pairs,
    // Of a provider: they need services (services.h) to be in.
    take_accepted_for_done,
    take_unanswered_for_unsent,
    take_a_lost_poll_for_a_failure,
    ask_for_the_other_slot,
    count
};

/// The first that is a provider's fault, and not the engine's.
inline constexpr Mutation first_of_provider = Mutation::take_accepted_for_done;

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Mutation::count)> mutation_names{
    "none",
    "regenerate-the-slot-in-use",
    "skip-the-version-check",
    "trust-an-old-reading",
    "skip-the-look-again",
    "ignore-siblings",
    "drop-the-overlap",
    "repeat-an-effect-blindly",
    "trust-the-first-listing",
    "lose-a-tag",
    "change-the-value-around",
    "forget-the-lock",
    "forget-the-sweep",
    "ignore-the-windows",
    "ignore-the-freeze",
    "answer-a-leak-by-a-rotation",
    "revoke-without-grace",
    "revoke-a-held-slot",
    "forget-to-revoke",
    "ignore-retry-after",
    "mix-the-pairs",
    "take-accepted-for-done",
    "take-unanswered-for-unsent",
    "take-a-lost-poll-for-a-failure",
    "ask-for-the-other-slot",
};

/// The network as a mutated engine would use it; without a mutation, the network. `provider` makes the credentials: the
/// network, or what stands in its place.
class MutatedPorts final : public ports::Vault, public ports::CredentialProvider {
public:
    MutatedPorts(Network& network, ports::CredentialProvider& provider, Mutation mutation, Clock& clock)
        : network_(network), provider_(provider), mutation_(mutation), clock_(clock) {}

    Async<rotation::SecretVersion> fetch(rotation::SecretRef secret, std::string version,
                                         SteadyPoint deadline) override;
    Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef secret,
                                                                 SteadyPoint deadline) override;
    Async<rotation::SecretListing> list_secrets(rotation::VaultHost vault, SteadyPoint deadline) override;
    Async<rotation::SecretProperties> publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                              SteadyPoint deadline) override;
    Async<void> disable(rotation::SecretRef secret, std::string version, SteadyPoint deadline) override {
        return network_.disable(std::move(secret), std::move(version), deadline);
    }

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override { return provider_.serves(owner); }
    [[nodiscard]] bool may_try(rotation::OwnerId const& owner) const override { return provider_.may_try(owner); }
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override {
        return provider_.shape(owner);
    }
    [[nodiscard]] Duration may_land_for(rotation::OwnerId const& owner) const override {
        return provider_.may_land_for(owner);
    }
    Async<rotation::Credentials> list(rotation::OwnerId owner, SteadyPoint deadline) override;
    Async<rotation::Credentials> regenerate(rotation::OwnerId owner, std::string slot, SteadyPoint deadline) override;
    Task<ports::TrialResult> verify(rotation::OwnerId owner, SecretString const& credential, SecretString const& value,
                                    SteadyPoint deadline) override {
        return provider_.verify(std::move(owner), credential, value, deadline);
    }

private:
    /// As if what may write and what may only read were one pair.
    void mix(rotation::Credentials& listed) const;
    /// A reading that is kept for too long.
    struct Kept {
        rotation::SecretVersion version;
        SteadyPoint at;
    };

    Network& network_;
    ports::CredentialProvider& provider_;
    Mutation mutation_;
    /// An answer as the mutated engine takes it.
    template <class T>
    void mishear(Result<T>& answer) const {
        if (mutation_ == Mutation::ignore_retry_after && !answer)
            answer = fail(std::move(answer).error().with_retry_after(std::nullopt));
    }

    Clock& clock_;
    std::map<std::string, Kept> kept_;
    /// Somebody has just published, and looks again next.
    bool looks_again_ = false;
};

/// A lock that excludes nobody.
class NoLock final : public ports::OwnerLock {
public:
    Async<std::unique_ptr<ports::OwnerLease>> acquire(std::string owner_key, SteadyPoint deadline) override;
};

}  // namespace kssedr::simulation
