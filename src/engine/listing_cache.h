/// ListingCache: what secrets a vault has, at most five minutes old, shared by all rotations.
///
/// Only properties, never values. It tells who may hold a credential; whoever matters is read anew under the owner's
/// lock.

#pragma once

#include "engine/calls.h"
#include "engine/in_process_lock.h"
#include "rotation/policy.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kssedr::engine {

/// A vault's secrets, found by the owner they ask for.
class VaultListing {
public:
    VaultListing(rotation::VaultHost const& vault, rotation::SecretListing listing, rotation::Policy const& policy);

    /// Those that ask for the owner, in the listing's order.
    [[nodiscard]] std::vector<rotation::SecretProperties const*> asking_for(rotation::ArmId const& owner) const;

private:
    std::vector<rotation::SecretProperties> secrets_;                       // those that ask for anything
    std::unordered_map<std::string, std::vector<std::uint32_t>> by_owner_;  // ArmId::key() to indices
};

using Listing = std::shared_ptr<VaultListing const>;

class ListingCache {
public:
    /// The policy says what secrets ask for, and must outlive this.
    ListingCache(Clock& clock, rotation::Policy const& policy) : clock_(clock), policy_(policy), turns_(clock) {}

    /// The vault's secrets; asked for through `calls` where what is known is too old. One listing of a vault is under
    /// way at a time.
    Async<Listing> find(rotation::VaultHost vault, Calls& calls);
    /// What the vault's clock showed when ours began to count, by its last listing; nothing where there was none.
    [[nodiscard]] std::optional<TimePoint> beginning_of(rotation::VaultHost const& vault) const;
    void forget(rotation::VaultHost const& vault) { known_.erase(vault); }

private:
    struct Known {
        Listing listing;
        SteadyPoint asked_at;
        TimePoint beginning;
    };

    Clock& clock_;
    rotation::Policy const& policy_;
    InProcessLock turns_;
    std::map<rotation::VaultHost, Known> known_;
};

}  // namespace kssedr::engine
