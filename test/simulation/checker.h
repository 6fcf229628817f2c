/// Checker: what is promised, held against every effect (DESIGN 7).
///
///   I1  the current version of every managed secret holds a valid credential
///   I2  the one before it stays valid for its holder's overlap
///   I3  one version leads to at most one regeneration, and all its publications carry that value
///   I4  every event ends in exactly one outcome, and the outcome says what happened
///   I5  nothing but the credential, the expiry and our tags changes
///   I6  nothing due is left for ever; I7: once nothing goes wrong any more, all that is due is done within a bound
///   I8  nothing is done for a secret that is frozen, or outside its windows unless it ends within three days; and no
///       slot is revoked before its grace
///   I9  what has leaked is dead in the end, and whom that cuts off is named
///   I10 what is done for a secret stays within the pair of slots that it is on
///   I11 nobody is called again before they said
///
/// I1 to I3 are strict but for attempts that could not know: those that began before somebody else regenerated or wrote
/// (or before a lease was broken). What others broke, or such an attempt, must be whole within one sweep once nothing
/// goes wrong any more.

#pragma once

#include "estate.h"

#include "rotation/outcome.h"

#include <functional>
#include <map>
#include <set>
#include <string>

namespace kssedr::simulation {

struct Violation {
    std::string invariant;  ///< `I1`
    std::string what;
    SteadyPoint at{};
};

/// What is known when an attempt ends.
struct Ending {
    SteadyPoint at{};
    /// The last two listings of the owner's credentials that the process got showed what was true then or later.
    SteadyPoint listed_twice_since{};
    SteadyPoint listing_failed_at{};  ///< the last time one could not be had
};

/// What a process was asked, and how it went.
struct Handled {
    int secret = 0;
    rotation::Trigger trigger = rotation::Trigger::event;
    std::string version;  ///< the one asked about; empty: the current one
    SteadyPoint began{};
    SteadyPoint deadline{};
    Ending ending;
};

class Checker {
public:
    enum class Change : std::uint8_t { switched, removed, recovered, tagged };

    Checker(Estate& estate, Timeline& timeline, Plan const& plan) : estate_(estate), timeline_(timeline), plan_(plan) {}

    [[nodiscard]] std::optional<Violation> const& violation() const { return violation_; }
    void violate(std::string invariant, std::string what);

    // Effects, told by the estate.
    void before_regeneration(int owner, int slot, Author const& author);
    void after_regeneration(int owner, Author const& author);
    void after_publication(int secret, Author const& author);
    void after_change(int secret, Change change);

    /// Attempts on the owner that began before `until` could not know what others do now.
    void excuse(int owner, SteadyPoint until);

    /// I4, for an outcome.
    void judge_outcome(Handled const& handled, rotation::Outcome const& outcome);
    /// I9, for the answer to a leak of that number.
    void judge_leak(Handled const& handled, rotation::Outcome const& outcome, int number);
    /// Once nothing goes wrong any more: everything is whole.
    void expect_whole();
    /// I7, for slots that were vacated: they are revoked within a bound.
    void expect_revoked(SteadyPoint calm_since);
    /// What leaked of an owner is dead, unless a setting of kssedr's own may hold it.
    void expect_replaced(int owner);
    /// I6 and I7: nothing has been due for longer than the bound, counted from `calm_since` at the earliest.
    void expect_nothing_overdue(SteadyPoint calm_since);

    /// Within what time everything due is done once nothing goes wrong any more; README.md says why.
    [[nodiscard]] Duration bound(int owner) const;

private:
    [[nodiscard]] bool is_excused(int owner, Author const& author) const;
    [[nodiscard]] bool may_not_know_of(OwnerState const& owner, Author const& author) const;
    [[nodiscard]] std::string blame(Author const& author) const;
    void check_cut_off(SecretState& secret, KeyId key, Author const& author);
    /// For an answer to a leak: whether it may cut the secret off, which its outcome has to say then.
    [[nodiscard]] bool may_cut_off(SecretState const& secret, bool is_held, Author const& author);
    /// I10: `key` is in a pair that the version asks for.
    void check_pair(VersionState const& base, KeyId key, Author const& author);
    void check_time(SecretState const& secret, VersionState const& base, Author const& author);
    void check_grace(OwnerState const& owner, KeyId key, Author const& author);
    [[nodiscard]] bool may_have_been_left(OwnerState const& owner, int slot) const;
    [[nodiscard]] bool was_held(OwnerState const& owner, KeyId key) const;
    [[nodiscard]] Duration wait_for_windows(OwnerState const& owner) const;
    [[nodiscard]] std::optional<SteadyPoint> to_be_revoked_at(OwnerState const& owner, std::size_t slot) const;
    void check_second_regeneration(OwnerState const& owner, int slot, Author const& author);
    void check_form(SecretState const& secret, VersionState const& base, Author const& author);
    void check_tags(SecretState const& secret, VersionState const& base);
    void check_published_outcome(SecretState const& secret, Handled const& handled, rotation::Outcome const& outcome);

    Estate& estate_;
    Timeline& timeline_;
    Plan const& plan_;
    std::optional<Violation> violation_;
    std::map<int, std::set<std::string>> cut_off_;  ///< by answer to a leak: secrets
};

}  // namespace kssedr::simulation
