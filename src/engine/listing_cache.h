/// ListingCache: what secrets a vault has, at most five minutes old, shared by all rotations.
///
/// Only properties, never values. It tells who may hold a credential; whoever matters is read anew under the owner's
/// lock. A listing costs what is new in it: of a hundred thousand secrets some few change between two listings.

#pragma once

#include "engine/calls.h"
#include "engine/in_process_lock.h"
#include "rotation/policy.h"

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kssedr::engine {

/// A vault's secrets, found by the owner they ask for.
class VaultListing {
public:
    /// The policy must outlive this.
    VaultListing(rotation::VaultHost vault, rotation::Policy const& policy)
        : vault_(std::move(vault)), policy_(policy) {}

    /// What the vault listed takes the place of what it listed before. Only what differs is read for its owners.
    void replace(std::vector<rotation::ListedSecret> listed);
    /// Those that ask for the owner, in the listing's order.
    [[nodiscard]] std::vector<rotation::ListedSecret> asking_for(rotation::OwnerId const& owner) const;

private:
    [[nodiscard]] std::vector<rotation::OwnerId> owners_of(rotation::SecretProperties const& properties) const;
    [[nodiscard]] std::vector<rotation::ListedSecret> asking_among(std::vector<rotation::ListedSecret> listed) const;
    void enter(std::uint32_t index);
    void strike(std::uint32_t index);

    rotation::VaultHost vault_;
    rotation::Policy const& policy_;
    std::vector<rotation::ListedSecret> secrets_;                           // those that ask for anything
    std::unordered_map<std::string, std::vector<std::uint32_t>> by_owner_;  // OwnerId::key() to indices, in order
};

class ListingCache {
public:
    /// The policy says what secrets ask for, and must outlive this.
    ListingCache(Clock& clock, rotation::Policy const& policy) : clock_(clock), policy_(policy), turns_(clock) {}

    /// The vault's secrets that ask for the owner; the vault is asked through `calls` where what is known is too old.
    /// One listing of a vault is under way at a time.
    Async<std::vector<rotation::ListedSecret>> find(rotation::VaultHost vault, rotation::OwnerId const& owner,
                                                    Calls& calls);
    /// For whoever asks in a moment: then nothing has to be listed. A listing of many secrets takes minutes. Whether
    /// there was anything to wait for.
    Async<bool> list_ahead(rotation::VaultHost vault, Calls& calls);
    /// What the vault's clock showed when ours began to count, by its last listing; nothing where there was none.
    [[nodiscard]] std::optional<TimePoint> beginning_of(rotation::VaultHost const& vault) const;
    /// Whoever asks next is told by a new listing.
    void forget(rotation::VaultHost const& vault);

private:
    struct Known {
        VaultListing listing;
        std::optional<SteadyPoint> asked_at;  ///< nothing: to be asked anew
        TimePoint beginning{};
    };

    Async<bool> refresh(rotation::VaultHost vault, Duration oldest, Calls& calls);

    Clock& clock_;
    rotation::Policy const& policy_;
    InProcessLock turns_;
    std::map<rotation::VaultHost, Known> known_;
};

}  // namespace kssedr::engine
