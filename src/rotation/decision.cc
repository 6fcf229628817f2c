#include "rotation/decision.h"

#include "base/check.h"
#include "rotation/schedule.h"

#include <algorithm>

namespace kssedr::rotation {
namespace {

// Those besides the secret that is judged who have the slot.
std::vector<std::size_t> siblings_on(std::size_t slot, Situation const& seen) {
    std::vector<std::size_t> found;
    for (std::size_t i = 1; i < seen.holders.size(); ++i)
        if (holds(seen.holders[i], slot)) found.push_back(i);
    return found;
}

std::size_t later_made(std::vector<std::size_t> const& among, Situation const& seen) {
    return *std::ranges::max_element(among, {},
                                     [&](std::size_t i) { return seen.slots[i].made.value_or(TimePoint::min()); });
}

// Among those on a slot one that can not be moved off it: it is waited for until it expires, then a person is asked.
std::optional<Decision> wait_for_unmovable(std::vector<std::size_t> const& on_slot, std::size_t slot,
                                           Situation const& seen) {
    for (auto const i : on_slot) {
        auto const& holder = seen.holders[i];
        if (holder.is_movable) continue;
        Decision decision;
        decision.slot = slot;
        decision.holder = i;
        bool const expires_yet = holder.expires && *holder.expires > seen.now;
        decision.step = expires_yet ? Step::wait : Step::give_up;
        decision.until = expires_yet ? *holder.expires : TimePoint{};
        decision.why =
            holder.name + " holds " + seen.slots[slot].name + " and can not be moved off it; " + holder.why_not_movable;
        return decision;
    }
    return std::nullopt;
}

// The current version's value is dead and no other is known. It is the dead one's slot that is made anew: whoever had
// the other lately may use it still, and of all it is the one that works.
Decision make_anew(Situation const& seen) {
    if (auto wait = wait_for_unmovable(siblings_on(seen.named, seen), seen.named, seen)) return *std::move(wait);
    Decision decision;
    decision.step = Step::regenerate;
    decision.slot = seen.named;
    decision.expires = seen.now + seen.validity;
    decision.why = "the current version's value is none of the owner's credentials, and no other is known";
    return decision;
}

// The current version's value is dead: what siblings use is published, else the freshest.
Decision repair(Situation const& seen) {
    std::vector<std::size_t> used, known;
    for (std::size_t i = 0; i < seen.slots.size(); ++i) {
        if (!seen.slots[i].is_known) continue;
        known.push_back(i);
        if (!siblings_on(i, seen).empty()) used.push_back(i);
    }
    if (known.empty()) return make_anew(seen);
    Decision decision;
    decision.step = Step::publish_repair;
    decision.slot = later_made(used.empty() ? known : used, seen);
    auto const& slot = seen.slots[decision.slot];
    decision.expires = expiry_of(slot, seen.now, seen.validity, seen.holders[0].overlap);
    decision.why = "the current version's value is none of the owner's credentials; " + slot.name +
                   (used.empty() ? " is the freshest" : " is what others use");
    return decision;
}

// Whether the other slot was generated after the current version was made. A provider that does not say is asked
// through the version before: a value that is none of the owner's any more was replaced since.
enum class Made : std::uint8_t { before, after, read_earlier_version };

Made made_after_version(SlotSeen const& other, Holder const& self) {
    if (!other.is_known) return Made::before;
    // Key Vault tells whole seconds, so the same second counts as after: publishing a credential that nobody holds
    // harms nobody.
    if (other.made) return *other.made >= self.version_created ? Made::after : Made::before;
    if (!self.earlier) return Made::read_earlier_version;
    auto const& earlier = *self.earlier;
    bool const replaced = earlier.exists && earlier.is_readable && !earlier.slot && !earlier.is_elsewhere;
    return replaced ? Made::after : Made::before;
}

// Until when the other slot's credential, made after the current version, is to be published; nothing where it is
// itself due.
std::optional<TimePoint> fresh_until(SlotSeen const& other, Situation const& seen) {
    auto const& self = seen.holders[0];
    // Not told how old it is, but made for this version: one version leads to one regeneration. It may be as old as
    // the version, so it lives no longer than that would and is soon due again.
    if (!other.made) return expiry_of({other.name, self.version_created}, seen.now, seen.validity, self.overlap);
    TimePoint const made = std::min(*other.made, seen.now);
    TimePoint const end = made + seen.validity;
    if (due_at(made, end, seen.validity, seen.lead) <= seen.now) return std::nullopt;
    return end;
}

// Which of the two slots those who hold opposite ones agree on: the one made later, else the later-made version's, else
// the first.
std::size_t common_slot(std::size_t held, std::vector<std::size_t> const& on_other, Situation const& seen) {
    std::size_t const other = 1 - held;
    if (!seen.slots[other].is_known) return held;
    auto const& mine = seen.slots[held].made;
    auto const& theirs = seen.slots[other].made;
    if (mine && theirs && *mine != *theirs) return *mine > *theirs ? held : other;
    TimePoint latest = TimePoint::min();
    for (auto const i : on_other) latest = std::max(latest, seen.holders[i].version_created);
    if (latest != seen.holders[0].version_created) return latest > seen.holders[0].version_created ? other : held;
    return 0;
}

Decision make_way(std::size_t held, std::vector<std::size_t> const& on_other, Situation const& seen) {
    std::size_t const other = 1 - held;
    Decision decision;
    decision.slot = common_slot(held, on_other, seen);
    auto const& common = seen.slots[decision.slot];
    if (decision.slot == other) {
        decision.step = Step::publish_adopted;
        decision.expires = expiry_of(common, seen.now, seen.validity, seen.holders[0].overlap);
        decision.why =
            seen.holders[on_other.front()].name + " holds " + common.name + ", the newer one: both move to it";
        return decision;
    }
    if (auto wait = wait_for_unmovable(on_other, other, seen)) {
        wait->slot = decision.slot;
        return *std::move(wait);
    }
    // Each moves when it may: their windows need have no hour in common.
    for (auto const i : on_other) {
        auto const& holder = seen.holders[i];
        if (!holder.movable_from || *holder.movable_from <= seen.now) {
            decision.moving.push_back(i);
        } else if (decision.holder == 0 || *holder.movable_from < decision.until) {
            decision.holder = i;
            decision.until = *holder.movable_from;
        }
    }
    if (decision.moving.empty()) {
        decision.step = Step::wait;
        decision.why =
            seen.holders[decision.holder].name + " holds " + seen.slots[other].name + ", and its windows hold it";
        return decision;
    }
    decision.step = Step::move_siblings;
    decision.holder = 0;
    decision.until = {};
    for (auto const i : decision.moving) decision.until = std::max(decision.until, seen.now + seen.holders[i].overlap);
    decision.why = "others hold " + seen.slots[other].name + "; they move to " + common.name +
                   ", and the overlap passes before " + seen.slots[other].name + " is regenerated";
    return decision;
}

}  // namespace

bool holds(Holder const& holder, std::size_t slot) {
    return holder.may_hold_any || holder.slot == slot;
}

bool was_elsewhere(Holder const& holder) {
    if (!holder.earlier || !holder.earlier->exists) return false;
    auto const& earlier = *holder.earlier;
    bool const is_dead = earlier.is_readable && !earlier.slot && !earlier.is_elsewhere;
    return earlier.is_elsewhere || (holder.is_elsewhere && is_dead);
}

std::optional<TimePoint> left_at(std::size_t slot, Holder const& holder) {
    if (!holder.earlier) return holder.version_created;
    if (!holder.earlier->exists) return std::nullopt;
    // Two versions in a row on one slot, or the former on another pair: what it does not hold was left when the first
    // of them was made, or before.
    bool const is_unmoved = holder.slot && *holder.slot != slot && holder.earlier->slot == holder.slot;
    return is_unmoved || was_elsewhere(holder) ? holder.earlier->created : holder.version_created;
}

TimePoint expiry_of(SlotSeen const& slot, TimePoint now, Duration validity, Duration overlap) {
    // Where no overlap is kept the new version must not be born expired all the same.
    Duration const least = std::max(overlap, std::min<Duration>(validity, std::chrono::days{1}));
    // A clock that is ahead of the vault's makes nothing live longer.
    return std::max(std::min(slot.made.value_or(now), now) + validity, now + least);
}

Decision decide(Situation const& seen) {
    KSSEDR_CHECK(seen.slots.size() == 2, "alternation is over a pair of slots");
    KSSEDR_CHECK(!seen.holders.empty(), "the secret that is judged is the first holder");
    Holder const& self = seen.holders[0];
    if (!self.slot) return repair(seen);

    std::size_t const held = *self.slot;
    std::size_t const other = 1 - held;
    Decision decision;
    decision.slot = other;

    switch (made_after_version(seen.slots[other], self)) {
    case Made::read_earlier_version: decision.step = Step::read_earlier_version; return decision;
    case Made::before: break;
    case Made::after:
        if (auto const end = fresh_until(seen.slots[other], seen)) {
            decision.step = Step::publish_adopted;
            decision.expires = *end;
            decision.why = seen.slots[other].name + " was regenerated after this version was made";
            return decision;
        }
        break;
    }

    if (auto const on_other = siblings_on(other, seen); !on_other.empty()) return make_way(held, on_other, seen);

    for (std::size_t i = 0; i < seen.holders.size(); ++i) {
        auto const& holder = seen.holders[i];
        auto const left = left_at(other, holder);
        if (!left || seen.now >= *left + holder.overlap) continue;
        decision.holder = i;
        if (!holder.earlier) {
            decision.step = Step::read_earlier_version;
            return decision;
        }
        decision.until = std::max(decision.until, *left + holder.overlap);
        decision.why = seen.slots[other].name + " was published to " + holder.name + " until " + format_rfc3339(*left) +
                       " and is kept for an overlap of " + format_span(holder.overlap);
    }
    if (decision.until != TimePoint{}) {
        decision.step = Step::wait;
        return decision;
    }
    decision.step = Step::regenerate;
    decision.expires = seen.now + seen.validity;
    decision.why = "the current version holds " + seen.slots[held].name + "; nobody holds " + seen.slots[other].name;
    return decision;
}

}  // namespace kssedr::rotation
