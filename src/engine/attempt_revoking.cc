// Attempt: a revocation (rotation/revocation.h), a regeneration like any other with nothing published after it.

#include "engine/attempt.h"
#include "rotation/revocation.h"

namespace kssedr::engine {

using rotation::OutcomeKind;
using rotation::RevocationStep;

Task<Attempt::Ended> Attempt::revoke() {
    if (!seen_.terms->revoke_after)
        co_return Conclusion{OutcomeKind::superseded, "nothing-to-revoke", "no rule sets revoke_after"};
    if (credentials_.slots.size() == 1)
        co_return Conclusion{OutcomeKind::superseded, "nothing-to-revoke", "the login takes turns with none"};
    auto const grace = seen_.terms->revoke_after->value;
    auto decision = rotation::decide_revocation(situation(), grace);
    for (std::size_t i = 0; decision.step == RevocationStep::read_earlier_version && i < holders_.size(); ++i) {
        Ended ended = co_await read_earlier(decision.holder);
        if (ended) co_return ended;
        decision = rotation::decide_revocation(situation(), grace);
    }
    std::string const slot = credentials_.slots[decision.slot].slot;
    // Its answer was lost, and the evidence says that it happened.
    if (decision.step == RevocationStep::nothing && slot == regenerated_slot_) co_return conclude_revoked(slot);
    if (decision.step == RevocationStep::nothing)
        co_return Conclusion{OutcomeKind::superseded, "nothing-to-revoke", decision.why};
    if (decision.step == RevocationStep::wait)
        co_return Conclusion{OutcomeKind::deferred, "grace",
                             decision.why + " is kept for a grace of " + format_span(grace), decision.until};
    Ended ended = judge_mode("regenerate " + decision.why + " and publish nothing");
    if (ended) co_return ended;
    // Another instance may have done it a moment ago, and a listing that lags hides that; nothing in the vault tells.
    // There is no hurry: right before it is sent, what was seen longer ago than this is looked at anew.
    co_await ports_.clock.sleep_for(listings_lag_at_most);
    bool is_done = false;
    ended = co_await regenerate(slot, is_done);
    if (ended) co_return ended;
    if (is_done) co_return conclude_revoked(slot);
    co_return std::nullopt;
}

Attempt::Conclusion Attempt::conclude_revoked(std::string const& slot) {
    seen_.outcome.credential = std::exchange(seen_.outcome.former_credential, slot);
    return {OutcomeKind::rotated, "revoked",
            slot + ", which nobody has had for " + format_span(seen_.terms->revoke_after->value) +
                " or longer, was regenerated; nothing was published"};
}

}  // namespace kssedr::engine
