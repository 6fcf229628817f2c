/// Attempt: one secret, once; the inside of Rotator::rotate.
///
/// It goes in rounds. A round looks (the secret, then, under the owner's lock, the owner's credentials), decides
/// (rotation/decision.h), acts, and looks again. Whenever what was seen has changed, or an effect's result is not
/// known, the next round starts from the evidence. Nothing is remembered between rounds but the lock and the outcome
/// being written, so a process killed anywhere loses nothing.

#pragma once

#include "async/retry.h"
#include "engine/rotator.h"
#include "formats/value_form.h"
#include "rotation/draft.h"

#include <memory>

namespace kssedr::engine {

/// The longest one read from a service may take.
inline constexpr Duration longest_read = std::chrono::seconds{30};
/// Between two listings that are to agree.
inline constexpr Duration pause_between_listings = std::chrono::seconds{2};

class Attempt {
public:
    Attempt(Ports& ports, rotation::Policy const& policy, DoubtBook& doubts, RotationRequest const& request);

    Task<Examination> run();

private:
    /// How a step ended the attempt; nothing: go on.
    struct Conclusion {
        rotation::OutcomeKind kind;
        std::string code;
        std::string reason;
        std::optional<TimePoint> retry_after = {};
    };
    using Ended = std::optional<Conclusion>;

    /// Nothing: look anew, from the start.
    Task<Ended> round();

    // Looking.
    Task<Ended> look_at_secret();
    [[nodiscard]] Ended judge_secret();
    Task<Ended> judge_permission();
    [[nodiscard]] Ended judge_value();
    [[nodiscard]] Ended judge_time();
    Task<Ended> take_lock();
    Task<Ended> look_at_owner();
    Task<Ended> settle_doubt();
    Task<Ended> look_at_earlier_version();
    Task<Ended> decide();

    // Acting.
    Task<Ended> act(rotation::Decision decision);
    Task<Ended> regenerate(std::string slot);
    Task<Ended> publish(rotation::Decision const& decision);
    Task<Ended> publish_draft(rotation::SecretDraft const& draft);
    Task<Ended> confirm_publication(rotation::SecretDraft const& draft, Error why_unknown);
    Task<bool> look_again(SecretString const& published);

    // Helping.
    Async<rotation::SecretVersion> fetch(std::string version);
    Async<rotation::Credentials> list_credentials();
    Task<Result<bool>> is_still_current();
    [[nodiscard]] RetryPolicy reading_policy() const;
    [[nodiscard]] std::optional<std::size_t> slot_of(SecretString const& credential) const;
    [[nodiscard]] Conclusion conclude(Error const& error, std::string_view doing) const;
    [[nodiscard]] std::string describe(rotation::Decision const& decision) const;
    [[nodiscard]] SteadyPoint call_deadline(Duration longest) const;
    void finish(Conclusion conclusion);

    [[nodiscard]] rotation::ArmId const& owner() const { return seen_.terms->owner->value; }

    Ports& ports_;
    rotation::Policy const& policy_;
    DoubtBook& doubts_;
    RotationRequest const& request_;
    SteadyPoint const started_;

    Examination seen_;
    rotation::SecretVersion version_;
    SteadyPoint version_read_at_;
    formats::ValueForm form_;
    rotation::Credentials credentials_;
    std::optional<std::size_t> held_;
    std::optional<rotation::EarlierVersion> earlier_;
    std::unique_ptr<ports::OwnerLease> lease_;
    Ended postponed_;               ///< what the time says, while the evidence is looked at all the same
    std::string regenerated_slot_;  ///< what this attempt regenerated, or may have
    std::string published_before_;  ///< a version this attempt published and found dead when it looked again
};

}  // namespace kssedr::engine
