/// ServedVaults: which vaults are served, where configuration names scopes of Resource Manager beside hosts.
///
/// A scope's vaults are asked for anew each hour, and once more where a vault is not among them: it may be new. Where
/// they can not be had, those of the last time stand, as long as this process lives, and are asked for again a minute
/// later at the soonest: no rotation waits for them.

#pragma once

#include "engine/calls.h"
#include "engine/in_process_lock.h"
#include "rotation/policy.h"

#include <memory>
#include <vector>

namespace kssedr::engine {

class ServedVaults {
public:
    using Hosts = std::shared_ptr<std::vector<rotation::VaultHost> const>;

    /// The policy must outlive this.
    ServedVaults(Clock& clock, rotation::Policy const& policy) : clock_(clock), policy_(policy), turns_(clock) {}

    /// All of them, in order, each once; none where configuration names none. Asks through `calls`, for one caller at a
    /// time.
    Async<Hosts> find(Calls& calls);
    /// Whether the vault is served: every one is where configuration names none.
    Async<bool> contains(rotation::VaultHost vault, Calls& calls);

private:
    Async<Hosts> find_younger_than(Duration age, Calls& calls);

    Clock& clock_;
    rotation::Policy const& policy_;
    InProcessLock turns_;
    Hosts known_;
    SteadyPoint asked_at_;  ///< when what is known was asked for
    SteadyPoint tried_at_;  ///< when it was last asked for, with or without success
};

}  // namespace kssedr::engine
