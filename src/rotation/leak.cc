#include "rotation/leak.h"

#include "base/check.h"

namespace kssedr::rotation {
namespace {

bool is_held(std::size_t slot, Situation const& seen) {
    for (auto const& holder : seen.holders)
        if (holds(holder, slot)) return true;
    return false;
}

// A freeze says that nothing is to be done without need, and here is need.
bool may_be_moved(Holder const& holder) {
    return holder.is_movable || holder.is_frozen;
}

// Who loses its credential when the slot is regenerated: those who have it, and the consumers of those who left it so
// lately that they may use it still. Nothing: a version before has to be read to know.
std::optional<std::vector<std::string>> cut_off_by(std::size_t slot, Situation const& seen, std::size_t& unread) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < seen.holders.size(); ++i) {
        auto const& holder = seen.holders[i];
        if (holds(holder, slot)) {
            names.push_back(holder.name + (holder.may_hold_any ? ", if it holds it" : "") +
                            (holder.why_not_movable.empty() ? "" : ": " + holder.why_not_movable));
            continue;
        }
        auto const left = left_at(slot, holder);
        if (!left || seen.now >= *left + holder.overlap) continue;
        if (!holder.earlier) {
            unread = i;
            return std::nullopt;
        }
        names.push_back("whoever still uses the " + seen.slots[slot].name + " that " + holder.name + " had until " +
                        format_rfc3339(*left));
    }
    return names;
}

LeakDecision regenerate(LeakStep step, std::size_t slot, Situation const& seen) {
    LeakDecision decision;
    auto names = cut_off_by(slot, seen, decision.holder);
    decision.step = names ? step : LeakStep::read_earlier_version;
    if (names) decision.cut_off = *std::move(names);
    return decision;
}

}  // namespace

LeakDecision decide_leak(Situation const& seen, Leak const& leak) {
    KSSEDR_CHECK(seen.slots.size() == 2 && !seen.holders.empty(), "alternation is over a pair of slots");
    std::size_t const other = 1 - leak.slot;
    LeakDecision decision;
    if (leak.is_replaced && seen.holders[0].slot) return decision;
    for (std::size_t i = 0; i < seen.holders.size(); ++i) {
        if (!seen.holders[i].is_own_setting || !holds(seen.holders[i], leak.slot)) continue;
        decision.step = LeakStep::refuse;
        decision.holder = i;
        return decision;
    }
    // What is not known can not be moved to, whoever may hold it: who loses it is told.
    bool const is_free = !is_held(other, seen) || !seen.slots[other].is_known;
    if (!leak.is_other_fresh && is_free) return regenerate(LeakStep::regenerate_other, other, seen);
    for (std::size_t i = 1; i < seen.holders.size(); ++i)
        if (seen.holders[i].slot == leak.slot && !leak.is_replaced && may_be_moved(seen.holders[i]))
            decision.moving.push_back(i);
    // The one that was asked for comes last: while it has the leaked credential, a next attempt knows which that is.
    if (seen.holders[0].slot != other) decision.moving.push_back(0);
    if (!decision.moving.empty()) {
        decision.step = LeakStep::publish_other;
        return decision;
    }
    return regenerate(LeakStep::regenerate_leaked, leak.slot, seen);
}

}  // namespace kssedr::rotation
