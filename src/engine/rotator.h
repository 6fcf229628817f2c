/// Rotator: takes one secret from "somebody says it is due" to an outcome.
///
/// It borrows its ports and remembers nothing that it could not lose. Whatever it is asked, it ends in exactly one
/// outcome and throws nothing but cancellation. Event loop thread only.

#pragma once

#include "engine/calls.h"
#include "engine/doubt.h"
#include "engine/holders.h"
#include "engine/regenerated.h"
#include "engine/served_vaults.h"
#include "engine/skew.h"
#include "engine/trials.h"
#include "rotation/decision.h"
#include "rotation/outcome.h"
#include "rotation/policy.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kssedr::engine {

struct RotationRequest {
    rotation::SecretRef secret;
    rotation::Trigger trigger = rotation::Trigger::command;
    std::string version;  ///< the version the event names; empty: whichever is current
    std::string event_id;
    std::optional<rotation::ArmId> vault_resource;  ///< the vault as the event's source names it
    bool ignores_due = false;                       ///< somebody asked for it by name: due or not
    bool ignores_freeze = false;                    ///< passes freeze and windows too; nothing passes policy or overlap
    /// What the secret holds has leaked: both credentials are replaced at once (rotation/leak.h).
    bool is_compromised = false;
    /// Rotates nothing: gives the slot that was vacated a new credential, where policy's grace has passed.
    bool is_revocation = false;
    /// Ends at once, `deferred`, code `owner-busy`, where another attempt of this process is at work on the owner.
    bool yields_to_owner = false;
    bool is_dry_run = false;  ///< judges, changes nothing
    /// With `is_dry_run`: looks at the owner's credentials even where it is not the time.
    bool wants_evidence = false;
    /// A version that holds no valid credential is repaired though it is not due.
    bool repairs_early = false;
    SteadyPoint deadline = SteadyPoint::max();  ///< when the caller stops waiting
};

/// A credential as `explain` shows it.
struct CredentialSeen {
    std::string slot;
    std::optional<TimePoint> made;
    bool is_held = false;  ///< by the current version
    std::vector<std::string> also_held_by;
};

/// What was seen on the way to an outcome. Members are there as far as the attempt came.
struct Examination {
    rotation::Outcome outcome;
    std::optional<rotation::SecretProperties> properties;
    std::optional<rotation::Terms> terms;
    std::string permitted_by;
    std::optional<TimePoint> due;
    std::optional<TimePoint> window_opens;  ///< nothing: no window holds it
    std::string form;
    std::vector<CredentialSeen> credentials;  ///< of the pair that the secret is on
    bool has_other_pairs = false;             ///< its owner has, so that of a sibling something else may be true
    std::optional<rotation::Decision> decision;
};

/// What the engine remembers between attempts. All of it may be lost at any instant without harm: it spares calls, or
/// waits longer than it must.
struct Memory {
    Memory(Clock& clock, rotation::Policy const& policy)
        : listings(clock, policy), served(clock, policy), pace(clock) {}

    DoubtBook doubts;
    RegeneratedBook regenerated;
    TrialBook trials;
    SkewWatch skew;
    std::multiset<std::string> owners_at_work;  ///< those of attempts that have their lock, or wait for it
    ListingCache listings;
    ServedVaults served;
    Pace pace;
    std::vector<OwnSetting> own_settings;
};

class Rotator final {
public:
    Rotator(Ports ports, rotation::Policy policy, std::vector<OwnSetting> own_settings = {});
    Rotator(Rotator const&) = delete;
    Rotator& operator=(Rotator const&) = delete;

    /// Handles one secret. Takes as long as the services take, and waits for the owner's lock, up to the deadline.
    Task<Examination> rotate(RotationRequest request);

    /// Whether configuration lists the owner as one that the vault's secrets may rotate; what an event's source permits
    /// besides is not asked.
    [[nodiscard]] bool may_rotate(rotation::VaultHost const& vault, rotation::OwnerId const& owner) const;

    /// All vaults that configuration names, by host or by scope.
    Async<ServedVaults::Hosts> find_served_vaults(Calls& calls);

    [[nodiscard]] rotation::Policy const& policy() const { return policy_; }
    /// What Azure allows and who does not answer, for whoever else calls in this process.
    [[nodiscard]] Pace& pace() { return memory_.pace; }
    /// Until when something that was sent may still happen; nothing where nothing may. An engine that takes this one's
    /// place in the process begins after it.
    [[nodiscard]] std::optional<SteadyPoint> in_doubt_until() const { return memory_.doubts.last(); }
    /// Copies, for an engine beside this one.
    [[nodiscard]] std::vector<OwnSetting> own_settings() const;

private:
    Ports ports_;
    rotation::Policy policy_;
    Memory memory_;
};

}  // namespace kssedr::engine
