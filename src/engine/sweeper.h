/// Sweeper: makes certain what events make prompt (DESIGN 2, law 2).
///
/// It lists the vaults, judges by properties alone where they suffice, and rotates what is due, soonest expiry first,
/// at the pace that Azure allows. It also looks for versions that died (DESIGN 3.4): one of a slot that is told to have
/// been made after the version itself, and versions younger than the overlap, each time; all once a day. A suspect is
/// read, and repaired if it is dead. Where policy says so it revokes slots that were vacated (rotation/revocation.h).

#pragma once

#include "async/latch.h"
#include "engine/intake.h"
#include "engine/rotator.h"

#include <functional>
#include <map>
#include <memory>

namespace kssedr::engine {

struct SweepRequest {
    std::vector<rotation::VaultHost> vaults;  ///< none: all that are served
    /// Also judged, though not due before then: what `plan --within` asks for.
    Duration within{};
    bool looks_for_dead = true;
    rotation::Trigger trigger = rotation::Trigger::sweep;
    SteadyPoint deadline = SteadyPoint::max();
    Latch const* stop = nullptr;  ///< once it is open nothing more is begun

    [[nodiscard]] bool is_stopped() const { return stop != nullptr && stop->is_open(); }
};

/// A managed secret that is not rotated yet.
struct ExpiringSecret {
    std::string vault;
    std::string secret;
    TimePoint expires{};

    friend bool operator==(ExpiringSecret const&, ExpiringSecret const&) = default;
};

/// A vault that was to be listed.
struct SweptVault {
    std::string host;  ///< empty: which vaults there are could not be found out
    std::string why;   ///< why it could not be listed; empty where it was

    friend bool operator==(SweptVault const&, SweptVault const&) = default;
};

struct SweepSummary {
    std::size_t due = 0;      ///< secrets that were due, or dead
    std::size_t done = 0;     ///< rotated, adopted or repaired, siblings that were moved not counted
    std::size_t revoked = 0;  ///< vacated slots that were regenerated
    std::size_t deferred = 0;
    std::size_t refused = 0;
    std::size_t failed = 0;
    std::size_t overdue = 0;  ///< expired, and not done
    std::vector<SweptVault> vaults;
    std::vector<ExpiringSecret> soonest;  ///< the soonest first, ten at most

    /// How many vaults could not be listed.
    [[nodiscard]] std::size_t unreadable() const;
    [[nodiscard]] std::optional<TimePoint> soonest_expiry() const {
        return soonest.empty() ? std::nullopt : std::optional(soonest.front().expires);
    }

    friend bool operator==(SweepSummary const&, SweepSummary const&) = default;
};

class Sweeper {
public:
    enum class Logs : std::uint8_t { outcomes, none };

    /// `logs`: whether outcomes are logged as they end; whoever keeps a history logs them with it.
    Sweeper(Rotator& rotator, Ports ports, Logs logs = Logs::outcomes)
        : rotator_(rotator), ports_(ports), pace_(rotator.pace()), logs_(logs) {}

    /// Calls `on_outcome` for every secret that was judged, as it ends.
    Task<SweepSummary> sweep(SweepRequest request, OnOutcome on_outcome);

private:
    /// A secret that asks for something, as a listing showed it. There may be a hundred thousand: what its terms say
    /// besides is asked of them again.
    struct Candidate {
        std::shared_ptr<rotation::VaultHost const> vault;
        rotation::ListedSecret properties;
        TimePoint now{};                    ///< the vault's date when it was listed
        TimePoint due{};                    ///< without terms: when it was made
        std::optional<TimePoint> end = {};  ///< nothing: it has no terms, since its metadata contradict each other
        std::optional<TimePoint> revocable_from = {};  ///< when policy's grace for the slot it left is over
        bool is_held_back = false;                     ///< by its windows
        bool is_suspect = false;

        [[nodiscard]] rotation::SecretRef secret() const { return {*vault, properties->name}; }
    };
    /// One of an owner's secrets that may be dead, with what tells.
    struct OfOwner {
        Candidate* candidate;
        std::string slot_tag;
        Duration overlap;

        /// Whether it is younger than the overlap.
        [[nodiscard]] bool is_young() const { return candidate->properties->created + overlap > candidate->now; }
    };
    struct Owner {
        rotation::OwnerId id;
        std::vector<OfOwner> secrets;
    };

    Task<std::vector<rotation::VaultHost>> choose_vaults(SweepRequest const& request, Calls& calls,
                                                         SweepSummary& summary);
    Task<std::vector<Candidate>> list(SweepRequest const& request, SweepSummary& summary);
    /// Nothing: the secret asks for nothing.
    [[nodiscard]] std::optional<Candidate> judge(std::shared_ptr<rotation::VaultHost const> vault,
                                                 rotation::ListedSecret properties, TimePoint now) const;
    [[nodiscard]] Result<rotation::Terms> terms_of(Candidate const& candidate) const;
    /// By key, the owners of those that are not due, or held back.
    [[nodiscard]] std::map<std::string, Owner> owners_of(std::vector<Candidate>& candidates) const;
    Task<void> rotate(std::vector<Candidate> candidates, SweepRequest const& request, OnOutcome const& on_outcome,
                      SweepSummary& summary);
    using Vacated = std::vector<Candidate>;
    /// For each owner with a slot that may be to be revoked, as far as properties tell, its secrets.
    [[nodiscard]] std::vector<Vacated> find_vacated(std::vector<Candidate> const& candidates) const;
    Task<void> revoke(std::vector<Vacated> const& vacated, SweepRequest const& request, OnOutcome const& on_outcome,
                      SweepSummary& summary);
    Task<Examination> revoke_one(Candidate const& candidate, SweepRequest const& request);
    Task<void> find_suspects(std::vector<Candidate>& candidates, SweepRequest const& request);
    [[nodiscard]] bool is_suspect(OfOwner const& secret, rotation::Credentials const& credentials, bool is_daily) const;
    Task<bool> may_be_dead(Candidate const& candidate, rotation::OwnerId const& owner,
                           rotation::Credentials const& credentials, Calls& calls);
    void reckon_expiry(Candidate const& candidate, SweepSummary& summary) const;
    void count(rotation::Outcome const& outcome, Candidate const& candidate, SweepSummary& summary) const;

    Rotator& rotator_;
    Ports ports_;
    Pace& pace_;
    Logs logs_;
    std::map<std::string, SteadyPoint> revoke_not_before_;  // by owner: when a revocation is worth a look again
    std::map<std::string, SteadyPoint> looked_at_;          // by owner: when all its versions were suspected last
};

}  // namespace kssedr::engine
