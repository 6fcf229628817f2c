/// Plan: what kind of world a seed makes.
///
/// Swarm testing: each fault is absent from most worlds and has a likelihood of its own in the others, so that some
/// worlds are calm, some have one thing wrong all the time, and a few have everything at once.

#pragma once

#include "limit.h"

#include "base/time.h"
#include "rotation/policy.h"

#include <cstdint>
#include <string>

namespace kssedr::simulation {

struct Plan {
    std::uint64_t seed = 0;

    // Size.
    int vaults = 1;
    int owners = 1;
    int secrets = 1;
    int processes = 1;
    int sweepers = 1;  ///< how many of the processes sweep; the others handle events only
    Duration horizon = std::chrono::days{365};
    Duration sweep_every = std::chrono::days{1};

    // What configuration says.
    Duration min_overlap = std::chrono::days{7};
    Duration lead = std::chrono::days{30};
    rotation::Verify verify = rotation::Verify::best_effort;
    bool has_own_setting = false;  ///< one of kssedr's own settings holds a key of the first owner
    bool has_leases = true;        ///< false: one process with the lock of one process only
    double within_windows = 0;     ///< the share of secrets that may be rotated within windows only
    double revoking = 0;           ///< the share of secrets whose vacated slot is revoked after a grace

    // Services.
    Duration latency_max{50};
    Duration listing_lag_max{};     ///< how long after a regeneration listings may still show what was before
    Duration propagation_max{};     ///< how long after it the service may reject the new credential
    double two_pairs = 0;           ///< the share of owners that have two pairs of slots
    double tells_made = 1;          ///< the share of owners whose provider says when a slot was generated
    Duration service_skew{};        ///< how far the services' clocks are apart at most
    Duration process_skew{};        ///< how far the processes' clocks are from the true time at most
    Limit vault_limit{};            ///< of each vault
    Limit provider_limit{};         ///< of Resource Manager, for each provider
    Duration operation_max{};       ///< how long a service that goes on after its answer may go on
    double says_retry_after = 0.5;  ///< the share of answers 429 that say when to come again
    bool is_all_due_at_once = false;

    // What befalls a call: likelihoods.
    double throttled = 0;     ///< 429, nothing done
    double server_error = 0;  ///< 5xx: of an effect it is not known whether it happened
    double lost_before = 0;   ///< the connection failed: nothing was sent
    double lost_request = 0;  ///< sent, never arrived, no answer
    double lost_answer = 0;   ///< it happened, no answer
    double late_effect = 0;   ///< given up; lands later, within its deadline
    double slow = 0;          ///< takes seconds instead of milliseconds
    double unreachable = 0;   ///< a trial of a credential tells nothing

    // What befalls a process: likelihoods at each of its suspension points.
    double killed = 0;
    double paused = 0;
    /// Of the effects before which it is paused, after the lease was checked: what share is sent even if the deadline
    /// has passed meanwhile.
    double sends_overdue = 0;
    Duration restart_max = std::chrono::minutes{10};

    // Events.
    double event_lost = 0;
    double event_duplicated = 0;
    double event_late = 0;
    double lease_broken = 0;  ///< at each acquisition: somebody breaks it while it is held

    // What people and other tools do: times a year, in all of the world, and likelihood while kssedr is at a call.
    double regenerations_by_hand = 0;
    double foreign_versions = 0;
    double switched = 0;     ///< a secret disabled, for a while
    double deleted = 0;      ///< a secret deleted, for a while
    double rights_lost = 0;  ///< to read or write a secret, to list a vault, to see an owner: for a while
    double frozen = 0;       ///< a freeze tag on a secret, for a while
    double leaked = 0;       ///< what a secret holds is said to have leaked, and `rotate --compromised` is asked for
    double meddling_at_call = 0;
    double lying_tags = 0;  ///< the share of secrets whose slot tag is wrong from the start

    /// From now on nothing goes wrong; sizes, settings and services stay.
    void become_calm();

    /// Whether a version may die without kssedr's doing, so that sweeps have to look for dead ones.
    bool looks_for_dead = false;

    /// What is not as it is in a calm world, for people.
    [[nodiscard]] std::string describe() const;
};

/// The world that a seed makes.
[[nodiscard]] Plan make_plan(std::uint64_t seed);

/// A world with one vault, one owner, one secret, one process and no faults.
[[nodiscard]] Plan calm_plan(std::uint64_t seed);

}  // namespace kssedr::simulation
