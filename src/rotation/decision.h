/// The decision: what was seen of an owner's credentials and of those who hold them, to the one thing to do.
///
/// Pure. It reads like the table in docs/rotation.md, whose rows are its tests.

#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::rotation {

/// What a listing told of one slot.
struct SlotSeen {
    std::string name;
    std::optional<TimePoint> made;
    /// Whether its credential is known, so that it can be published. Of a login whose password nobody of ours has it is
    /// not.
    bool is_known = true;

    friend bool operator==(SlotSeen const&, SlotSeen const&) = default;
};

/// What reading the version before a holder's current one told.
struct EarlierVersion {
    bool exists = false;
    TimePoint created{};
    /// The slot whose credential it holds still; nothing where its value is none of the pair's now.
    std::optional<std::size_t> slot;
    bool is_elsewhere = false;  ///< it holds a credential of another pair of the owner's
    /// Whether its value could be read. A disabled one can not.
    bool is_readable = true;

    friend bool operator==(EarlierVersion const&, EarlierVersion const&) = default;
};

/// Somebody who has a credential of the owner: a secret's current version, or a setting of kssedr's own (DESIGN 3.1).
struct Holder {
    std::string name;           ///< for people: `vault/secret`, or the setting's name
    TimePoint version_created;  ///< of the current version; of a disabled one, when it was disabled
    /// The slot it holds, by its value. Nothing: none of them.
    std::optional<std::size_t> slot;
    bool is_elsewhere = false;              ///< it holds a credential of another pair of the owner's
    bool may_hold_any = false;              ///< its value may not be read, or holds both: it counts for both slots
    bool is_movable = true;                 ///< false: it may not be written, or is a setting of our own
    bool is_frozen = false;                 ///< and nothing else stands in the way of moving it
    bool is_own_setting = false;            ///< kssedr's: never moved, and never cut off
    std::string why_not_movable;            ///< the right it needs, or what a person has to do
    std::optional<TimePoint> movable_from;  ///< its windows hold it until then
    std::optional<TimePoint> expires;
    Duration overlap{};                     ///< how long after it leaves a slot that slot is kept for its consumers
    std::optional<EarlierVersion> earlier;  ///< nothing: not read yet

    friend bool operator==(Holder const&, Holder const&) = default;
};

struct Situation {
    TimePoint now{};              ///< the vault's date
    std::vector<SlotSeen> slots;  ///< the pair that alternates, in catalogue order
    std::vector<Holder> holders;  ///< the secret that is judged first, then its siblings, in a fixed order
    Duration validity{};          ///< of the secret that is judged
    Duration lead{};
    std::size_t named = 0;  ///< the slot whose login the value of the secret that is judged names, where it names any
};

enum class Step : std::uint8_t {
    read_earlier_version,  ///< more evidence is needed: read that of `holder` and decide again
    publish_repair,        ///< publish `slot`: the current version holds no valid credential
    publish_adopted,       ///< publish `slot`: it is fresh, or the one that the siblings move to
    move_siblings,         ///< publish `slot` to `moving` and wait: they stand in the way
    regenerate,            ///< regenerate `slot`, then publish it
    wait,                  ///< not before `until`
    give_up,               ///< a holder stands in the way that only a person can move
};

struct Decision {
    Step step = Step::wait;
    std::size_t slot = 0;    ///< index into Situation::slots
    TimePoint expires{};     ///< of what is published to the secret that is judged
    TimePoint until{};       ///< of a wait
    std::size_t holder = 0;  ///< index into Situation::holders: whose earlier version, or who stands in the way
    std::vector<std::size_t> moving;  ///< indices into Situation::holders
    std::string why;                  ///< the evidence, in words

    friend bool operator==(Decision const&, Decision const&) = default;
};

[[nodiscard]] Decision decide(Situation const& seen);

/// Whether the holder has the slot, or may have it.
[[nodiscard]] bool holds(Holder const& holder, std::size_t slot);
/// Whether the version before its current one was on another pair of the owner's, as far as is known: a dead one is
/// taken to have been where the current one is.
[[nodiscard]] bool was_elsewhere(Holder const& holder);
/// Since when a holder has been off a slot it does not hold; nothing where it never was on it. Not later than that,
/// where its earlier version was not read.
[[nodiscard]] std::optional<TimePoint> left_at(std::size_t slot, Holder const& holder);

/// What a credential that is published now gets as its expiry: its natural end, `made + validity`, and at least an
/// overlap, so that an old one gives its holders time and is then due at once.
[[nodiscard]] TimePoint expiry_of(SlotSeen const& slot, TimePoint now, Duration validity, Duration overlap);

}  // namespace kssedr::rotation
