/// Policy: what configuration says about rotating, in general and for one secret.

#pragma once

#include "rotation/scope.h"
#include "rotation/secret_version.h"
#include "rotation/window.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::rotation {

enum class Mode : std::uint8_t {
    rotate,
    observe,  ///< judges everything, changes nothing
    paused,   ///< not even that
};
[[nodiscard]] std::string_view to_string(Mode mode);

enum class Verify : std::uint8_t { required, best_effort, off };
[[nodiscard]] std::string_view to_string(Verify verify);

/// What the configuration file says about one secret, or about all of one vault. What it leaves out is decided
/// elsewhere.
struct SecretRule {
    std::optional<VaultHost> vault;  ///< nothing: in every vault
    std::string secret;              ///< a name; empty: every secret of the vault
    std::optional<OwnerId> target;   ///< final: the secret's own tags are not asked
    std::optional<Duration> validity;
    std::optional<Duration> lead;
    std::optional<Duration> min_overlap;
    std::optional<Duration> revoke_after;
    std::optional<std::vector<Window>> windows;  ///< empty: at any time
    std::optional<std::string> freeze;           ///< `true`, `false`, or the time until which it holds
    std::string where;                           ///< `kssedr.toml, rule 2`: for `explain`
};

struct Policy {
    Mode mode = Mode::rotate;
    Verify verify = Verify::best_effort;
    Duration lead = std::chrono::days{30};
    Duration default_validity = std::chrono::days{90};
    Duration min_overlap = std::chrono::days{7};
    /// The vaults that are served, by name; nothing: only an event's own, or a command's.
    std::optional<std::vector<VaultHost>> vaults;
    /// Those too that lie in these: subscriptions, resource groups, or single vaults.
    std::vector<ArmId> vault_scopes;
    /// Nothing: no list was given, and the vault's own resource group is permitted to its events.
    std::optional<AllowedTargets> allowed;
    std::vector<SecretRule> rules;

    /// Whether it says which vaults are served, be it that none is.
    [[nodiscard]] bool names_vaults() const { return vaults || !vault_scopes.empty(); }
};

/// A value, and where it comes from, in words for `explain`.
template <class T>
struct Sourced {
    T value;
    std::string source;
};

/// What a secret asks for, and the times that hold for it, each with its source.
struct Terms {
    std::optional<Sourced<OwnerId>> owner;  ///< nothing: it asks for nothing
    std::string slot_tag;                   ///< the slot its tags name; empty: none. Evidence decides, not this
    bool is_original_dialect = false;       ///< the original's content type or tags name the owner
    Sourced<Duration> validity;
    Sourced<Duration> lead;
    Sourced<Duration> overlap;                      ///< never more than half the validity
    std::optional<Sourced<Duration>> revoke_after;  ///< nothing: a vacated slot is left as it is
    Sourced<std::vector<Window>> windows;           ///< none: at any time
    std::optional<std::string> freeze;              ///< why a freeze defers, the tag's or a rule's
    std::optional<TimePoint> freeze_until;
};

/// Reads a secret's tags and content type under the policy (CONTRACT 5). `invalid_argument` where they contradict each
/// other or are none that can be understood; the message says which and how to mend it.
[[nodiscard]] Result<Terms> terms_of(SecretRef const& secret, SecretProperties const& properties, Policy const& policy,
                                     TimePoint now);

/// When a version is due, and when it ends where its expiry is not set.
[[nodiscard]] TimePoint due_of(SecretProperties const& properties, Terms const& terms);
[[nodiscard]] TimePoint end_of(SecretProperties const& properties, Terms const& terms);

/// Every owner that a secret asks for in any of its ways, be they in conflict with each other: it is a holder to reckon
/// with for each of them. The same one may stand there twice.
[[nodiscard]] std::vector<OwnerId> owners_asked_for(SecretRef const& secret, SecretProperties const& properties,
                                                    Policy const& policy);

/// The values of a tag. Names are compared without regard to case and to blanks around them, so that there may be
/// several, and what is to be decided must ask them all.
[[nodiscard]] std::vector<std::string const*> find_tags(Tags const& tags, std::string_view name);

/// The first of them; null where there is none.
[[nodiscard]] std::string const* find_tag(Tags const& tags, std::string_view name);

}  // namespace kssedr::rotation
