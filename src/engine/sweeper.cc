#include "engine/sweeper.h"

#include "async/for_each.h"
#include "base/ascii.h"
#include "engine/intake.h"
#include "formats/value_form.h"

#include <algorithm>
#include <set>

namespace kssedr::engine {

using rotation::OutcomeKind;

namespace {

constexpr std::size_t at_once = 16;
// Less than a day, so that of two daily sweeps the second does not miss it by a second.
constexpr Duration all_are_suspected_every = std::chrono::hours{20};
constexpr Duration revoke_again_after = std::chrono::hours{24};

}  // namespace

Task<SweepSummary> Sweeper::sweep(SweepRequest request, OnOutcome on_outcome) {
    SweepSummary summary;
    auto candidates = co_await list(request, summary);
    if (request.looks_for_dead) {
        co_await find_suspects(candidates, request);
    }
    auto const vacated = find_vacated(candidates);
    std::erase_if(candidates, [&](Candidate const& candidate) {
        if (!candidate.terms || candidate.is_suspect || candidate.due <= candidate.now + request.within) return false;
        reckon_expiry(candidate, summary);
        return true;
    });
    co_await rotate(std::move(candidates), request, on_outcome, summary);
    co_await revoke(vacated, request, on_outcome, summary);
    co_return summary;
}

Task<void> Sweeper::rotate(std::vector<Candidate> candidates, SweepRequest const& request, OnOutcome const& on_outcome,
                           SweepSummary& summary) {
    // Soonest first; one order for one listing, so that a plan and its sweep go the same way.
    std::ranges::sort(candidates, {},
                      [](Candidate const& candidate) { return std::pair(candidate.due, candidate.secret.key()); });
    auto rotate_one = [&](std::size_t i) -> Task<void> {
        auto const& candidate = candidates[i];
        RotationRequest rotation;
        rotation.secret = candidate.secret;
        rotation.trigger = request.trigger;
        rotation.repairs_early = candidate.is_suspect;
        rotation.deadline = request.deadline;
        auto const seen = co_await rotator_.rotate(std::move(rotation));
        // A suspect that turned out alive was only looked at.
        bool const was_cleared = candidate.is_suspect && seen.outcome.code == "not-due";
        if (was_cleared) {
            reckon_expiry(candidate, summary);
            co_return;
        }
        log_outcome(ports_.log, seen.outcome);
        count(seen.outcome, candidate, summary);
        on_outcome(seen.outcome);
    };
    co_await for_each(candidates.size(), at_once, rotate_one);
}

std::vector<Sweeper::OfOwner> Sweeper::find_vacated(std::vector<Candidate> const& candidates) const {
    std::map<std::string, OfOwner> by_owner;
    for (auto const& candidate : candidates) {
        if (!candidate.terms || !candidate.terms->revoke_after) continue;
        auto const grace = std::max(candidate.terms->revoke_after->value, candidate.terms->overlap.value);
        if (candidate.properties.created + grace > candidate.now) continue;
        auto const key = candidate.terms->owner->value.key();
        auto const place = revoke_not_before_.find(key);
        if (place != revoke_not_before_.end() && ports_.clock.steady_now() < place->second) continue;
        by_owner[key].push_back(candidate);
    }
    std::vector<OfOwner> vacated;
    for (auto& [key, of_owner] : by_owner) {
        std::ranges::sort(of_owner, {}, [](Candidate const& candidate) { return candidate.secret.key(); });
        vacated.push_back(std::move(of_owner));
    }
    return vacated;
}

Task<void> Sweeper::revoke(std::vector<OfOwner> const& vacated, SweepRequest const& request,
                           OnOutcome const& on_outcome, SweepSummary& summary) {
    auto revoke_of_owner = [&](std::size_t i) -> Task<void> {
        bool is_settled = true;
        for (auto const& candidate : vacated[i]) {
            auto const seen = co_await revoke_one(candidate, request);
            auto const& outcome = seen.outcome;
            bool const has_nothing = outcome.code == "nothing-to-revoke" || outcome.code == "grace";
            is_settled = is_settled && has_nothing;
            if (!has_nothing && outcome.code != "freeze" && outcome.code != "window") {
                log_outcome(ports_.log, outcome);
                if (outcome.code == "revoked") ++summary.revoked;
                if (outcome.kind == OutcomeKind::deferred) ++summary.deferred;
                if (outcome.kind == OutcomeKind::refused) ++summary.refused;
                if (outcome.kind == OutcomeKind::failed) ++summary.failed;
                on_outcome(outcome);
            }
            // Whatever there is to be said of a pair, one secret tells; which of them are on another is not known.
            if (!seen.has_other_pairs) break;
        }
        // Most have nothing to revoke, and that changes with a rotation only: a day later is soon enough to see it.
        auto const& owner = vacated[i].front().terms->owner->value;
        if (is_settled) revoke_not_before_[owner.key()] = ports_.clock.steady_now() + revoke_again_after;
    };
    co_await for_each(vacated.size(), at_once, revoke_of_owner);
}

Task<Examination> Sweeper::revoke_one(Candidate const& candidate, SweepRequest const& request) {
    RotationRequest revocation;
    revocation.secret = candidate.secret;
    revocation.trigger = request.trigger;
    revocation.is_revocation = true;
    revocation.ignores_due = true;
    revocation.deadline = request.deadline;
    return rotator_.rotate(std::move(revocation));
}

Task<std::vector<rotation::VaultHost>> Sweeper::choose_vaults(SweepRequest const& request, Calls& calls,
                                                              SweepSummary& summary) {
    if (!request.vaults.empty()) co_return request.vaults;
    auto const served = co_await rotator_.find_served_vaults(calls);
    if (served) co_return **served;
    ++summary.unreadable;
    ports_.log.error("sweep.vaults_unknown", {{"why", served.error().message()}});
    co_return std::vector<rotation::VaultHost>();
}

Task<std::vector<Sweeper::Candidate>> Sweeper::list(SweepRequest const& request, SweepSummary& summary) {
    std::vector<Candidate> candidates;
    Calls calls(ports_, pace_, request.deadline, MissingRight::is_said);
    auto const& policy = rotator_.policy();
    auto const vaults = co_await choose_vaults(request, calls, summary);
    for (auto const& vault : vaults) {
        auto const listed = co_await calls.list_secrets(vault);
        if (!listed) {
            ++summary.unreadable;
            ports_.log.error("sweep.vault_unreadable", {{"vault", vault.text}, {"why", listed.error().message()}});
            continue;
        }
        for (auto const& properties : listed->secrets) {
            if (!properties.enabled || properties.managed) continue;
            Candidate candidate{{vault, properties.name}, properties, {}, listed->seen_at, properties.created};
            auto terms = rotation::terms_of(candidate.secret, properties, policy, listed->seen_at);
            if (terms && !terms->owner) continue;
            if (terms) {
                candidate.terms = *std::move(terms);
                candidate.due = rotation::due_of(properties, *candidate.terms);
                candidate.is_held_back = rotation::held_until(candidate.terms->windows.value, candidate.now,
                                                              rotation::end_of(properties, *candidate.terms))
                                             .has_value();
            }
            candidates.push_back(std::move(candidate));
        }
    }
    co_return candidates;
}

Task<void> Sweeper::find_suspects(std::vector<Candidate>& candidates, SweepRequest const& request) {
    Calls calls(ports_, pace_, request.deadline, MissingRight::is_said);
    std::map<std::string, std::vector<Candidate*>> by_owner;
    for (auto& candidate : candidates)
        if (candidate.terms && (candidate.due > candidate.now || candidate.is_held_back))
            by_owner[candidate.terms->owner->value.key()].push_back(&candidate);
    for (auto const& [key, of_owner] : by_owner) {
        auto const place = looked_at_.find(key);
        bool const is_daily =
            place == looked_at_.end() || ports_.clock.steady_now() - place->second >= all_are_suspected_every;
        bool const has_young = std::ranges::any_of(of_owner, [&](Candidate const* candidate) {
            return candidate->properties.created + candidate->terms->overlap.value > candidate->now;
        });
        if (!is_daily && !has_young) continue;
        auto const& owner = of_owner.front()->terms->owner->value;
        if (!rotator_.may_rotate(of_owner.front()->secret.vault, owner)) continue;
        auto const credentials = co_await calls.list_credentials(owner);
        if (!credentials) {
            ports_.log.warn("sweep.owner_unreadable",
                            {{"resource", owner.text()}, {"why", credentials.error().message()}});
            continue;
        }
        if (is_daily) looked_at_[key] = ports_.clock.steady_now();
        for (auto* candidate : of_owner) {
            if (!is_suspect(*candidate, *credentials, is_daily)) continue;
            candidate->is_suspect = co_await may_be_dead(*candidate, *credentials, calls);
        }
    }
}

bool Sweeper::is_suspect(Candidate const& candidate, rotation::Credentials const& credentials, bool is_daily) const {
    auto const& created = candidate.properties.created;
    auto const* credential = credentials.find(candidate.terms->slot_tag);
    // Key Vault tells whole seconds: within the one in which it was published a credential is its own version's.
    bool const was_made_later =
        credential != nullptr && credential->made && *credential->made >= created + std::chrono::seconds{1};
    // A making time before the version's clears nobody: the tag may lie, and the value may have been written dead.
    return was_made_later || is_daily || created + candidate.terms->overlap.value > candidate.now;
}

// Reads the suspect; it is rotated, which looks again under the owner's lock, only where it does not turn out alive.
Task<bool> Sweeper::may_be_dead(Candidate const& candidate, rotation::Credentials const& credentials, Calls& calls) {
    auto const seen = co_await calls.fetch(candidate.secret, {});
    if (!seen) co_return seen.error().code() != Errc::not_found;
    auto const form = formats::parse_value_form(seen->value, calls.shape(candidate.terms->owner->value));
    co_return !form || !credentials.slot_of(formats::credential_in(seen->value, *form));
}

void Sweeper::count(rotation::Outcome const& outcome, Candidate const& candidate, SweepSummary& summary) const {
    if (candidate.is_suspect || candidate.due <= candidate.now) ++summary.due;
    switch (outcome.kind) {
    case OutcomeKind::rotated:
    case OutcomeKind::adopted:
    case OutcomeKind::repaired: ++summary.done; return;
    case OutcomeKind::deferred: ++summary.deferred; break;
    case OutcomeKind::refused: ++summary.refused; break;
    case OutcomeKind::failed: ++summary.failed; break;
    default: return;
    }
    if (candidate.terms && rotation::end_of(candidate.properties, *candidate.terms) <= candidate.now) ++summary.overdue;
    reckon_expiry(candidate, summary);
}

void Sweeper::reckon_expiry(Candidate const& candidate, SweepSummary& summary) const {
    if (!candidate.terms) return;
    auto const end = rotation::end_of(candidate.properties, *candidate.terms);
    if (!summary.soonest_expiry || end < *summary.soonest_expiry) summary.soonest_expiry = end;
}

}  // namespace kssedr::engine
