/// ListingCache: what secrets a vault has, at most five minutes old, shared by all rotations.
///
/// Only properties, never values. It tells who may hold a credential; whoever matters is read anew under the owner's
/// lock.

#pragma once

#include "engine/calls.h"
#include "engine/in_process_lock.h"

#include <map>
#include <memory>
#include <vector>

namespace kssedr::engine {

using Listing = std::shared_ptr<rotation::SecretListing const>;

class ListingCache {
public:
    explicit ListingCache(Clock& clock) : clock_(clock), turns_(clock) {}

    /// The vault's secrets; asked for through `calls` where what is known is too old. One listing of a vault is under
    /// way at a time.
    Async<Listing> find(rotation::VaultHost vault, Calls& calls);
    void forget(rotation::VaultHost const& vault) { known_.erase(vault); }

private:
    struct Known {
        Listing listing;
        SteadyPoint asked_at;
    };

    Clock& clock_;
    InProcessLock turns_;
    std::map<rotation::VaultHost, Known> known_;
};

}  // namespace kssedr::engine
