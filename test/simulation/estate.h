/// Estate: what really is, in the services: vaults with their secrets and versions, owners with their keys.
///
/// Nobody sees it but through the network, and nothing changes in it but by an effect. Every effect has an author, and
/// the checker (checker.h) is told of each before it happens or right after.

#pragma once

#include "chance.h"
#include "opening.h"
#include "plan.h"
#include "timeline.h"

#include "rotation/arm_id.h"
#include "rotation/credential_shape.h"
#include "rotation/secret_ref.h"
#include "rotation/secret_version.h"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kssedr::simulation {

using KeyId = std::uint32_t;
inline constexpr KeyId no_key = 0;  ///< a value that holds no key that ever was

enum class Who : std::uint8_t { kssedr, person, tool };

/// What kssedr does something for.
enum class Purpose : std::uint8_t { rotation, revocation, leak };

/// Who has an effect, and what they went by.
struct Author {
    Who who = Who::person;
    int process = -1;
    /// When the earliest attempt that may be behind it began: what happened before, it could know.
    SteadyPoint began{};
    /// The secret that an effect of kssedr is for, and the version of it that was judged, as an index.
    int secret = -1;
    std::size_t base = 0;
    Purpose purpose = Purpose::rotation;
    int leak = 0;  ///< the number of the answer to a leak
};

/// A key that an owner has or had.
struct Key {
    std::string text;
    int owner = 0;
    int slot = 0;
    SteadyPoint born{};
    std::optional<SteadyPoint> died;
    Duration propagation{};  ///< how long after its birth the service rejects it
};

struct SlotState {
    std::string name;
    KeyId key = no_key;
    KeyId before = no_key;  ///< the one it replaced
    SteadyPoint changed{};
    TimePoint made{};  ///< by the provider's clock
    TimePoint made_before{};
};

/// A kind of owner, as far as a world needs it. In texts `{}` stands for the owner's name.
struct OwnerKind {
    std::string name;  ///< for the trace
    std::string id;    ///< of a resource of this kind
    std::vector<std::string> slots;
    std::size_t key_bytes = 64;  ///< a key is so many in base64
    std::size_t provider = 0;    ///< owners of one provider share its limits
    bool may_tell_made = true;
    bool is_long_running = false;  ///< a regeneration goes on after its answer (Plan::operation_max)
    std::function<rotation::CredentialShape(rotation::ArmId const&)> shape;
    /// What stands before and behind the key in the values of secrets.
    std::vector<std::pair<std::string, std::string>> forms;
};

/// Those of the simulator itself: storage accounts, and Cosmos DB's two pairs, all with one shape.
[[nodiscard]] std::span<OwnerKind const> plain_kinds();

struct OwnerState {
    rotation::ArmId id;
    std::string name;
    OwnerKind const* kind = nullptr;
    rotation::CredentialShape shape;
    std::size_t provider = 0;
    bool tells_made = true;
    Duration skew{};               ///< of the provider's clock
    std::vector<SlotState> slots;  ///< one pair after the other; `slot ^ 1` is the alternate one
    std::vector<int> secrets;
    KeyId own_setting = no_key;  ///< the key that a setting of kssedr's own holds, for ever
    SteadyPoint denied_until{};
    // For the checker.
    SteadyPoint excused_before{};  ///< attempts that began earlier could not know what somebody else did
    SteadyPoint regenerated_at{};  ///< by kssedr, the last time
    int regenerated_by = -1;
};

struct VersionState {
    rotation::SecretProperties properties;
    std::string value;
    KeyId holds = no_key;
    SteadyPoint made{};
    std::optional<SteadyPoint>
        left;  ///< when it was replaced, disabled or deleted: consumers may have it an overlap longer
    Who who = Who::person;
    std::optional<SteadyPoint> regenerated_for;  ///< when kssedr regenerated a slot for it
    KeyId led_to = no_key;                       ///< the key that kssedr's publications building on it carried
};

enum class Broken : std::uint8_t { no, by_others, by_kssedr };

struct SecretState {
    rotation::SecretRef ref;
    std::string key;
    int vault = 0;
    int owner = 0;
    std::size_t pair = 0;                  ///< of the owner's slots, between which it alternates
    std::vector<Opening> openings;         ///< none: at any time
    std::optional<Duration> revoke_after;  ///< as a rule says it
    std::string prefix, suffix;            ///< of the value, around the credential
    std::vector<VersionState> versions;
    bool is_deleted = false;
    SteadyPoint unreadable_until{};
    SteadyPoint unwritable_until{};
    // For the checker: what policy and tags truly say.
    Duration validity{};
    Duration overlap{};
    bool is_original_dialect = false;
    Broken broken = Broken::no;

    [[nodiscard]] VersionState& current() { return versions.back(); }
    [[nodiscard]] VersionState const& current() const { return versions.back(); }
    /// Whether somebody may read it and use what it holds.
    [[nodiscard]] bool is_served() const { return !is_deleted && current().properties.enabled; }
};

struct VaultState {
    rotation::VaultHost host;
    Duration skew{};
    std::vector<int> secrets;
    SteadyPoint unlistable_until{};
    Bucket bucket{{}};
};

/// The tag that freezes a secret.
inline std::string const freeze_tag = "kssedr-freeze";

class Checker;

class Estate {
public:
    /// Each owner is of one of `kinds`, which outlive it.
    Estate(Timeline& timeline, Plan const& plan, Chance chance, std::span<OwnerKind const> kinds = plain_kinds());
    void watch(Checker& checker) { checker_ = &checker; }
    [[nodiscard]] Checker& checker() const { return *checker_; }

    /// Told of every new version.
    std::function<void(int secret)> on_publication;

    std::vector<VaultState> vaults;
    std::vector<OwnerState> owners;
    std::vector<SecretState> secrets;
    std::vector<Bucket> provider_buckets;  ///< Resource Manager's, by OwnerState::provider

    // Effects.
    /// `text` is the new key, where whoever asks chose it.
    void regenerate(int owner, int slot, Author const& author, std::optional<std::string> text = {});
    VersionState const& publish(int secret, rotation::SecretDraft const& draft, Author const& author);
    void set_enabled(int secret, bool enabled);
    void remove(int secret);
    void recover(int secret);
    void set_tag(int secret, std::string const& name, std::optional<std::string> const& value);

    [[nodiscard]] TimePoint vault_now(int vault) const;
    [[nodiscard]] TimePoint provider_now(int owner) const;
    [[nodiscard]] bool is_alive(KeyId key) const { return key != no_key && !keys_[key].died; }
    [[nodiscard]] Key const& key(KeyId id) const { return keys_[id]; }
    [[nodiscard]] KeyId find_key(std::string_view text) const;
    /// -1 where there is none.
    [[nodiscard]] int find_secret(rotation::SecretRef const& ref) const;
    [[nodiscard]] int find_owner(rotation::OwnerId const& id) const;
    /// What has the form of a key of the owner's.
    [[nodiscard]] std::string random_key_text(int owner);
    [[nodiscard]] SteadyPoint now() const { return timeline_.now(); }

private:
    void add_owner(int index, Plan const& plan);
    void add_secret(int index, Plan const& plan);
    void add_form(SecretState& secret, OwnerState const& owner);
    void add_rules(SecretState& secret, Plan const& plan);
    void add_tags(rotation::SecretProperties& properties, SecretState& secret, OwnerState const& owner,
                  Plan const& plan);
    void add_first_versions(SecretState& secret, rotation::SecretProperties properties, Plan const& plan);
    KeyId make_key(int owner, int slot, std::optional<std::string> text = {});
    [[nodiscard]] std::string next_version_id();

    Timeline& timeline_;
    Chance chance_;
    std::span<OwnerKind const> kinds_;
    Duration propagation_max_;
    Checker* checker_ = nullptr;
    std::vector<Key> keys_{1};
    std::unordered_map<std::string, KeyId> key_ids_;
    std::unordered_map<std::string, int> secret_ids_;
    std::uint64_t versions_made_ = 0;
};

/// When the worlds begin, by true time.
inline constexpr TimePoint beginning{std::chrono::milliseconds{1768469400000}};  // 2026-01-15T09:30:00Z

}  // namespace kssedr::simulation
