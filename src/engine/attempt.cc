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

}  // namespace

Attempt::Attempt(Ports& ports, rotation::Policy const& policy, DoubtBook& doubts, RotationRequest const& request)
    : ports_(ports), policy_(policy), doubts_(doubts), request_(request), started_(ports.clock.steady_now()) {
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
    } else if (!policy_.serves(request_.secret.vault)) {
        ended =
            Conclusion{OutcomeKind::refused, "vault-not-served",
                       "the vault is not in KSSEDR_VAULTS; add " + request_.secret.vault.text + " there to serve it"};
    }
    for (int i = 0; !ended && i < rounds_max; ++i) {
        ended = co_await round();
    }
    if (!ended)
        ended =
            Conclusion{OutcomeKind::failed, "unsettled",
                       "the secret or its owner kept changing while it was looked at; somebody else rotates it too"};
    lease_.reset();
    finish(*std::move(ended));
    co_return std::move(seen_);
}

Task<Attempt::Ended> Attempt::round() {
    Ended ended = co_await look_at_secret();
    if (ended) co_return ended;
    if (!lease_) {
        ended = co_await take_lock();
        // Somebody else was at it while we waited: what was read before is worth nothing.
        if (ended || lease_->was_waited_for()) co_return ended;
    }
    ended = co_await look_at_owner();
    if (ended) co_return ended;
    co_return co_await decide();
}

Task<Attempt::Ended> Attempt::look_at_secret() {
    auto fetched = co_await fetch({});
    if (!fetched) co_return conclude(fetched.error(), "reading the secret");
    version_ = *std::move(fetched);
    version_read_at_ = ports_.clock.steady_now();
    earlier_.reset();
    seen_.properties = version_.properties;

    Ended ended = judge_secret();
    if (ended) co_return ended;
    ended = co_await judge_permission();
    if (ended) co_return ended;
    ended = judge_value();
    if (ended) co_return ended;
    ended = judge_time();
    if (ended && request_.wants_evidence) postponed_ = std::exchange(ended, std::nullopt);
    co_return ended;
}

Attempt::Ended Attempt::judge_secret() {
    auto const& properties = version_.properties;
    bool const names_other = !request_.version.empty() && request_.version != properties.version;
    if (seen_.outcome.version.empty()) seen_.outcome.version = properties.version;
    if (names_other && published_before_.empty())
        return Conclusion{
            OutcomeKind::superseded, "newer-version",
            "the event is about version " + request_.version + ", the current one is " + properties.version};
    if (!properties.enabled) return Conclusion{OutcomeKind::superseded, "disabled", "the secret is disabled"};
    if (properties.managed)
        return Conclusion{OutcomeKind::unmanaged, "managed-by-key-vault",
                          "Key Vault keeps this secret itself, for a certificate"};
    auto terms = rotation::terms_of(request_.secret, properties, policy_, version_.seen_at);
    if (!terms) return Conclusion{OutcomeKind::refused, "metadata-conflict", terms.error().message()};
    seen_.terms = *std::move(terms);
    if (!seen_.terms->owner)
        return Conclusion{OutcomeKind::unmanaged, "asks-for-nothing",
                          "neither the configuration nor the secret's content type or tags name a resource to rotate"};
    seen_.outcome.resource = owner().text();
    if (!ports_.provider.serves(owner()))
        return Conclusion{OutcomeKind::refused, "unsupported-type",
                          "kssedr does not rotate resources of type " + owner().resource_type() + " (" +
                              seen_.terms->owner->source + ")"};
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
    if (!request_.vault_resource || !request_.vault_resource->group_scope().contains(owner()))
        co_return Conclusion{
            OutcomeKind::refused, "not-permitted",
            request_.vault_resource
                ? owner().text() + " is not in the vault's resource group; " + line
                : "without an event's source only KSSEDR_ALLOWED_TARGETS permits, and it is not set; " + line};
    auto operation = [&] {
        return ports_.directory.fetch_vault_host(*request_.vault_resource, call_deadline(longest_read));
    };
    auto const host = co_await retry(ports_.clock, ports_.random, reading_policy(), request_.deadline, operation);
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
    auto const form = formats::parse_value_form(version_.value, ports_.provider.shape(owner()));
    if (!form) return Conclusion{OutcomeKind::refused, "value-not-understood", form.error().message()};
    form_ = *form;
    switch (form_.kind) {
    case formats::ValueKind::raw: seen_.form = "bare key"; break;
    case formats::ValueKind::connection_string: seen_.form = "connection string"; break;
    case formats::ValueKind::json: seen_.form = "JSON document"; break;
    }
    // Built and checked with a stand-in of the credential's own length before anything is regenerated.
    auto const now = version_.seen_at;
    auto const draft =
        rotation::draft_next(version_.properties, *seen_.terms, "stand-in", 0, now + seen_.terms->validity.value, now);
    auto const checked = rotation::check_draft(draft, version_.value.size(), now);
    if (!checked) return Conclusion{OutcomeKind::refused, "not-writable", checked.error().message()};
    return std::nullopt;
}

Attempt::Ended Attempt::judge_time() {
    auto const& terms = *seen_.terms;
    auto const& properties = version_.properties;
    auto const due = rotation::due_at(properties.created, properties.expires, terms.validity.value, terms.lead.value);
    seen_.due = due;
    if (!published_before_.empty()) return std::nullopt;
    if (terms.freeze && !request_.ignores_freeze)
        return Conclusion{OutcomeKind::deferred, "freeze", *terms.freeze, terms.freeze_until};
    Duration const slack = request_.trigger == rotation::Trigger::event ? rotation::event_slack : Duration{};
    if (version_.seen_at + slack < due && !request_.ignores_due)
        return Conclusion{OutcomeKind::deferred, "not-due",
                          "due on " + format_rfc3339(due) + ", in " + format_span(due - version_.seen_at), due};
    return std::nullopt;
}

Task<Attempt::Ended> Attempt::take_lock() {
    auto lease = co_await ports_.lock.acquire(owner().key(), request_.deadline);
    if (!lease)
        co_return Conclusion{
            lease.error().code() == Errc::deadline_exceeded ? OutcomeKind::deferred : OutcomeKind::failed, "lock-held",
            lease.error().message()};
    lease_ = *std::move(lease);
    co_return std::nullopt;
}

Task<Attempt::Ended> Attempt::look_at_owner() {
    if (doubts_.find(owner().key())) {
        Ended ended = co_await settle_doubt();
        if (ended) co_return ended;
    } else {
        auto listed = co_await list_credentials();
        if (!listed) co_return conclude(listed.error(), "listing the owner's credentials");
        credentials_ = *std::move(listed);
    }
    if (credentials_.slots.size() != 2)
        co_return Conclusion{OutcomeKind::refused, "not-a-pair",
                             owner().text() + " does not have two credentials to alternate between"};
    held_ = slot_of(formats::credential_in(version_.value, form_));
    seen_.credentials.clear();
    for (std::size_t i = 0; i < credentials_.slots.size(); ++i)
        seen_.credentials.push_back({credentials_.slots[i].slot, credentials_.slots[i].made, held_ == i});
    if (held_) seen_.outcome.former_credential = credentials_.slots[*held_].slot;
    co_return std::nullopt;
}

// An effect whose result is not known may still land: wait until it can not, and until two listings agree.
Task<Attempt::Ended> Attempt::settle_doubt() {
    auto const until = *doubts_.find(owner().key());
    if (until >= request_.deadline)
        co_return Conclusion{OutcomeKind::failed, "outcome-unknown",
                             "an earlier regeneration of this owner got no answer and may still happen; what it did is "
                             "looked at once that "
                             "can not be any more",
                             ports_.clock.now() + (until - ports_.clock.steady_now())};
    co_await ports_.clock.sleep_until(until);
    auto before = co_await list_credentials();
    for (int i = 0; before && i < 3; ++i) {
        co_await ports_.clock.sleep_for(pause_between_listings);
        auto after = co_await list_credentials();
        if (!after) co_return conclude(after.error(), "listing the owner's credentials");
        bool const agree = std::ranges::equal(before->slots, after->slots, [](auto const& a, auto const& b) {
            return a.slot == b.slot && a.value == b.value;
        });
        if (agree) {
            credentials_ = *std::move(after);
            doubts_.settle(owner().key());
            co_return std::nullopt;
        }
        before = std::move(after);
    }
    if (!before) co_return conclude(before.error(), "listing the owner's credentials");
    co_return Conclusion{OutcomeKind::failed, "unsettled",
                         "two listings of the owner's credentials in a row did not agree"};
}

Task<Attempt::Ended> Attempt::decide() {
    rotation::Situation situation;
    situation.now = version_.seen_at;
    situation.version_created = version_.properties.created;
    for (auto const& credential : credentials_.slots) situation.slots.push_back({credential.slot, credential.made});
    situation.held = held_;
    situation.validity = seen_.terms->validity.value;
    situation.lead = seen_.terms->lead.value;
    situation.overlap = seen_.terms->overlap.value;

    auto decision = rotation::decide(situation);
    if (decision.step == Step::read_earlier_version) {
        Ended ended = co_await look_at_earlier_version();
        if (ended) co_return ended;
        situation.earlier = earlier_;
        decision = rotation::decide(situation);
    }
    seen_.decision = decision;
    if (postponed_) co_return postponed_;
    if (decision.step == Step::wait)
        co_return Conclusion{OutcomeKind::deferred, "overlap", decision.why, decision.until};
    if (request_.is_dry_run)
        co_return Conclusion{OutcomeKind::deferred, "dry-run", "would " + describe(decision) + "; nothing was changed"};
    if (policy_.mode == rotation::Mode::observe)
        co_return Conclusion{
            OutcomeKind::deferred, "observe",
            "would " + describe(decision) + "; KSSEDR_MODE is observe, set it to rotate to let this happen"};
    co_return co_await act(std::move(decision));
}

Task<Attempt::Ended> Attempt::look_at_earlier_version() {
    auto operation = [&] { return ports_.vault.list_versions(request_.secret, call_deadline(longest_read)); };
    auto const listed = co_await retry(ports_.clock, ports_.random, reading_policy(), request_.deadline, operation);
    if (!listed) co_return conclude(listed.error(), "listing the secret's versions");

    rotation::EarlierVersion earlier;
    rotation::SecretProperties const* latest = nullptr;
    for (auto const& properties : *listed) {
        bool const is_before =
            properties.version != version_.properties.version && properties.created <= version_.properties.created;
        if (!is_before || (latest != nullptr && properties.created < latest->created)) continue;
        // Two of one second can not be put in order: neither is believed.
        earlier.is_readable = latest == nullptr || properties.created != latest->created;
        latest = &properties;
    }
    if (latest != nullptr) {
        earlier.exists = true;
        earlier.created = latest->created;
        earlier.is_readable = earlier.is_readable && latest->enabled;
        if (earlier.is_readable) {
            auto const fetched = co_await fetch(latest->version);
            if (!fetched && fetched.error().code() != Errc::permission_denied)
                co_return conclude(fetched.error(), "reading the version before the current one");
            earlier.is_readable = fetched.has_value();
            if (fetched) {
                auto const form = formats::parse_value_form(fetched->value, ports_.provider.shape(owner()));
                if (form) earlier.slot = slot_of(formats::credential_in(fetched->value, *form));
            }
        }
    }
    earlier_ = earlier;
    co_return std::nullopt;
}

}  // namespace kssedr::engine
