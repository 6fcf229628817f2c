// Attempt: the part that looks at the owner and at who holds its credentials, under the owner's lock, and decides.

#include "engine/attempt.h"

#include "base/ascii.h"

#include <algorithm>
#include <utility>

namespace kssedr::engine {

using rotation::OutcomeKind;
using rotation::Step;

namespace {

constexpr int listings_max = 4;
// Clocks differ by less; what is said to be made later than this is not taken for told.
constexpr Duration credible_future = std::chrono::days{1};

std::string names_of(std::vector<rotation::Credential> const& slots) {
    std::vector<std::string> names;
    for (auto const& credential : slots) names.push_back(credential.slot);
    return join(names);
}

}  // namespace

Task<Attempt::Ended> Attempt::take_lock() {
    leave_owner();
    at_work_ = owner().key();
    memory_.owners_at_work.insert(at_work_);
    auto lease = co_await ports_.lock.acquire(owner().key(), request_.deadline);
    if (!lease && lease.error().code() == Errc::deadline_exceeded)
        co_return Conclusion{request_.trigger == rotation::Trigger::event ? OutcomeKind::failed : OutcomeKind::deferred,
                             "lock-held", lease.error().message()};
    if (!lease) co_return conclude(lease.error(), "taking the owner's lock");
    lease_ = *std::move(lease);
    co_return std::nullopt;
}

Async<rotation::Credentials> Attempt::list_credentials() {
    auto const give_up_at = std::min(ports_.clock.steady_now() + listings_lag_at_most, request_.deadline);
    for (;;) {
        auto const asked_at = ports_.clock.steady_now();
        KSSEDR_CO_TRY(auto listed, co_await calls_.list_credentials(owner()));
        listed_at_ = asked_at;
        disbelieve_future(listed);
        if (!memory_.regenerated.is_outdated(owner().key(), listed)) {
            if (pair_) listed.narrow_to(*pair_);
            co_return listed;
        }
        if (ports_.clock.steady_now() + pause_between_listings >= give_up_at)
            co_return fail(Errc::unavailable, "the listing still shows a credential that was regenerated before");
        co_await ports_.clock.sleep_for(pause_between_listings);
    }
}

Task<Attempt::Ended> Attempt::look_at_owner() {
    auto const pair_before = std::exchange(pair_, std::nullopt);
    if (memory_.doubts.find(owner().key())) {
        Ended ended = co_await settle_doubt();
        if (ended) co_return ended;
    } else {
        auto listed = co_await list_credentials();
        if (!listed) co_return conclude(listed.error(), "listing the owner's credentials");
        credentials_ = *std::move(listed);
    }
    Ended ended = choose_pair(pair_before);
    if (ended) co_return ended;
    ended = co_await look_at_holders();
    // A version that was published a moment ago and is none of the credentials is dead, or the listing lags.
    for (Duration pause{}; !ended && (pause = young_and_unknown_for()) > Duration{};) {
        if (ports_.clock.steady_now() + pause >= request_.deadline)
            co_return Conclusion{OutcomeKind::failed, "unsettled",
                                 "a version was just published whose credential the listing does not show (yet)"};
        co_await ports_.clock.sleep_for(pause);
        auto listed = co_await list_credentials();
        if (!listed) co_return conclude(listed.error(), "listing the owner's credentials");
        credentials_ = *std::move(listed);
        ended = co_await look_at_holders();
    }
    co_return ended;
}

// The pair is the one whose credential the secret holds. A dead version tells nothing: then it is the one it was on
// before, else what its tag names; a tag decides here what is asked for, not who is cut off. The answer to a leak stays
// with the pair that it began with.
Attempt::Ended Attempt::choose_pair(std::optional<std::size_t> before) {
    auto const& slots = credentials_.slots;
    bool const has_several =
        std::ranges::any_of(slots, [&](auto const& credential) { return credential.pair != slots[0].pair; });
    seen_.has_other_pairs = has_several;
    if (has_several) {
        auto const held = credentials_.slot_of(self_.form.credential(self_.version.value));
        auto const named = std::ranges::find_if(
            slots, [&](auto const& credential) { return equals_ignore_case(credential.slot, seen_.terms->slot_tag); });
        pair_ = held && !leaked_ ? std::optional(slots[*held].pair) : before;
        if (!pair_ && named != slots.end()) pair_ = named->pair;
        if (!pair_)
            return Conclusion{
                OutcomeKind::refused, "pair-unknown",
                "the current version holds none of the owner's credentials, and which pair of them it is to "
                "be on is not said; set its tag CredentialId to one of " +
                    names_of(slots)};
        credentials_.narrow_to(*pair_);
    }
    if (credentials_.slots.size() == 2) return std::nullopt;
    return Conclusion{OutcomeKind::refused, "not-a-pair",
                      owner().text() + " does not have two credentials to alternate between"};
}

void Attempt::disbelieve_future(rotation::Credentials& credentials) const {
    for (auto& credential : credentials.slots)
        if (credential.made && *credential.made > vault_now() + credible_future) credential.made.reset();
}

TimePoint Attempt::vault_now() const {
    return self_.version.seen_at + (ports_.clock.steady_now() - self_.read_at);
}

Duration Attempt::young_and_unknown_for() const {
    Duration longest{};
    auto const now = vault_now();
    for (auto const& seen : holders_) {
        bool const is_known = seen.holder.slot || seen.holder.may_hold_any || seen.holder.is_elsewhere;
        bool const is_unknown = !seen.version.empty() && !is_known;
        if (is_unknown) longest = std::max(longest, seen.holder.version_created + listings_lag_at_most - now);
    }
    return std::min(longest, listings_lag_at_most);
}

HolderQuery Attempt::holder_query() const {
    return {self_, owner(), credentials_, policy_, *served_, memory_.own_settings};
}

Task<Attempt::Ended> Attempt::look_at_holders() {
    HolderSeen self;
    self.ref = request_.secret;
    self.version = self_.version.properties.version;
    self.holder.name = request_.secret.vault.text + '/' + request_.secret.name;
    self.holder.version_created = self_.version.properties.created;
    self.holder.slot = credentials_.slot_of(self_.form.credential(self_.version.value));
    self.holder.expires = self_.version.properties.expires;
    self.holder.overlap = seen_.terms->overlap.value;
    auto others = co_await find_holders(holder_query(), memory_.listings, calls_);
    if (!others) co_return conclude(others.error(), "finding who else holds a credential of the owner");
    holders_.clear();
    holders_.push_back(std::move(self));
    for (auto& other : *others) holders_.push_back(std::move(other));

    auto const held = holders_[0].holder.slot;
    seen_.credentials.clear();
    for (std::size_t i = 0; i < credentials_.slots.size(); ++i) {
        CredentialSeen credential{credentials_.slots[i].slot, credentials_.slots[i].made, held == i, {}};
        for (std::size_t h = 1; h < holders_.size(); ++h)
            if (holders_[h].holder.slot == i || holders_[h].holder.may_hold_any)
                credential.also_held_by.push_back(holders_[h].holder.name);
        seen_.credentials.push_back(std::move(credential));
    }
    evidence_from_ = self_.read_at;
    if (held) seen_.outcome.former_credential = credentials_.slots[*held].slot;
    co_return std::nullopt;
}

Attempt::Ended Attempt::judge_doubt() const {
    auto const until = memory_.doubts.find(owner().key());
    if (!until || *until < request_.deadline) return std::nullopt;
    return Conclusion{OutcomeKind::failed, "outcome-unknown",
                      "an earlier regeneration of this owner got no answer and may still happen; once it can not any "
                      "more, what it did is looked at",
                      ports_.clock.now() + (*until - ports_.clock.steady_now())};
}

// An effect whose result is not known may still land: wait until it can not, and until two listings agree.
Task<Attempt::Ended> Attempt::settle_doubt() {
    if (Ended ended = judge_doubt(); ended) co_return ended;
    co_await ports_.clock.sleep_until(*memory_.doubts.find(owner().key()));
    auto before = co_await list_credentials();
    for (int i = 1; before && i < listings_max; ++i) {
        co_await ports_.clock.sleep_for(pause_between_listings);
        auto after = co_await list_credentials();
        if (after && before->agrees_with(*after)) {
            credentials_ = *std::move(after);
            memory_.doubts.settle(owner().key());
            memory_.regenerated.settle(owner().key(), credentials_);
            co_return std::nullopt;
        }
        before = std::move(after);
    }
    if (!before) co_return conclude(before.error(), "listing the owner's credentials");
    co_return Conclusion{OutcomeKind::failed, "unsettled",
                         "listings of the owner's credentials in a row did not agree"};
}

rotation::Situation Attempt::situation() const {
    rotation::Situation situation;
    situation.now = self_.version.seen_at;
    TimePoint newest{};
    for (auto const& holder : holders_) newest = std::max(newest, holder.holder.version_created);
    for (auto const& credential : credentials_.slots) {
        auto const made =
            credential.made ? credential.made : memory_.regenerated.made(owner().key(), credential, newest);
        situation.slots.push_back({credential.slot, made, !credential.value.empty()});
    }
    for (auto const& holder : holders_) situation.holders.push_back(holder.holder);
    situation.validity = seen_.terms->validity.value;
    situation.lead = seen_.terms->lead.value;
    situation.named = self_.form.which;
    return situation;
}

Task<Attempt::Ended> Attempt::decide() {
    if (credentials_.slots.size() == 1) co_return co_await decide_single_login();
    auto decision = rotation::decide(situation());
    // Each reading answers one question about one holder.
    for (std::size_t i = 0; decision.step == Step::read_earlier_version && i < holders_.size(); ++i) {
        Ended ended = co_await read_earlier(decision.holder);
        if (ended) co_return ended;
        decision = rotation::decide(situation());
    }
    seen_.decision = decision;
    // The password of a login may have to be set to repair it: whatever the step, it is for the dead.
    if (Ended ended = judge_postponed(!holders_[0].holder.slot); ended) co_return ended;
    switch (decision.step) {
    case Step::wait: {
        auto const& holder = holders_[decision.holder];
        if (decision.holder != 0 && holder.holder.movable_from)
            co_return Conclusion{OutcomeKind::deferred, "window", decision.why, decision.until};
        bool const is_obstacle = decision.holder != 0 && !holder.holder.is_movable;
        if (is_obstacle)
            co_return Conclusion{OutcomeKind::deferred, code_of_obstacle(holder), decision.why, decision.until};
        co_return Conclusion{OutcomeKind::deferred, "overlap", decision.why, decision.until};
    }
    case Step::give_up:
        co_return Conclusion{OutcomeKind::refused, code_of_obstacle(holders_[decision.holder]), decision.why};
    default: break;
    }
    Ended ended = judge_mode(describe(decision));
    if (ended) co_return ended;
    if (decision.step == Step::publish_repair && !ports_.has_logins(owner())) {
        auto const is_so = co_await agrees_again();
        if (!is_so) co_return conclude(is_so.error(), "listing the owner's credentials");
        if (!*is_so) co_return std::nullopt;
    }
    co_return co_await act(std::move(decision));
}

// Whoever holds a dead credential is cut off already: neither the time nor a window holds its repair.
Attempt::Ended Attempt::judge_postponed(bool is_dead) const {
    bool const yields = postponed_ && is_dead && request_.repairs_early &&
                        (postponed_->code == "not-due" || postponed_->code == "window");
    return yields ? std::nullopt : postponed_;
}

// One listing may come from a replica that lags behind a regeneration, and shows a living credential as dead.
Task<Result<bool>> Attempt::agrees_again() {
    co_await ports_.clock.sleep_for(pause_between_listings);
    auto listed = co_await calls_.list_credentials(owner());
    if (!listed) co_return fail(std::move(listed).error());
    if (pair_) listed->narrow_to(*pair_);
    co_return credentials_.agrees_with(*listed);
}

Attempt::Ended Attempt::judge_mode(std::string const& what) const {
    if (request_.is_dry_run)
        return Conclusion{OutcomeKind::deferred, "dry-run", "would " + what + "; nothing was changed"};
    if (policy_.mode == rotation::Mode::observe)
        return Conclusion{OutcomeKind::deferred, "observe",
                          "would " + what + "; KSSEDR_MODE is observe, set it to rotate to let this happen"};
    return std::nullopt;
}

Task<Attempt::Ended> Attempt::read_earlier(std::size_t holder) {
    auto& seen = holders_[holder];
    rotation::SecretProperties current;
    current.version = seen.version;
    current.created = seen.holder.version_created;
    auto earlier = co_await read_earlier_version(seen.ref, current, owner(), credentials_, calls_);
    if (!earlier)
        co_return conclude(earlier.error(), "reading the version before the current one of " + seen.holder.name);
    seen.holder.earlier = *std::move(earlier);
    // That a former password does not work any more tells nothing of the other login's.
    if (ports_.has_logins(owner()) && !seen.holder.earlier->slot) seen.holder.earlier->is_readable = false;
    co_return std::nullopt;
}

std::string Attempt::code_of_obstacle(HolderSeen const& holder) const {
    std::string code = "sibling";
    if (holder.version.empty()) code = "sibling-unreadable";
    if (holder.ref.name.empty()) code = "held-by-own-setting";
    return code;
}

}  // namespace kssedr::engine
