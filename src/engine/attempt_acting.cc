// Attempt: the part that has effects, and what an attempt says of itself.

#include "engine/attempt.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::engine {

using rotation::OutcomeKind;
using rotation::Step;

namespace {

constexpr Duration longest_regeneration = std::chrono::seconds{60};
constexpr Duration longest_publication = std::chrono::seconds{30};
// What was read of the secret longer ago than this is read again before it is acted on.
constexpr Duration reading_stays_fresh = std::chrono::seconds{1};
constexpr std::string_view lock_too_short = "the owner's lock would end before the call could; nothing was sent";

}  // namespace

Task<Attempt::Ended> Attempt::act(rotation::Decision decision) {
    std::string const slot = credentials_.slots[decision.slot].slot;
    if (decision.step == Step::regenerate) {
        Ended ended = co_await regenerate(slot);
        // An error may leave the slot regenerated or not; the next round finds out from the evidence.
        if (ended) co_return ended;
        if (doubts_.find(owner().key())) co_return std::nullopt;
    }
    co_return co_await publish(decision);
}

Task<Attempt::Ended> Attempt::regenerate(std::string slot) {
    ports_.log.info("rotation.regenerating", {{"resource", owner().text()},
                                              {"credential", slot},
                                              {"vault", seen_.outcome.vault},
                                              {"secret", seen_.outcome.secret}});
    auto operation = [&]() -> Async<rotation::Credentials> {
        auto const deadline = call_deadline(longest_regeneration);
        if (!lease_->outlasts(deadline)) co_return fail(Errc::deadline_exceeded, std::string(lock_too_short));
        co_return co_await ports_.provider.regenerate(owner(), slot, deadline);
    };
    auto regenerated = co_await retry(ports_.clock, ports_.random, RetryPolicy{}, request_.deadline, operation);
    if (regenerated) {
        credentials_ = *std::move(regenerated);
        regenerated_slot_ = slot;
        co_return std::nullopt;
    }
    if (regenerated.error().code() != Errc::outcome_unknown)
        co_return conclude(regenerated.error(), "regenerating " + slot);
    regenerated_slot_ = slot;
    doubts_.note(owner().key(), ports_.clock.steady_now() + time_of_doubt);
    ports_.log.warn("rotation.in_doubt",
                    {{"resource", owner().text()}, {"credential", slot}, {"why", regenerated.error().message()}});
    co_return std::nullopt;
}

Task<Attempt::Ended> Attempt::publish(rotation::Decision const& decision) {
    auto const& credential = credentials_.slots[decision.slot];
    auto draft = rotation::draft_next(version_.properties, *seen_.terms, credential.slot, decision.slot,
                                      decision.expires, version_.seen_at);
    draft.value = formats::replace_credential(version_.value, form_, credential.value);

    auto const is_current = co_await is_still_current();
    if (!is_current) co_return conclude(is_current.error(), "reading the secret again before publishing");
    if (!*is_current) co_return std::nullopt;

    Ended ended = co_await publish_draft(draft);
    if (ended) co_return ended;
    if (seen_.outcome.new_version.empty()) co_return std::nullopt;

    std::string const slot = credential.slot;
    SecretString const published = credential.value.clone();
    seen_.outcome.credential = slot;
    seen_.outcome.expires = draft.expires;
    ports_.log.info("rotation.published", {{"vault", seen_.outcome.vault},
                                           {"secret", seen_.outcome.secret},
                                           {"version", seen_.outcome.new_version},
                                           {"credential", slot}});
    bool const is_alive = co_await look_again(published);
    if (!is_alive) {
        published_before_ = std::exchange(seen_.outcome.new_version, {});
        co_return std::nullopt;
    }

    std::string reason = decision.why;
    if (!published_before_.empty())
        reason = "version " + published_before_ + " was published and found dead at once; " + reason;
    auto const& tag = seen_.terms->slot_tag;
    if (!tag.empty() && held_ && !equals_ignore_case(tag, seen_.outcome.former_credential))
        reason += "; the tag CredentialId said " + escape_for_display(tag) + ", the evidence was believed";
    // An adoption of what this very attempt regenerated, before it lost sight of it, is the rotation's second half.
    bool const is_ours = decision.step == Step::regenerate || slot == regenerated_slot_;
    if (is_ours) co_return Conclusion{OutcomeKind::rotated, "rotated", std::move(reason)};
    switch (decision.step) {
    case Step::publish_repair: co_return Conclusion{OutcomeKind::repaired, "repaired", std::move(reason)};
    default: co_return Conclusion{OutcomeKind::adopted, "adopted", std::move(reason)};
    }
}

// Leaves `new_version` empty where the secret changed instead.
Task<Attempt::Ended> Attempt::publish_draft(rotation::SecretDraft const& draft) {
    auto operation = [&]() -> Async<rotation::SecretProperties> {
        auto const deadline = call_deadline(longest_publication);
        if (!lease_->outlasts(deadline)) co_return fail(Errc::deadline_exceeded, std::string(lock_too_short));
        co_return co_await ports_.vault.publish(request_.secret, draft, deadline);
    };
    auto published = co_await retry(ports_.clock, ports_.random, RetryPolicy{}, request_.deadline, operation);
    if (published) {
        seen_.outcome.new_version = published->version;
        co_return std::nullopt;
    }
    if (published.error().code() != Errc::outcome_unknown)
        co_return conclude(published.error(), "publishing the new version");
    co_return co_await confirm_publication(draft, published.error());
}

// The answer to a publication was lost: the vault says whether it happened. Where it did not, the next round finds the
// fresh credential and adopts it; should it land after all, one value stands in two versions, which harms nobody.
Task<Attempt::Ended> Attempt::confirm_publication(rotation::SecretDraft const& draft, Error why_unknown) {
    ports_.log.warn("rotation.publication_in_doubt",
                    {{"vault", seen_.outcome.vault}, {"secret", seen_.outcome.secret}, {"why", why_unknown.message()}});
    for (int i = 0; i < 2; ++i) {
        auto const current = co_await fetch({});
        if (!current) co_return conclude(current.error(), "looking whether the new version was published");
        if (current->properties.version != version_.properties.version) {
            if (current->value == draft.value) seen_.outcome.new_version = current->properties.version;
            co_return std::nullopt;
        }
        co_await ports_.clock.sleep_for(pause_between_listings);
    }
    co_return std::nullopt;
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
        if (slot_of(published)) co_return true;
    }
    ports_.log.warn("rotation.published_dead",
                    {{"resource", owner().text()}, {"vault", seen_.outcome.vault}, {"secret", seen_.outcome.secret}});
    co_return false;
}

Async<rotation::SecretVersion> Attempt::fetch(std::string version) {
    auto operation = [&] { return ports_.vault.fetch(request_.secret, version, call_deadline(longest_read)); };
    co_return co_await retry(ports_.clock, ports_.random, reading_policy(), request_.deadline, operation);
}

Async<rotation::Credentials> Attempt::list_credentials() {
    auto operation = [&] { return ports_.provider.list(owner(), call_deadline(longest_read)); };
    co_return co_await retry(ports_.clock, ports_.random, reading_policy(), request_.deadline, operation);
}

Task<Result<bool>> Attempt::is_still_current() {
    if (ports_.clock.steady_now() - version_read_at_ <= reading_stays_fresh) co_return true;
    auto const current = co_await fetch({});
    if (!current) co_return fail(current.error());
    co_return current->properties == version_.properties;
}

// People who wait at a terminal are told of a missing right at once; machines give role assignments time to spread.
RetryPolicy Attempt::reading_policy() const {
    RetryPolicy policy;
    if (request_.trigger == rotation::Trigger::command) policy.denied_attempts_max = 1;
    return policy;
}

std::optional<std::size_t> Attempt::slot_of(SecretString const& credential) const {
    for (std::size_t i = 0; i < credentials_.slots.size(); ++i)
        if (credentials_.slots[i].value == credential) return i;
    return std::nullopt;
}

Attempt::Conclusion Attempt::conclude(Error const& error, std::string_view doing) const {
    std::string reason = std::string(doing) + ": " + error.message();
    auto const until = error.retry_after() ? std::optional(ports_.clock.now() + *error.retry_after()) : std::nullopt;
    if (error.service_code() == "SecretDisabled")
        return {OutcomeKind::superseded, "disabled", "the secret is disabled"};
    if (error.service_code() == "ScopeLocked") return {OutcomeKind::refused, "scope-locked", std::move(reason)};
    if (error.service_code() == "ObjectIsDeletedButRecoverable")
        return {OutcomeKind::superseded, "gone", "the secret was deleted"};
    switch (error.code()) {
    case Errc::not_found:
        if (!seen_.terms) return {OutcomeKind::superseded, "gone", "there is no such secret (any more)"};
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
    std::string const publish =
        "publish " + slot + ", expiring " + format_rfc3339(decision.expires) + " (" + decision.why + ")";
    return decision.step == Step::regenerate ? "regenerate " + slot + " and " + publish : publish;
}

SteadyPoint Attempt::call_deadline(Duration longest) const {
    return std::min(ports_.clock.steady_now() + longest, request_.deadline);
}

void Attempt::finish(Conclusion conclusion) {
    auto& outcome = seen_.outcome;
    outcome.kind = conclusion.kind;
    outcome.code = std::move(conclusion.code);
    outcome.reason = std::move(conclusion.reason);
    outcome.retry_after = conclusion.retry_after;
    outcome.duration = ports_.clock.steady_now() - started_;
    // A version that was published and found dead is told all the same; it is not the answer.
    if (!rotation::has_published(outcome.kind)) outcome.credential.clear();
}

}  // namespace kssedr::engine
