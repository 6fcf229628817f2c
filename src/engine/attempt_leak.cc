// Attempt: the answer to a leak, step by step (rotation/leak.h). Each step ends its round: the next looks anew.

#include "engine/attempt.h"

#include "base/ascii.h"

#include <algorithm>
#include <ranges>

namespace kssedr::engine {

using rotation::LeakStep;
using rotation::OutcomeKind;

rotation::Leak Attempt::leak() const {
    auto const is_other = [&](std::size_t slot) {
        return credentials_.slots[slot].value != leaked_->before.slots[slot].value;
    };
    return {leaked_->slot, is_other(leaked_->slot), is_other(1 - leaked_->slot)};
}

rotation::LeakDecision Attempt::judge_leak() {
    for (auto& seen : holders_) {
        auto const place = unwritable_.find(seen.holder.name);
        if (place == unwritable_.end()) continue;
        seen.holder.is_movable = seen.holder.is_frozen = false;
        seen.holder.why_not_movable = place->second;
    }
    return rotation::decide_leak(situation(), leak());
}

Task<Attempt::Ended> Attempt::answer_leak() {
    if (!leaked_) {
        leaked_.emplace(*holders_[0].holder.slot);
        for (auto const& credential : credentials_.slots)
            leaked_->before.slots.push_back({credential.slot, credential.value.clone(), credential.made});
    }
    auto decision = judge_leak();
    for (std::size_t i = 0; decision.step == LeakStep::read_earlier_version && i < holders_.size(); ++i) {
        Ended ended = co_await read_earlier(decision.holder);
        if (ended) co_return ended;
        decision = judge_leak();
    }
    if (decision.step == LeakStep::refuse)
        co_return Conclusion{OutcomeKind::refused, "held-by-own-setting",
                             holders_[decision.holder].holder.name +
                                 " holds the credential that leaked, and kssedr would cut itself off; " +
                                 holders_[decision.holder].holder.why_not_movable};
    if (decision.step == LeakStep::done) co_return conclude_leak();
    Ended ended = judge_mode(describe(decision));
    if (ended) co_return ended;
    if (decision.step == LeakStep::publish_other) co_return co_await publish_off_leak(decision);

    for (auto const& name : decision.cut_off) cut_off_.insert(name);
    std::size_t const slot = decision.step == LeakStep::regenerate_leaked ? leaked_->slot : 1 - leaked_->slot;
    bool is_done = false;
    ended = co_await regenerate(credentials_.slots[slot].slot, is_done);
    // What is set in place of a password that leaked is nobody's to publish.
    if (is_done && slot == leaked_->slot) {
        co_await close_pending();
    }
    co_return ended;
}

Task<Attempt::Ended> Attempt::publish_off_leak(rotation::LeakDecision const& decision) {
    std::size_t const slot = 1 - leaked_->slot;
    auto const& credential = credentials_.slots[slot];
    Ended ended = co_await verify(credential);
    if (ended) co_return ended;
    for (auto const i : decision.moving) {
        auto const& seen = holders_[i];
        auto const& target = i == 0 ? self_ : *seen.secret;
        auto const expires = rotation::expiry_of({credential.slot, credential.made}, self_.version.seen_at,
                                                 target.terms.validity.value, target.terms.overlap.value);
        auto const published = co_await publish({target, credential, slot, expires});
        if (!published && i != 0 && published.error().code() == Errc::permission_denied) {
            unwritable_[seen.holder.name] = "kssedr may not write it (" + published.error().message() + ")";
            continue;
        }
        if (!published) co_return conclude(published.error(), "moving " + seen.holder.name, Asked::vault);
        // It has changed meanwhile: look anew.
        if (!*published) co_return std::nullopt;
        if (i != 0) {
            seen_.outcome.also_changed.push_back(seen.holder.name);
            continue;
        }
        seen_.outcome.new_version = (*published)->version;
        seen_.outcome.expires = (*published)->expires;
    }
    co_return std::nullopt;
}

std::string Attempt::describe(rotation::LeakDecision const& decision) {
    auto const& leaked = credentials_.slots[leaked_->slot].slot;
    auto const& other = credentials_.slots[1 - leaked_->slot].slot;
    auto seen = situation();
    auto cut_off = decision.cut_off;
    std::string text;
    if (decision.step == LeakStep::regenerate_other) text = "regenerate " + other + ", ";
    // What comes after it, as if it were done.
    auto const next = rotation::decide_leak(seen, {leaked_->slot, false, true});
    std::vector<std::string> moved;
    for (auto const i : next.moving) {
        moved.push_back(seen.holders[i].name);
        seen.holders[i].slot = 1 - leaked_->slot;
        seen.holders[i].version_created = seen.now;
        seen.holders[i].earlier = rotation::EarlierVersion{.exists = true, .slot = leaked_->slot};
    }
    std::ranges::copy(rotation::decide_leak(seen, {leaked_->slot, false, true}).cut_off, std::back_inserter(cut_off));
    text += "publish " + other + " to " + join(moved) + " and regenerate " + leaked + " at once";
    if (!cut_off.empty()) text += "; this cuts off " + join(cut_off, "; ");
    return text;
}

Attempt::Conclusion Attempt::conclude_leak() {
    auto const held = *holders_[0].holder.slot;
    auto const& leaked = credentials_.slots[leaked_->slot];
    auto const& other = credentials_.slots[1 - leaked_->slot];
    // Its publication had no answer, and landed later.
    if (seen_.outcome.new_version.empty()) {
        seen_.outcome.new_version = self_.version.properties.version;
        seen_.outcome.expires = self_.version.properties.expires;
    }
    seen_.outcome.former_credential = leaked.slot;
    seen_.outcome.credential = credentials_.slots[held].slot;
    std::string reason = leaked.slot + " had leaked and was regenerated";
    if (leak().is_other_fresh) {
        reason += "; " + other.slot + " was regenerated before it and published";
    } else {
        reason += "; " + other.slot + " was published and not regenerated, since others hold it" +
                  (other.made ? " (made " + format_rfc3339(*other.made) + ")" : "") +
                  ": if it may have leaked too, do the same once more";
    }
    if (!cut_off_.empty()) reason += "; cut off: " + join(cut_off_, "; ");
    return {OutcomeKind::rotated, "compromised", std::move(reason)};
}

}  // namespace kssedr::engine
