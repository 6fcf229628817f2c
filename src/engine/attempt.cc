#include "engine/attempt.h"

#include "base/ascii.h"
#include "rotation/schedule.h"

#include <algorithm>
#include <utility>

namespace kssedr::engine {

using rotation::OutcomeKind;
using rotation::Step;

namespace {

constexpr int rounds_max = 6;
// The answer to a leak looks anew after each of its steps, and has two more of them.
constexpr int rounds_max_of_leak = 12;

}  // namespace

Attempt::Attempt(Ports& ports, rotation::Policy const& policy, Memory& memory, RotationRequest const& request)
    : ports_(ports),
      policy_(policy),
      memory_(memory),
      request_(request),
      calls_(ports, memory.pace, request.deadline,
             request.trigger == rotation::Trigger::command ? MissingRight::is_said : MissingRight::is_waited_for),
      started_(ports.clock.steady_now()) {
    auto& outcome = seen_.outcome;
    outcome.trigger = request.trigger;
    outcome.vault = request.secret.vault.text;
    outcome.secret = request.secret.name;
    outcome.version = request.version;
    outcome.event_id = request.event_id;
    outcome.started_at = ports.clock.now();
}

Task<Examination> Attempt::run() {
    Ended ended;
    if (policy_.mode == rotation::Mode::paused) {
        ended = Conclusion{OutcomeKind::deferred, "paused",
                           "KSSEDR_MODE is paused: nothing is looked at; set it to rotate to go on"};
    } else {
        ended = co_await look_at_vaults();
    }
    int const most = request_.is_compromised ? rounds_max_of_leak : rounds_max;
    for (int i = 0; !ended && i < most; ++i) {
        ended = co_await round();
    }
    if (!ended && calls_.unanswered_publication())
        ended = conclude(*calls_.unanswered_publication(), "publishing the new version", Asked::vault);
    if (!ended)
        ended =
            Conclusion{OutcomeKind::failed, "unsettled",
                       "the secret or its owner kept changing while it was looked at; somebody else rotates it too"};
    lease_.reset();
    finish(*std::move(ended));
    co_return std::move(seen_);
}

Task<Attempt::Ended> Attempt::look_at_vaults() {
    auto const& vault = request_.secret.vault;
    auto const is_served = co_await memory_.served.contains(vault, calls_);
    if (!is_served) co_return conclude(is_served.error(), "finding the vaults of KSSEDR_VAULTS");
    if (!*is_served)
        co_return Conclusion{OutcomeKind::refused, "vault-not-served",
                             "the vault is not in KSSEDR_VAULTS; add " + vault.text + " there to serve it"};
    auto served = co_await memory_.served.find(calls_);
    if (!served) co_return conclude(served.error(), "finding the vaults of KSSEDR_VAULTS");
    served_ = *std::move(served);
    if (!request_.is_compromised) co_return std::nullopt;
    // Whoever is not known is cut off: here no listing of minutes ago will do.
    memory_.listings.forget(vault);
    for (auto const& one : *served_) memory_.listings.forget(one);
    co_return std::nullopt;
}

Attempt::~Attempt() {
    leave_owner();
}

void Attempt::leave_owner() {
    if (at_work_.empty()) return;
    memory_.owners_at_work.erase(memory_.owners_at_work.find(std::exchange(at_work_, {})));
}

bool Attempt::is_owner_busy() const {
    return request_.yields_to_owner && memory_.owners_at_work.contains(owner().key());
}

Task<Attempt::Ended> Attempt::round() {
    Ended ended = co_await look_at_secret();
    if (ended) co_return ended;
    // Its tags may have come to name another owner.
    if (lease_ && at_work_ != owner().key()) lease_.reset();
    if (!lease_) {
        if (is_owner_busy())
            co_return Conclusion{OutcomeKind::deferred, "owner-busy", "another rotation of its owner is under way"};
        // Its lock is kept as long.
        ended = judge_doubt();
        if (ended) co_return ended;
        auto const has_waited = co_await calls_.take_turns(owner());
        if (!has_waited) co_return conclude(has_waited.error(), "waiting for the pace that Azure allows");
        // Somebody else may have been at it meanwhile: what was read before is worth nothing.
        if (*has_waited) co_return ended;
        auto const has_listed =
            co_await list_ahead(request_.secret.vault, owner(), policy_, *served_, memory_.listings, calls_);
        if (!has_listed) co_return conclude(has_listed.error(), "finding who else holds a credential of the owner");
        // Here too. Once: where a vault is listed so long that it is to be listed again, what was read before is older
        // than evidence may be, and is asked again before anything is done.
        if (*has_listed && !std::exchange(has_listed_ahead_, true)) co_return ended;
        ended = co_await take_lock();
        // Somebody else was at it while we waited: what was read before is worth nothing.
        if (ended || lease_->was_waited_for()) co_return ended;
    }
    if (ports_.has_list(owner())) co_return co_await round_of_list();
    if (ports_.has_logins(owner())) {
        bool looks_anew = false;
        ended = co_await look_at_logins(looks_anew);
        if (looks_anew) co_return std::nullopt;
    } else {
        ended = co_await look_at_owner();
    }
    if (!ended) ended = judge_published_before(holders_[0].holder.slot.has_value());
    if (ended) co_return ended;
    if (request_.is_revocation) co_return co_await revoke();
    // A dead version tells nothing of a leak: what was in it is gone, and it is repaired as ever. The password of a
    // login that takes turns with none is gone with its rotation too.
    bool const is_pair = credentials_.slots.size() == 2;
    if (request_.is_compromised && is_pair && (leaked_ || holders_[0].holder.slot)) co_return co_await answer_leak();
    co_return co_await decide();
}

Task<Attempt::Ended> Attempt::look_at_secret() {
    // From before it was asked: an answer that took long tells what was then.
    auto const asked_at = ports_.clock.steady_now();
    auto fetched = co_await calls_.fetch(request_.secret, {});
    if (!fetched) co_return conclude(fetched.error(), {}, Asked::vault);
    self_.secret = request_.secret;
    self_.version = *std::move(fetched);
    self_.read_at = asked_at;
    seen_.properties = self_.version.properties;
    if (auto const ahead = memory_.skew.note(self_.version.seen_at, ports_.clock.now(), ports_.clock.steady_now())) {
        ports_.log.warn("clock.skewed", {{"vault", request_.secret.vault.text},
                                         {"by", (*ahead < Duration{} ? "-" : "") + format_span(abs(*ahead))}});
    }
    if (is_ours()) co_return co_await conclude_ours();

    Ended ended = judge_secret();
    if (ended) co_return ended;
    ended = co_await judge_permission();
    if (ended) co_return ended;
    ended = judge_value();
    if (ended) co_return ended;
    ended = judge_time();
    if (ended && (request_.wants_evidence || request_.repairs_early)) postponed_ = std::exchange(ended, std::nullopt);
    co_return ended;
}

Attempt::Ended Attempt::judge_secret() {
    auto const& properties = self_.version.properties;
    bool const names_other = !request_.version.empty() && request_.version != properties.version;
    if (seen_.outcome.version.empty()) seen_.outcome.version = properties.version;
    if (names_other && !published_before_)
        return Conclusion{
            OutcomeKind::superseded, "newer-version",
            "the event is about version " + request_.version + ", the current one is " + properties.version};
    if (!properties.enabled) return Conclusion{OutcomeKind::superseded, "disabled", "the secret is disabled"};
    if (properties.managed)
        return Conclusion{OutcomeKind::unmanaged, "managed-by-key-vault",
                          "Key Vault keeps this secret itself, for a certificate"};
    auto terms = rotation::terms_of(request_.secret, properties, policy_, self_.version.seen_at);
    if (!terms) return Conclusion{OutcomeKind::refused, "metadata-conflict", terms.error().message()};
    self_.terms = *terms;
    seen_.terms = *std::move(terms);
    if (!seen_.terms->owner)
        return Conclusion{OutcomeKind::unmanaged, "asks-for-nothing",
                          "neither the configuration nor the secret's content type or tags name a resource to rotate"};
    seen_.outcome.resource = owner().text();
    if (!ports_.serves(owner()))
        return Conclusion{
            OutcomeKind::refused, "unsupported-type",
            ports_.explain_unserved(owner()) + " (the target is from: " + seen_.terms->owner->source + ")"};
    if (policy_.verify == rotation::Verify::required && !ports_.may_try(owner()))
        return Conclusion{OutcomeKind::refused, "verify-not-possible",
                          "KSSEDR_VERIFY is required, and kssedr has no trial for credentials of " + owner().type() +
                              ": what was regenerated could never be published; set best-effort to rotate it"};
    return std::nullopt;
}

Task<Attempt::Ended> Attempt::judge_permission() {
    auto const& vault = request_.secret.vault;
    std::string const line = "to allow it, add " + vault.text + "=" + owner().text() + " to KSSEDR_ALLOWED_TARGETS";
    if (policy_.allowed) {
        auto const* entry = policy_.allowed->find(vault, owner());
        if (entry == nullptr)
            co_return Conclusion{OutcomeKind::refused, "not-permitted",
                                 "no entry of KSSEDR_ALLOWED_TARGETS permits " + vault.text + " to rotate " +
                                     owner().text() + "; " + line};
        seen_.permitted_by = "KSSEDR_ALLOWED_TARGETS entry " + entry->text;
        co_return std::nullopt;
    }
    // Without a list an event's own vault may rotate what lies in its resource group, once Resource Manager has said
    // that the event names its own vault.
    auto const* resource = owner().resource();
    if (!request_.vault_resource || resource == nullptr || !request_.vault_resource->group_scope().contains(*resource))
        co_return Conclusion{
            OutcomeKind::refused, "not-permitted",
            request_.vault_resource
                ? owner().text() + " is not in the vault's resource group; " + line
                : "without an event's source only KSSEDR_ALLOWED_TARGETS permits, and it is not set; " + line};
    auto const host = co_await calls_.fetch_vault_host(*request_.vault_resource);
    if (!host && (host.error().code() == Errc::permission_denied || host.error().code() == Errc::not_found))
        co_return Conclusion{OutcomeKind::refused, "not-permitted",
                             "whether " + request_.vault_resource->text() + " is this vault can not be told (" +
                                 host.error().message() + "); " + line};
    if (!host) co_return conclude(host.error(), "asking which host the vault has");
    if (*host != vault.text)
        co_return Conclusion{OutcomeKind::refused, "not-permitted",
                             "the event names " + request_.vault_resource->text() + " as its source, whose host is " +
                                 escape_for_display(*host) + " and not " + vault.text + "; " + line};
    seen_.permitted_by = "the vault's own resource group, since KSSEDR_ALLOWED_TARGETS is not set";
    co_return std::nullopt;
}

Attempt::Ended Attempt::judge_value() {
    auto const form = calls_.read_value(owner(), self_.version.value);
    if (!form) return Conclusion{OutcomeKind::refused, "value-not-understood", form.error().message()};
    self_.form = *form;
    switch (form->form.kind) {
    case formats::ValueKind::raw: seen_.form = "bare key"; break;
    case formats::ValueKind::connection_string: seen_.form = "connection string"; break;
    case formats::ValueKind::url: seen_.form = "URL"; break;
    case formats::ValueKind::json: seen_.form = "JSON document"; break;
    }
    // Built and checked with a stand-in of the credential's own length before anything is regenerated.
    auto const now = self_.version.seen_at;
    auto const index = ports_.has_list(owner()) ? std::nullopt : std::optional<std::size_t>(0);
    auto const draft = rotation::draft_next(self_.version.properties, *seen_.terms, "stand-in", index,
                                            now + seen_.terms->validity.value, now);
    auto const checked = rotation::check_draft(draft, self_.version.value.size(), now);
    if (!checked) return Conclusion{OutcomeKind::refused, "not-writable", checked.error().message()};
    return std::nullopt;
}

Attempt::Ended Attempt::judge_time() {
    auto const& terms = *seen_.terms;
    auto const& properties = self_.version.properties;
    auto const due = rotation::due_of(properties, terms);
    seen_.due = due;
    if (published_before_) return std::nullopt;
    if (terms.freeze && !request_.ignores_freeze)
        return Conclusion{OutcomeKind::deferred, "freeze", *terms.freeze, terms.freeze_until};
    Duration slack{};
    if (request_.trigger == rotation::Trigger::event)
        slack = rotation::event_slack(properties.created, properties.expires, terms.validity.value);
    auto const now = self_.version.seen_at;
    if (now + slack < due && !request_.ignores_due)
        return Conclusion{OutcomeKind::deferred, "not-due",
                          "due on " + format_rfc3339(due) + ", in " + format_span(due - now), due};
    seen_.window_opens = rotation::held_until(terms.windows.value, now, rotation::end_of(properties, terms));
    if (seen_.window_opens && !request_.ignores_freeze)
        return Conclusion{
            OutcomeKind::deferred, "window",
            "outside its windows (" + rotation::describe(terms.windows.value) + "; " + terms.windows.source + ")",
            seen_.window_opens};
    return std::nullopt;
}

}  // namespace kssedr::engine
