/// Holders: who else has a credential of an owner (DESIGN 3.1), found before anything is regenerated.
///
/// Siblings are the secrets of the served vaults that ask for the same owner and whose vault is permitted for it. They
/// are known from listings of properties (engine/listing_cache.h) and read anew here, under the owner's lock.
/// Credentials in kssedr's own settings are holders that never move.

#pragma once

#include "engine/listing_cache.h"
#include "engine/publication.h"
#include "rotation/decision.h"

#include <span>
#include <string>
#include <vector>

namespace kssedr::engine {

/// A setting of kssedr's own that holds a credential of something, such as AzureWebJobsStorage.
struct OwnSetting {
    std::string name;
    SecretString value;
};

/// What the search goes by. Everything must outlive it.
struct HolderQuery {
    SecretSeen const& self;
    rotation::OwnerId const& owner;
    rotation::Credentials const& credentials;
    rotation::Policy const& policy;
    std::span<rotation::VaultHost const> served;  ///< searched besides the secret's own vault
    std::span<OwnSetting const> own_settings;
};

struct HolderSeen {
    rotation::Holder holder;
    std::optional<SecretSeen> secret;  ///< as it was read, where it may be written
    rotation::SecretRef ref;           ///< empty for a setting of our own
    std::string version;               ///< the current one, where it was read
};

/// Has the vaults listed in which `find_holders` will look, where what is known of them is too old: a listing of many
/// secrets takes minutes, in which no lock should be held nor evidence grow old. Whether there was anything to wait
/// for.
Async<bool> list_ahead(rotation::VaultHost own, rotation::OwnerId const& owner, rotation::Policy const& policy,
                       std::span<rotation::VaultHost const> served, ListingCache& listings, Calls& calls);

/// All holders but the secret itself, in a fixed order. Fails where a vault can not be listed or a sibling not be read
/// for a passing reason: who is not known may hold anything.
Async<std::vector<HolderSeen>> find_holders(HolderQuery query, ListingCache& listings, Calls& calls);

/// What the version before `version` held, of the owner's credentials as they are now.
Async<rotation::EarlierVersion> read_earlier_version(rotation::SecretRef secret,
                                                     rotation::SecretProperties const& current,
                                                     rotation::OwnerId const& owner,
                                                     rotation::Credentials const& credentials, Calls& calls);

}  // namespace kssedr::engine
