/// What to do with a list of credentials (DESIGN 3.3, List): whose they are, which the current version holds, and which
/// may be removed.
///
/// Pure. Adding one takes nothing from anybody, so that only removing has to be judged: only what was made for this
/// very secret, and what by evidence nobody has. Evidence is the value that a version holds against the characters that
/// the service tells of each credential; tags are not asked (DESIGN 2, law 1).

#pragma once

#include "rotation/listed_credential.h"
#include "rotation/secret_ref.h"

#include <optional>
#include <string>
#include <vector>

namespace kssedr::rotation {

/// A version of a secret that asks for the owner: who has it has what it holds.
struct UseSeen {
    std::string who;                 ///< for people: `vault/secret`
    std::vector<std::string> ids;    ///< the listed credentials that its value may be one of
    bool may_be_any = false;         ///< its value is not known: it may be any of them
    std::optional<TimePoint> until;  ///< since when it is not the current version any more; nothing: it is
    Duration overlap{};              ///< how long after that its consumers may have it still

    friend bool operator==(UseSeen const&, UseSeen const&) = default;
};

struct ListSituation {
    TimePoint now{};  ///< the vault's date
    std::string mark;
    CredentialList listed;
    std::vector<UseSeen> uses;  ///< the current version of the secret that is judged first
};

/// What kssedr calls the credentials that it makes for a secret: `kssedr {vault}/{secret}`.
[[nodiscard]] std::string mark_of(SecretRef const& secret);

/// Whether a credential was made by kssedr for this secret.
[[nodiscard]] bool is_ours(ListedCredential const& credential, std::string_view mark);

/// The listed credentials that the current version may hold, and that have not ended. None: what it holds is dead, or
/// the listing lags behind.
[[nodiscard]] std::vector<std::string> held_now(ListSituation const& seen);

/// Whether somebody has it, or had it less than an overlap ago, as far as uses tell.
[[nodiscard]] bool may_be_in_use(ListedCredential const& credential, ListSituation const& seen);

/// Those that may be removed: made for this secret, longer ago than `settled_after` (whoever made it has published it
/// by then or never will), and in nobody's use, or ended a day ago.
[[nodiscard]] std::vector<std::string> removable(ListSituation const& seen, Duration settled_after);

}  // namespace kssedr::rotation
