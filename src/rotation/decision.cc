#include "rotation/decision.h"

#include "base/check.h"
#include "rotation/schedule.h"

#include <algorithm>

namespace kssedr::rotation {
namespace {

// A credential's natural end, as long as that is not already the time to rotate again.
std::optional<TimePoint> fresh_until(TimePoint made, Situation const& seen) {
    TimePoint const end = made + seen.validity;
    if (due_at(made, end, seen.validity, seen.lead) <= seen.now) return std::nullopt;
    return end;
}

Decision repair(Situation const& seen) {
    auto const freshest = std::ranges::max_element(
        seen.slots, {}, [](SlotSeen const& slot) { return slot.made.value_or(TimePoint::min()); });
    auto const index = static_cast<std::size_t>(freshest - seen.slots.begin());
    TimePoint const natural = freshest->made ? *freshest->made + seen.validity : seen.now + seen.validity;
    // An old credential still gives its holders the overlap, and is then due at once.
    return {Step::publish_repair,
            index,
            std::max(natural, seen.now + seen.overlap),
            {},
            "the current version's value is none of the owner's credentials; " + freshest->name + " is the freshest"};
}

// Whether the other slot was generated after the current version was made, and when. A provider that does not say is
// asked through the version before: a value that is none of the owner's any more was replaced since.
enum class Made : std::uint8_t { before, after, read_earlier_version };

Made made_after_version(SlotSeen const& other, Situation const& seen) {
    // Key Vault tells whole seconds, so the same second counts as after: publishing a credential that nobody holds
    // harms nobody.
    if (other.made) return *other.made >= seen.version_created ? Made::after : Made::before;
    if (!seen.earlier) return Made::read_earlier_version;
    bool const replaced = seen.earlier->exists && seen.earlier->is_readable && !seen.earlier->slot;
    return replaced ? Made::after : Made::before;
}

// Since when this secret has been off the other slot; nothing where it never was on it. Asked only where it matters.
std::optional<TimePoint> left_at(std::size_t held, EarlierVersion const& earlier, TimePoint version_created) {
    if (!earlier.exists) return std::nullopt;
    // Two versions in a row on one slot: the other was left when the first of them was made, or before.
    if (earlier.slot == held) return earlier.created;
    return version_created;
}

}  // namespace

Decision decide(Situation const& seen) {
    KSSEDR_CHECK(seen.slots.size() == 2, "alternation is over a pair of slots");
    if (!seen.held) return repair(seen);

    std::size_t const held = *seen.held;
    std::size_t const other = 1 - held;
    SlotSeen const& alternate = seen.slots[other];

    switch (made_after_version(alternate, seen)) {
    case Made::read_earlier_version: return {Step::read_earlier_version, other, {}, {}, {}};
    case Made::before: break;
    case Made::after:
        if (auto const end = fresh_until(alternate.made.value_or(seen.version_created), seen))
            return {Step::publish_adopted,
                    other,
                    *end,
                    {},
                    alternate.name + " was regenerated after this version was made and was never published"};
        break;
    }

    if (seen.now < seen.version_created + seen.overlap) {
        if (!seen.earlier) return {Step::read_earlier_version, other, {}, {}, {}};
        auto const left = left_at(held, *seen.earlier, seen.version_created);
        if (left && seen.now < *left + seen.overlap)
            return {Step::wait,
                    other,
                    {},
                    *left + seen.overlap,
                    alternate.name + " was published until " + format_rfc3339(*left) +
                        " and is kept for an overlap of " + format_span(seen.overlap)};
    }
    return {Step::regenerate,
            other,
            seen.now + seen.validity,
            {},
            "the current version holds " + seen.slots[held].name + "; nobody holds " + alternate.name};
}

}  // namespace kssedr::rotation
