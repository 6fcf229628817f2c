/// The decision: what was seen of an owner's credentials and of the secret that holds one, to the one thing to do.
///
/// Pure. It reads like the table in docs/rotation.md, whose rows are its tests. This is the cut for a single holder,
/// the secret itself; other holders come between `adopted` and the overlap.

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

    friend bool operator==(SlotSeen const&, SlotSeen const&) = default;
};

/// What reading the version before the current one told.
struct EarlierVersion {
    bool exists = false;
    TimePoint created{};
    /// The slot whose credential it holds still; nothing where its value is none of the owner's now.
    std::optional<std::size_t> slot;
    /// Whether its value could be read. A disabled one can not.
    bool is_readable = true;
};

struct Situation {
    TimePoint now{};                        ///< the vault's date
    TimePoint version_created{};            ///< of the current version
    std::vector<SlotSeen> slots;            ///< the pair that alternates, in catalogue order
    std::optional<std::size_t> held;        ///< the slot whose credential the current version holds, by evidence
    std::optional<EarlierVersion> earlier;  ///< nothing: not read yet
    Duration validity{};
    Duration lead{};
    Duration overlap{};
};

enum class Step : std::uint8_t {
    read_earlier_version,  ///< more evidence is needed: read it and decide again
    publish_repair,        ///< publish `slot`: the current version holds no valid credential
    publish_adopted,       ///< publish `slot`: it was made after this version and nobody published it
    regenerate,            ///< regenerate `slot`, then publish it
    wait,                  ///< not before `until`
};

struct Decision {
    Step step = Step::wait;
    std::size_t slot = 0;  ///< index into Situation::slots
    TimePoint expires{};   ///< of what is published
    TimePoint until{};     ///< of a wait
    std::string why;       ///< the evidence, in words

    friend bool operator==(Decision const&, Decision const&) = default;
};

[[nodiscard]] Decision decide(Situation const& seen);

}  // namespace kssedr::rotation
