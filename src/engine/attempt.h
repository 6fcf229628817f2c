/// Attempt: one secret, once; the inside of Rotator::rotate.
///
/// It goes in rounds. A round looks (the secret; then, under the owner's lock, the owner's credentials and who holds
/// them), decides (rotation/decision.h), acts, and looks again. Whenever what was seen has changed, or an effect's
/// result is not known, the next round starts from the evidence. Nothing is remembered between rounds but the lock and
/// the outcome being written, so a process killed anywhere loses nothing.

#pragma once

#include "engine/holders.h"
#include "engine/rotator.h"
#include "rotation/leak.h"
#include "rotation/list_decision.h"

#include <map>
#include <memory>
#include <set>

namespace kssedr::engine {

class Attempt {
    // How far a listing of credentials is believed to lag behind what was done.
    static constexpr Duration listings_lag_at_most = std::chrono::seconds{30};
    static constexpr Duration pause_between_listings = std::chrono::seconds{2};

public:
    Attempt(Ports& ports, rotation::Policy const& policy, Memory& memory, RotationRequest const& request);

    Attempt(Attempt const&) = delete;
    Attempt& operator=(Attempt const&) = delete;
    ~Attempt();

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

    /// Whether the vault is served, and which others are.
    Task<Ended> look_at_vaults();
    /// Nothing: look anew, from the start.
    Task<Ended> round();

    // Looking at the secret: attempt.cc.
    Task<Ended> look_at_secret();
    [[nodiscard]] Ended judge_secret();
    Task<Ended> judge_permission();
    [[nodiscard]] Ended judge_value();
    [[nodiscard]] Ended judge_time();

    // Looking at the owner, and deciding: attempt_deciding.cc.
    [[nodiscard]] bool is_owner_busy() const;
    void leave_owner();
    Task<Ended> take_lock();
    Task<Ended> look_at_owner();
    /// The owner's credentials, by a listing that is not known to be outdated; of the pair, once that is known.
    Async<rotation::Credentials> list_credentials();
    /// Leaves of the credentials the pair that the secret is on, by evidence; `before` is the one it was on last.
    [[nodiscard]] Ended choose_pair(std::optional<std::size_t> before);
    /// Takes away when a credential was made where that is far in the future.
    void disbelieve_future(rotation::Credentials& credentials) const;
    Task<Ended> look_at_holders();
    [[nodiscard]] HolderQuery holder_query() const;
    /// The vault's date, as far as the passing of time tells it.
    [[nodiscard]] TimePoint vault_now() const;
    /// How long a holder is still so young that a listing without its credential may only lag behind.
    [[nodiscard]] Duration young_and_unknown_for() const;
    /// Whether the keys are still those that were seen, a moment later.
    Task<Result<bool>> agrees_again();
    /// Whether it would last beyond the caller's deadline until it is known what became of an effect.
    [[nodiscard]] Ended judge_doubt() const;
    Task<Ended> settle_doubt();
    [[nodiscard]] rotation::Situation situation() const;
    Task<Ended> decide();
    /// What keeps an effect from being sent where nothing else does; `what` says what would be done.
    [[nodiscard]] Ended judge_mode(std::string const& what) const;
    /// What the time says, where the evidence was looked at all the same.
    [[nodiscard]] Ended judge_postponed(bool is_dead) const;
    Task<Ended> read_earlier(std::size_t holder);

    // Acting: attempt_acting.cc.
    Task<Ended> act(rotation::Decision decision);
    Task<Ended> move_siblings(rotation::Decision const& decision);
    Task<Ended> judge_dates();
    /// `is_done` says whether the slot is known to have been regenerated.
    Task<Ended> regenerate(std::string slot, bool& is_done);
    /// Lists until another credential stands in the slot than before, for as long as listings are believed to lag.
    Async<rotation::Credentials> list_until_made(std::string slot, rotation::Credentials answered);
    /// Whether every holder is still as it was seen; asked anew where that was longer than a second ago. Where the
    /// service has just said "not now" the owner's credentials are not listed for it.
    Task<Result<bool>> is_still_so(Sending sending);
    Task<Ended> verify(rotation::Credential const& credential);
    Async<std::optional<rotation::SecretProperties>> publish(Publication publication);
    Task<Ended> publish_here(rotation::Decision const& decision);
    /// Whether the current version is what this attempt sent and saw no answer to: it came after it was looked for.
    [[nodiscard]] bool is_ours() const;
    Task<Ended> conclude_ours();
    Task<Ended> conclude_alive(rotation::SecretProperties const& published);
    Task<bool> look_again(SecretString const& published);
    /// What was found dead and is not: the listings had lagged behind.
    [[nodiscard]] Ended judge_published_before(bool is_alive);
    [[nodiscard]] Conclusion conclude_published(rotation::Decision const& decision, std::string const& slot);

    // The answer to a leak: attempt_leak.cc.
    Task<Ended> answer_leak();
    [[nodiscard]] rotation::LeakDecision judge_leak();
    [[nodiscard]] rotation::Leak leak() const;
    Task<Ended> publish_off_leak(rotation::LeakDecision const& decision);
    [[nodiscard]] std::string describe(rotation::LeakDecision const& decision);
    [[nodiscard]] Conclusion conclude_leak();

    // Revoking: attempt_revoking.cc.
    Task<Ended> revoke();
    [[nodiscard]] Conclusion conclude_revoked(std::string const& slot);

    // Owners that keep a list of credentials: attempt_list.cc.
    Task<Ended> round_of_list();
    Task<Ended> look_at_list();
    void note_uses();
    /// Which of the listed credentials a value may hold.
    [[nodiscard]] rotation::UseSeen use_of(std::string who, SecretString const& value);
    [[nodiscard]] Duration kept_for(Duration overlap) const;
    Task<Ended> read_earlier_uses();
    Task<Ended> remove_unused();
    Task<Ended> remove_from_list(std::string id);
    /// What was added is in `added_`, unless it is not known whether it was: then the next round looks.
    Task<Ended> add_to_list(rotation::Decision const& decision);
    Task<Ended> publish_added(rotation::Decision const& decision);
    /// What keeps a leak from being answered, before anything is done.
    [[nodiscard]] Ended judge_leak_of_list(bool is_dead);
    /// What the answer to a leak removes: all that was made for this secret, and what leaked.
    [[nodiscard]] std::vector<std::string> goes_with_leak() const;
    [[nodiscard]] std::string describe_leak_of_list() const;
    Task<Ended> answer_leak_of_list(rotation::Credential const& added);
    Task<bool> is_listed_again(SecretString const& published, std::string const& id);
    Task<Ended> revoke_of_list();

    // Logins whose passwords are set: attempt_login.cc.
    /// `looks_anew` says that it is to be looked once more, from the start.
    Task<Ended> look_at_logins(bool& looks_anew);
    /// Which password of each login works: those that holders have are tried.
    Task<Ended> try_passwords();
    Task<Ended> try_password_of(HolderSeen& holder, SecretSeen const& secret);
    /// What an attempt that was not ended left open: the password works, or is thrown away.
    Task<Ended> settle_pending(bool& looks_anew);
    Task<Ended> set_password(std::string login, bool& is_done);
    Task<Ended> open_pending(std::string const& login, SecretString const& password);
    Task<void> close_pending();
    Task<Ended> decide_single_login();
    /// Which siblings get the password too; how the attempt ends where one of them has to and can not.
    [[nodiscard]] Ended take_along(rotation::Decision& decision) const;
    Task<void> publish_to_siblings(rotation::Decision const& decision);
    Task<bool> may_sign_in(SecretString const& password, std::string const& login);

    // Saying.
    /// What was asked when an error came.
    enum class Asked : std::uint8_t { vault, owner };
    [[nodiscard]] Conclusion conclude(Error const& error, std::string_view doing, Asked asked = Asked::owner) const;
    [[nodiscard]] std::string describe(rotation::Decision const& decision) const;
    [[nodiscard]] std::string code_of_obstacle(HolderSeen const& holder) const;
    void finish(Conclusion conclusion);

    [[nodiscard]] rotation::OwnerId const& owner() const { return seen_.terms->owner->value; }

    Ports& ports_;
    rotation::Policy const& policy_;
    Memory& memory_;
    RotationRequest const& request_;
    Calls calls_;
    SteadyPoint const started_;

    ServedVaults::Hosts served_;
    Examination seen_;
    SecretSeen self_;
    rotation::Credentials credentials_;
    /// Which of the owner's pairs the secret is on; nothing: not known yet.
    std::optional<std::size_t> pair_;
    /// The secret itself first, as in the situation that is decided.
    std::vector<HolderSeen> holders_;
    SteadyPoint evidence_from_;  ///< when the oldest of what the decision stands on was read
    SteadyPoint listed_at_;      ///< when the owner's credentials were listed last
    std::unique_ptr<ports::OwnerLease> lease_;
    Ended postponed_;               ///< what the time says, while the evidence is looked at all the same
    std::string regenerated_slot_;  ///< what this attempt regenerated, or may have
    /// Of a leak: what stood in the slots when the attempt began.
    struct Leaked {
        std::size_t slot;
        rotation::Credentials before;
    };
    std::optional<Leaked> leaked_;
    /// What was sent to become the next version.
    struct Sent {
        rotation::Decision decision;
        std::string slot;
        std::string before;  ///< the version that it was to replace
        SecretString credential;
        SecretString value;
    };
    std::optional<Sent> sent_;
    std::string pending_version_;  ///< of the companion secret, while the attempt that it stands for is open
    rotation::ListSituation list_;
    rotation::Credential added_;                     ///< to a list, and not yet published
    std::vector<std::string> removed_;               ///< from a list
    std::vector<std::string> not_ours_;              ///< leaked, and not made by kssedr for this secret
    std::string at_work_;                            ///< the owner's key, as it stands in Memory
    std::set<std::string> cut_off_;                  // in words
    std::map<std::string, std::string> unwritable_;  // holders that could not be written, and why
    bool has_listed_ahead_ = false;                  ///< once had to wait for a vault's listing
    /// A version that this attempt published and found dead when it looked again.
    struct PublishedBefore {
        std::string version;
        rotation::Decision decision;
        std::string slot;
        std::string former;
        std::optional<TimePoint> expires;
    };
    std::optional<PublishedBefore> published_before_;
};

}  // namespace kssedr::engine
