/// Publication: a credential put into a secret's next version, everything else of it kept.

#pragma once

#include "engine/calls.h"
#include "engine/value_seen.h"
#include "rotation/draft.h"

#include <optional>

namespace kssedr::engine {

/// A secret as it was read: what a publication builds on.
struct SecretSeen {
    rotation::SecretRef secret;
    rotation::SecretVersion version;
    SteadyPoint read_at;
    rotation::Terms terms;
    ValueSeen form;
};

/// What is to be published where.
struct Publication {
    SecretSeen const& target;
    rotation::Credential const& credential;
    std::optional<std::size_t> slot_index;  ///< nothing: it is in no slot
    TimePoint expires{};
};

/// Publishes. Where what was read is older than a second it is read again first. An answer that is lost is looked for.
/// Returns the new version's properties; nothing where the secret has changed since it was read (or where it stays open
/// whether it was published: the evidence will tell).
Async<std::optional<rotation::SecretProperties>> publish(Publication publication, Calls& calls, Ports& ports,
                                                         ports::OwnerLease& lease);

}  // namespace kssedr::engine
