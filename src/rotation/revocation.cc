#include "rotation/revocation.h"

#include "base/check.h"

#include <algorithm>

namespace kssedr::rotation {

Revocation decide_revocation(Situation const& seen, Duration grace) {
    KSSEDR_CHECK(seen.slots.size() == 2 && !seen.holders.empty(), "alternation is over a pair of slots");
    Revocation decision;
    auto const nothing = [&](std::string why) {
        decision.step = RevocationStep::nothing;
        decision.why = std::move(why);
        return decision;
    };
    if (!seen.holders[0].slot) return nothing("the current version holds none of the owner's credentials");
    decision.slot = 1 - *seen.holders[0].slot;
    auto const& vacated = seen.slots[decision.slot];
    if (!vacated.made) return nothing("the service does not say when " + vacated.name + " was made");
    std::optional<TimePoint> left;
    for (std::size_t i = 0; i < seen.holders.size(); ++i) {
        auto const& holder = seen.holders[i];
        if (holds(holder, decision.slot)) return nothing(holder.name + " holds " + vacated.name);
        auto const at = left_at(decision.slot, holder);
        if (!at) continue;
        // Whoever was on another pair gives no reason to believe that it ever had this one's; who did all the same,
        // before that, is not cut off within the overlap.
        bool const tells = !was_elsewhere(holder);
        decision.until = std::max(decision.until, *at + (tells ? std::max(grace, holder.overlap) : holder.overlap));
        if (tells) left = std::max(left.value_or(*at), *at);
    }
    if (!left) return nothing("nobody had " + vacated.name);
    // Not later than this it was left by each; where that is before it was made, no reading can tell otherwise.
    if (*vacated.made >= *left) return nothing(vacated.name + " was regenerated since it was left");
    for (decision.holder = 0; decision.holder < seen.holders.size(); ++decision.holder) {
        if (seen.holders[decision.holder].earlier) continue;
        decision.step = RevocationStep::read_earlier_version;
        return decision;
    }
    decision.holder = 0;
    decision.step = seen.now < decision.until ? RevocationStep::wait : RevocationStep::regenerate;
    decision.why = vacated.name + ", left on " + format_rfc3339(*left) + " and made before that,";
    return decision;
}

}  // namespace kssedr::rotation
