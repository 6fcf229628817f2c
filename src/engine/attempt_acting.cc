// Attempt: the part that has effects, and what an attempt says of itself.

#include "engine/attempt.h"

#include "base/ascii.h"

#include <algorithm>
#include <utility>

namespace kssedr::engine {

using rotation::OutcomeKind;
using rotation::Step;

namespace {

// A decision that stands on what was read longer ago than this is taken anew before anything is regenerated.
constexpr Duration evidence_stays_fresh = std::chrono::seconds{1};
// But for the owner's credentials where the service lets few calls through: a listing would take the very turn that the
// regeneration waits for, each time. Nobody of ours changes them under the owner's lock; holders are read all the same.
constexpr Duration listing_outlasts_a_no = std::chrono::minutes{1};
// How long a service may take to accept a credential it has just made; between trials the pause doubles, but not so
// far that the last of them comes long before that.
constexpr Duration propagation = std::chrono::minutes{2};
constexpr Duration dates_differ_at_most = std::chrono::minutes{5};
constexpr Duration first_pause_between_trials = std::chrono::seconds{2};
constexpr Duration longest_pause_between_trials = std::chrono::seconds{15};

std::string purpose_of(RotationRequest const& request) {
    if (request.is_revocation) return "revocation";
    return request.is_compromised ? "leak" : "rotation";
}

}  // namespace

Task<Attempt::Ended> Attempt::act(rotation::Decision decision) {
    std::string const slot = credentials_.slots[decision.slot].slot;
    if (decision.step == Step::move_siblings) co_return co_await move_siblings(decision);
    if (decision.step == Step::regenerate) {
        bool is_done = false;
        Ended ended = co_await regenerate(slot, is_done);
        if (ended) co_return ended;
        // The slot was not regenerated, or may have been; the next round finds out from the evidence.
        if (!is_done) co_return std::nullopt;
    }
    Ended ended = co_await verify(credentials_.slots[decision.slot]);
    if (ended) co_return ended;
    if (credentials_.slots.size() == 1) {
        co_await publish_to_siblings(decision);
    }
    co_return co_await publish_here(decision);
}

Task<Attempt::Ended> Attempt::move_siblings(rotation::Decision const& decision) {
    auto const& credential = credentials_.slots[decision.slot];
    for (auto const i : decision.moving) {
        auto& sibling = holders_[i];
        auto const expires = rotation::expiry_of({credential.slot, credential.made}, self_.version.seen_at,
                                                 sibling.secret->terms.validity.value, sibling.holder.overlap);
        auto const published = co_await publish({*sibling.secret, credential, decision.slot, expires});
        if (!published && published.error().code() == Errc::permission_denied)
            co_return Conclusion{OutcomeKind::refused, "sibling",
                                 sibling.holder.name + " holds the other credential and kssedr may not write it: " +
                                     published.error().message()};
        auto const ended =
            published ? Ended() : conclude(published.error(), "moving " + sibling.holder.name, Asked::vault);
        bool const is_gone = ended && ended->kind == OutcomeKind::superseded;
        if (ended && !is_gone) co_return ended;
        // Deleted, disabled or changed since it was read: look anew, at a listing that knows.
        if (is_gone) memory_.listings.forget(sibling.ref.vault);
        if (is_gone || !*published) co_return std::nullopt;
        seen_.outcome.also_changed.push_back(sibling.holder.name);
    }
    co_return Conclusion{OutcomeKind::deferred, "sibling", decision.why, decision.until};
}

// One answer with a wrong date would make an overlap look past. Another answer of the same vault has to agree with it.
Task<Attempt::Ended> Attempt::judge_dates() {
    auto const& vault = request_.secret.vault;
    if (!calls_.spread_of_dates(vault)) {
        auto const listed = memory_.listings.beginning_of(vault);
        auto const here = self_.version.seen_at - self_.read_at.since_start;
        if (listed && abs(*listed - here) <= dates_differ_at_most) co_return std::nullopt;
        auto const again = co_await calls_.fetch(request_.secret, {});
        if (!again) co_return conclude(again.error(), "reading the secret again", Asked::vault);
    }
    auto const spread = calls_.spread_of_dates(vault).value_or(Duration{});
    if (spread <= dates_differ_at_most) co_return std::nullopt;
    co_return Conclusion{OutcomeKind::failed, "clock-skew",
                         "the dates of two answers of " + vault.text + " differ by " + format_span(spread) +
                             " beyond the time between them, so that whether an overlap has passed can not be told; "
                             "look at what stands between kssedr and the vault"};
}

Task<Attempt::Ended> Attempt::regenerate(std::string slot, bool& is_done) {
    if (Ended ended = co_await judge_dates(); ended) co_return ended;
    if (ports_.has_logins(owner())) co_return co_await set_password(slot, is_done);
    ports_.log.info("rotation.regenerating", {{"resource", owner().text()},
                                              {"credential", slot},
                                              {"vault", seen_.outcome.vault},
                                              {"secret", seen_.outcome.secret},
                                              {"for", purpose_of(request_)}});
    auto regenerated =
        co_await calls_.regenerate(owner(), slot, *lease_, [this](Sending sending) { return is_still_so(sending); });
    if (regenerated) regenerated = co_await list_until_made(slot, *std::move(regenerated));
    if (regenerated && regenerated->find(slot)->value == credentials_.find(slot)->value) {
        // It may happen yet: the next attempt waits until it can not, and looks; so does another process.
        auto const until = ports_.clock.steady_now() + ports_.provider.may_land_for(owner());
        memory_.doubts.note(owner().key(), until);
        memory_.regenerated.doubt(owner().key(), slot, credentials_, vault_now());
        lease_->keep_until(until);
        co_return Conclusion{OutcomeKind::failed, "unexpected-answer",
                             "regenerating " + slot + ": the service says that it was done and shows the same key"};
    }
    if (regenerated) {
        disbelieve_future(*regenerated);
        if (pair_) regenerated->narrow_to(*pair_);
        memory_.regenerated.note(owner().key(), slot, credentials_, *regenerated, vault_now());
        credentials_ = *std::move(regenerated);
        regenerated_slot_ = slot;
        is_done = true;
        co_return std::nullopt;
    }
    // Nothing was sent: the next round looks at what it has become.
    if (regenerated.error().service_code() == "Changed") co_return std::nullopt;
    if (regenerated.error().code() != Errc::outcome_unknown)
        co_return conclude(regenerated.error(), "regenerating " + slot);
    regenerated_slot_ = slot;
    memory_.doubts.note(owner().key(), ports_.clock.steady_now() + ports_.provider.may_land_for(owner()));
    memory_.regenerated.doubt(owner().key(), slot, credentials_, vault_now());
    ports_.log.warn("rotation.in_doubt",
                    {{"resource", owner().text()}, {"credential", slot}, {"why", regenerated.error().message()}});
    co_return std::nullopt;
}

// What a service shows after a regeneration whose answer does not show the credential is a listing, and may lag. One
// that can not be had changes nothing.
Async<rotation::Credentials> Attempt::list_until_made(std::string slot, rotation::Credentials answered) {
    auto const give_up_at = std::min(ports_.clock.steady_now() + listings_lag_at_most, request_.deadline);
    while (answered.find(slot)->value == credentials_.find(slot)->value &&
           ports_.clock.steady_now() + pause_between_listings < give_up_at) {
        co_await ports_.clock.sleep_for(pause_between_listings);
        auto listed = co_await calls_.list_credentials(owner());
        if (!listed) break;
        answered = *std::move(listed);
    }
    co_return answered;
}

Task<Result<bool>> Attempt::is_still_so(Sending sending) {
    auto const asked_at = ports_.clock.steady_now();
    if (asked_at - evidence_from_ <= evidence_stays_fresh) co_return true;
    bool const is_listed =
        asked_at - listed_at_ <= (sending == Sending::first ? evidence_stays_fresh : listing_outlasts_a_no);
    auto const self = co_await calls_.fetch(request_.secret, {});
    if (!self) co_return fail(self.error());
    if (self->properties != self_.version.properties) co_return false;
    bool const is_shown = !ports_.has_list(owner()) && !ports_.has_logins(owner());
    if (is_shown && !is_listed) {
        auto const listed = co_await list_credentials();
        if (!listed) co_return fail(listed.error());
        if (!listed->agrees_with(credentials_)) co_return false;
    }
    auto const others = co_await find_holders(holder_query(), memory_.listings, calls_);
    if (!others) co_return fail(others.error());
    // What was read of earlier versions is not read again: it does not change.
    auto const is_same = [&](HolderSeen const& now, HolderSeen const& then) {
        bool const is_on_same =
            now.holder.slot == then.holder.slot && now.holder.is_elsewhere == then.holder.is_elsewhere;
        return now.version == then.version && now.holder.name == then.holder.name && (!is_shown || is_on_same);
    };
    bool const are_same = std::ranges::equal(*others, std::span(holders_).subspan(1), is_same);
    if (are_same) evidence_from_ = asked_at;
    co_return are_same;
}

// Tries the credential before it is published. The slot in use is never touched by this.
Task<Attempt::Ended> Attempt::verify(rotation::Credential const& credential) {
    if (policy_.verify == rotation::Verify::off) co_return std::nullopt;
    bool const is_required = policy_.verify == rotation::Verify::required;
    ports::TrialResult result;
    result.why = memory_.trials.find(owner().key(), ports_.clock.steady_now());
    if (result.why.empty()) {
        auto const give_up_at = ports_.clock.steady_now() + propagation;
        Duration pause = first_pause_between_trials;
        for (;;) {
            result = co_await calls_.verify(owner(), credential, self_.version.value);
            bool const may_try_again = ports_.clock.steady_now() + pause < std::min(give_up_at, request_.deadline);
            if (result.trial != ports::Trial::rejected || !may_try_again) break;
            co_await ports_.clock.sleep_for(pause);
            pause = std::min(pause * 2, longest_pause_between_trials);
        }
    }
    std::string const& name = credential.slot;
    switch (result.trial) {
    case ports::Trial::accepted: seen_.outcome.verified = "yes"; co_return std::nullopt;
    case ports::Trial::rejected:
        seen_.outcome.verified = "no";
        co_return Conclusion{OutcomeKind::failed, "verify-rejected",
                             "the service does not accept " + name + ", so it was not published: " + result.why};
    case ports::Trial::inconclusive: break;
    }
    seen_.outcome.verified = "not-reachable";
    memory_.trials.note_inconclusive(owner().key(), result.why, ports_.clock.steady_now());
    if (!is_required) co_return std::nullopt;
    co_return Conclusion{
        OutcomeKind::failed, "verify-not-reachable",
        "whether the service accepts " + name + " could not be tried, and KSSEDR_VERIFY is required: " + result.why};
}

// What got no answer may land as long as its deadline was: till then nobody of this process makes or publishes anything
// for the owner. A slot that was published so must not be regenerated before.
Async<std::optional<rotation::SecretProperties>> Attempt::publish(Publication publication) {
    auto published = co_await engine::publish(publication, calls_, ports_, *lease_);
    bool const may_land = calls_.unanswered_publication() && (!published || !*published);
    if (may_land) memory_.doubts.note(owner().key(), calls_.may_land_until());
    co_return published;
}

Task<Attempt::Ended> Attempt::publish_here(rotation::Decision const& decision) {
    auto const& credential = credentials_.slots[decision.slot];
    sent_ = Sent{decision, credential.slot, self_.version.properties.version, credential.value.clone(),
                 self_.form.replace(self_.version.value, credential.slot, credential.value)};
    auto const published = co_await publish({self_, credential, decision.slot, decision.expires});
    if (!published) co_return conclude(published.error(), "publishing the new version", Asked::vault);
    if (!*published) co_return std::nullopt;
    co_return co_await conclude_alive(**published);
}

bool Attempt::is_ours() const {
    auto const& current = self_.version;
    return sent_ && current.properties.version != sent_->before && current.value == sent_->value &&
           current.properties.expires == std::chrono::floor<std::chrono::seconds>(sent_->decision.expires);
}

Task<Attempt::Ended> Attempt::conclude_ours() {
    rotation::SecretProperties const published = self_.version.properties;
    if (request_.is_compromised && ports_.has_list(owner())) {
        Ended ended = co_await answer_leak_of_list({sent_->slot, sent_->credential.clone(), {}});
        if (ended) co_return ended;
    }
    co_return co_await conclude_alive(published);
}

Task<Attempt::Ended> Attempt::conclude_alive(rotation::SecretProperties const& published) {
    auto const sent = *std::exchange(sent_, std::nullopt);
    auto& outcome = seen_.outcome;
    outcome.new_version = published.version;
    outcome.credential = sent.slot;
    outcome.expires = published.expires;
    bool is_alive = true;
    if (ports_.has_list(owner())) {
        is_alive = co_await is_listed_again(sent.credential, sent.slot);
    } else if (ports_.has_logins(owner())) {
        is_alive = co_await may_sign_in(sent.credential, sent.slot);
        co_await close_pending();
    } else {
        is_alive = co_await look_again(sent.credential);
    }
    if (!is_alive) {
        published_before_ = PublishedBefore{std::exchange(outcome.new_version, {}), sent.decision, sent.slot,
                                            outcome.former_credential, published.expires};
        co_return std::nullopt;
    }
    co_return conclude_published(sent.decision, sent.slot);
}

// Whether what was published is one of the owner's credentials. A listing that can not be had is no evidence against
// it.
Task<bool> Attempt::look_again(SecretString const& published) {
    for (int i = 0; i < 2; ++i) {
        if (i > 0) {
            co_await ports_.clock.sleep_for(pause_between_listings);
        }
        auto listed = co_await list_credentials();
        if (!listed) {
            ports_.log.warn("rotation.not_looked_again",
                            {{"resource", owner().text()}, {"why", listed.error().message()}});
            co_return true;
        }
        credentials_ = *std::move(listed);
        if (credentials_.slot_of(published)) co_return true;
    }
    ports_.log.warn("rotation.published_dead",
                    {{"resource", owner().text()}, {"vault", seen_.outcome.vault}, {"secret", seen_.outcome.secret}});
    co_return false;
}

Attempt::Ended Attempt::judge_published_before(bool is_alive) {
    bool const is_it = published_before_ && self_.version.properties.version == published_before_->version;
    if (!is_it || !is_alive) return std::nullopt;
    auto const before = *std::exchange(published_before_, std::nullopt);
    auto& outcome = seen_.outcome;
    outcome.new_version = before.version;
    outcome.credential = before.slot;
    outcome.former_credential = before.former;
    outcome.expires = before.expires;
    return conclude_published(before.decision, before.slot);
}

Attempt::Conclusion Attempt::conclude_published(rotation::Decision const& decision, std::string const& slot) {
    std::string reason = decision.why;
    if (published_before_)
        reason = "version " + published_before_->version + " was published and found dead at once; " + reason;
    auto const& former = seen_.outcome.former_credential;
    auto const& tags = self_.version.properties.tags;
    auto const* id = rotation::find_tag(tags, "CredentialId");
    if (id != nullptr && !trim(*id).empty() && !former.empty() && !equals_ignore_case(trim(*id), former))
        reason += "; the tag CredentialId said " + escape_for_display(trim(*id)) + ", the evidence was believed";
    auto const* key = rotation::find_tag(tags, "key");
    auto const index = key == nullptr ? std::nullopt : rotation::parse_slot_index(*key);
    if (index && *index < credentials_.slots.size() && !former.empty() && credentials_.slots[*index].slot != former)
        reason += "; the tag key said " + credentials_.slots[*index].slot + ", the evidence was believed";
    if (seen_.outcome.verified == "not-reachable") reason += "; whether the service accepts it could not be tried";
    if (!removed_.empty()) reason += "; removed: " + join(removed_);
    if (!cut_off_.empty()) reason += "; cut off: " + join(cut_off_);
    if (!not_ours_.empty())
        return {OutcomeKind::refused, "leaked-remains",
                "a new version is published, but " + join(not_ours_) +
                    ", which leaked, works as before: kssedr did not make it for this secret, and only a person "
                    "removes it; " +
                    reason};
    if (ports_.has_list(owner()) && request_.is_compromised)
        return {OutcomeKind::rotated, "compromised", std::move(reason)};
    // An adoption of what this very attempt regenerated, before it lost sight of it, is the rotation's second half.
    if (decision.step == Step::regenerate || slot == regenerated_slot_)
        return {OutcomeKind::rotated, "rotated", std::move(reason)};
    if (decision.step == Step::publish_repair) return {OutcomeKind::repaired, "repaired", std::move(reason)};
    return {OutcomeKind::adopted, "adopted", std::move(reason)};
}

Attempt::Conclusion Attempt::conclude(Error const& error, std::string_view doing, Asked asked) const {
    // The vault's client says itself which secret it was reading.
    std::string reason = (doing.empty() ? std::string() : std::string(doing) + ": ") + error.message();
    auto const until = error.retry_after() ? std::optional(ports_.clock.now() + *error.retry_after()) : std::nullopt;
    if (error.service_code() == "SecretDisabled")
        return {OutcomeKind::superseded, "disabled", "the secret is disabled"};
    if (error.service_code() == "ScopeLocked") return {OutcomeKind::refused, "scope-locked", std::move(reason)};
    if (error.service_code() == "LockTooShort") return {OutcomeKind::failed, "lock-lost", std::move(reason)};
    if (error.service_code() == "ObjectIsDeletedButRecoverable")
        return {OutcomeKind::superseded, "gone", "the secret was deleted"};
    switch (error.code()) {
    case Errc::not_found:
        if (asked == Asked::vault) return {OutcomeKind::superseded, "gone", "there is no such secret (any more)"};
        return {OutcomeKind::refused, "resource-not-found", std::move(reason)};
    case Errc::permission_denied: return {OutcomeKind::failed, "permission-denied", std::move(reason)};
    case Errc::throttled: return {OutcomeKind::failed, "throttled", std::move(reason), until};
    case Errc::deadline_exceeded: return {OutcomeKind::failed, "no-time", std::move(reason)};
    case Errc::outcome_unknown: return {OutcomeKind::failed, "outcome-unknown", std::move(reason)};
    case Errc::invalid_argument: return {OutcomeKind::refused, "rejected-by-service", std::move(reason)};
    case Errc::corrupt: return {OutcomeKind::failed, "unexpected-answer", std::move(reason)};
    case Errc::cancelled: return {OutcomeKind::failed, "stopped", std::move(reason)};
    default: return {OutcomeKind::failed, "unavailable", std::move(reason), until};
    }
}

std::string Attempt::describe(rotation::Decision const& decision) const {
    auto const& slot = credentials_.slots[decision.slot].slot;
    if (decision.step == Step::move_siblings) {
        std::string names;
        for (auto const i : decision.moving) names += (names.empty() ? "" : ", ") + holders_[i].holder.name;
        return "publish " + slot + " to " + names + " and wait (" + decision.why + ")";
    }
    std::string const first =
        decision.step == Step::regenerate ? "regenerate " + slot + " and publish it" : "publish " + slot;
    return first + ", expiring " + format_rfc3339(decision.expires) + " (" + decision.why + ")";
}

void Attempt::finish(Conclusion conclusion) {
    auto& outcome = seen_.outcome;
    outcome.kind = conclusion.kind;
    outcome.code = std::move(conclusion.code);
    outcome.reason = std::move(conclusion.reason);
    outcome.retry_after = conclusion.retry_after;
    outcome.duration = ports_.clock.steady_now() - started_;
    // What leaked remains, but the new version is there.
    bool const was_published = rotation::has_published(outcome.kind) || outcome.code == "leaked-remains";
    if (!was_published) {
        outcome.credential.clear();
        outcome.expires.reset();
        // A version that was published and found dead is told all the same.
        outcome.new_version = published_before_ ? published_before_->version : std::string();
    }
}

}  // namespace kssedr::engine
