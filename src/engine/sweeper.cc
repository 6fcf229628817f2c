#include "engine/sweeper.h"

#include "async/for_each.h"
#include "base/ascii.h"
#include "formats/value_form.h"

#include <algorithm>
#include <set>

namespace kssedr::engine {

using rotation::OutcomeKind;

namespace {

constexpr std::size_t at_once = 16;
constexpr std::size_t soonest_max = 10;
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
        if (!candidate.end || candidate.is_suspect || candidate.due <= candidate.now + request.within) return false;
        reckon_expiry(candidate, summary);
        return true;
    });
    co_await rotate(std::move(candidates), request, on_outcome, summary);
    co_await revoke(vacated, request, on_outcome, summary);
    co_return summary;
}

Task<void> Sweeper::rotate(std::vector<Candidate> candidates, SweepRequest const& request, OnOutcome const& on_outcome,
                           SweepSummary& summary) {
    // Soonest expiry first; one order for one listing, so that a plan and its sweep go the same way. What can not be
    // understood comes by its making, which is before all: somebody has to see it.
    auto const end_of = [](Candidate const& candidate) { return candidate.end.value_or(candidate.due); };
    std::ranges::sort(candidates, [&](Candidate const& a, Candidate const& b) {
        if (end_of(a) != end_of(b)) return end_of(a) < end_of(b);
        if (*a.vault != *b.vault) return *a.vault < *b.vault;
        return std::ranges::lexicographical_compare(
            a.properties->name, b.properties->name, {}, [](char c) { return to_ascii_lower(c); },
            [](char c) { return to_ascii_lower(c); });
    });
    auto rotate_one = [&](std::size_t i) -> Task<void> {
        if (request.is_stopped()) co_return;
        auto const candidate = std::move(candidates[i]);  // so that what is done is let go
        RotationRequest rotation;
        rotation.secret = candidate.secret();
        rotation.trigger = request.trigger;
        rotation.repairs_early = candidate.is_suspect;
        rotation.deadline = request.deadline;
        auto const seen = co_await rotator_.rotate(std::move(rotation));
        // A suspect that turned out alive was only looked at.
        bool const is_asked_for = candidate.due <= candidate.now + request.within;
        bool const was_cleared = candidate.is_suspect && !is_asked_for && seen.outcome.code == "not-due";
        if (was_cleared) {
            reckon_expiry(candidate, summary);
            co_return;
        }
        if (logs_ == Logs::outcomes) log_outcome(ports_.log, seen.outcome);
        count(seen.outcome, candidate, summary);
        on_outcome(seen.outcome);
    };
    co_await for_each(candidates.size(), at_once, rotate_one);
}

std::vector<Sweeper::Vacated> Sweeper::find_vacated(std::vector<Candidate> const& candidates) const {
    std::map<std::string, Vacated> by_owner;
    for (auto const& candidate : candidates) {
        if (!candidate.revocable_from || *candidate.revocable_from > candidate.now) continue;
        auto const key = terms_of(candidate)->owner->value.key();
        auto const place = revoke_not_before_.find(key);
        if (place != revoke_not_before_.end() && ports_.clock.steady_now() < place->second) continue;
        by_owner[key].push_back(candidate);
    }
    std::vector<Vacated> vacated;
    for (auto& [key, of_owner] : by_owner) {
        std::ranges::sort(of_owner, {}, [](Candidate const& candidate) { return candidate.secret().key(); });
        vacated.push_back(std::move(of_owner));
    }
    return vacated;
}

Task<void> Sweeper::revoke(std::vector<Vacated> const& vacated, SweepRequest const& request,
                           OnOutcome const& on_outcome, SweepSummary& summary) {
    auto revoke_of_owner = [&](std::size_t i) -> Task<void> {
        bool is_settled = true;
        for (auto const& candidate : vacated[i]) {
            if (request.is_stopped()) co_return;
            auto const seen = co_await revoke_one(candidate, request);
            auto const& outcome = seen.outcome;
            bool const has_nothing = outcome.code == "nothing-to-revoke" || outcome.code == "grace";
            is_settled = is_settled && has_nothing;
            bool const is_held_back = outcome.code == "freeze" || outcome.code == "window";
            if (!has_nothing && !is_held_back) {
                if (logs_ == Logs::outcomes) log_outcome(ports_.log, outcome);
                if (outcome.code == "revoked") ++summary.revoked;
                if (outcome.kind == OutcomeKind::deferred) ++summary.deferred;
                if (outcome.kind == OutcomeKind::refused) ++summary.refused;
                if (outcome.kind == OutcomeKind::failed) ++summary.failed;
                on_outcome(outcome);
            }
            // Whatever there is to be said of a pair, one secret tells that is not held back; which of them are on
            // another is not known.
            if (!is_held_back && !seen.has_other_pairs) break;
        }
        // Most have nothing to revoke, and that changes with a rotation only: a day later is soon enough to see it.
        auto const key = terms_of(vacated[i].front())->owner->value.key();
        if (is_settled) revoke_not_before_[key] = ports_.clock.steady_now() + revoke_again_after;
    };
    co_await for_each(vacated.size(), at_once, revoke_of_owner);
}

Task<Examination> Sweeper::revoke_one(Candidate const& candidate, SweepRequest const& request) {
    RotationRequest revocation;
    revocation.secret = candidate.secret();
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
    summary.vaults.push_back({{}, served.error().message()});
    ports_.log.error("sweep.vaults_unknown", {{"why", served.error().message()}});
    co_return std::vector<rotation::VaultHost>();
}

Task<std::vector<Sweeper::Candidate>> Sweeper::list(SweepRequest const& request, SweepSummary& summary) {
    std::vector<Candidate> candidates;
    Calls calls(ports_, pace_, request.deadline, MissingRight::is_said);
    auto const vaults = co_await choose_vaults(request, calls, summary);
    for (auto const& vault : vaults) {
        auto const listed = co_await calls.list_secrets(vault);
        summary.vaults.push_back({vault.text, listed ? std::string() : listed.error().message()});
        if (!listed) {
            ports_.log.error("sweep.vault_unreadable", {{"vault", vault.text}, {"why", listed.error().message()}});
            continue;
        }
        auto const host = std::make_shared<rotation::VaultHost const>(vault);
        for (auto const& properties : listed->secrets)
            if (auto candidate = judge(host, properties, listed->seen_at)) candidates.push_back(*std::move(candidate));
    }
    co_return candidates;
}

std::optional<Sweeper::Candidate> Sweeper::judge(std::shared_ptr<rotation::VaultHost const> vault,
                                                 rotation::ListedSecret properties, TimePoint now) const {
    if (!properties->enabled || properties->managed) return std::nullopt;
    Candidate candidate{std::move(vault), std::move(properties), now};
    auto const& seen = *candidate.properties;
    candidate.due = seen.created;
    auto const terms = terms_of(candidate);
    if (!terms) return candidate;
    if (!terms->owner) return std::nullopt;
    auto const end = rotation::end_of(seen, *terms);
    candidate.end = end;
    candidate.due = rotation::due_of(seen, *terms);
    candidate.is_held_back = rotation::held_until(terms->windows.value, now, end).has_value();
    if (terms->revoke_after)
        candidate.revocable_from = seen.created + std::max(terms->revoke_after->value, terms->overlap.value);
    return candidate;
}

Result<rotation::Terms> Sweeper::terms_of(Candidate const& candidate) const {
    return rotation::terms_of(candidate.secret(), *candidate.properties, rotator_.policy(), candidate.now);
}

std::map<std::string, Sweeper::Owner> Sweeper::owners_of(std::vector<Candidate>& candidates) const {
    std::map<std::string, Owner> owners;
    for (auto& candidate : candidates) {
        if (!candidate.end || (candidate.due <= candidate.now && !candidate.is_held_back)) continue;
        auto terms = *terms_of(candidate);
        auto key = terms.owner->value.key();
        auto& owner = owners.try_emplace(std::move(key), std::move(terms.owner->value)).first->second;
        owner.secrets.push_back({&candidate, std::move(terms.slot_tag), terms.overlap.value});
    }
    return owners;
}

Task<void> Sweeper::find_suspects(std::vector<Candidate>& candidates, SweepRequest const& request) {
    Calls calls(ports_, pace_, request.deadline, MissingRight::is_said);
    auto const owners = owners_of(candidates);
    for (auto const& [key, owner] : owners) {
        auto const place = looked_at_.find(key);
        bool const is_daily =
            place == looked_at_.end() || ports_.clock.steady_now() - place->second >= all_are_suspected_every;
        if (!is_daily && std::ranges::none_of(owner.secrets, &OfOwner::is_young)) continue;
        if (!rotator_.may_rotate(*owner.secrets.front().candidate->vault, owner.id)) continue;
        if (ports_.has_list(owner.id) || ports_.has_logins(owner.id)) {
            // What is listed tells nothing without the values: each is looked at under the owner's lock, once a day.
            for (auto const& secret : owner.secrets) secret.candidate->is_suspect = is_daily;
            if (is_daily) looked_at_[key] = ports_.clock.steady_now();
            continue;
        }
        auto const credentials = co_await calls.list_credentials(owner.id);
        if (!credentials) {
            ports_.log.warn("sweep.owner_unreadable",
                            {{"resource", owner.id.text()}, {"why", credentials.error().message()}});
            continue;
        }
        if (is_daily) looked_at_[key] = ports_.clock.steady_now();
        for (auto const& secret : owner.secrets) {
            if (!is_suspect(secret, *credentials, is_daily)) continue;
            secret.candidate->is_suspect = co_await may_be_dead(*secret.candidate, owner.id, *credentials, calls);
        }
    }
}

bool Sweeper::is_suspect(OfOwner const& secret, rotation::Credentials const& credentials, bool is_daily) const {
    auto const* credential = credentials.find(secret.slot_tag);
    // Key Vault tells whole seconds: within the one in which it was published a credential is its own version's.
    bool const was_made_later = credential != nullptr && credential->made &&
                                *credential->made >= secret.candidate->properties->created + std::chrono::seconds{1};
    // A making time before the version's clears nobody: the tag may lie, and the value may have been written dead.
    return was_made_later || is_daily || secret.is_young();
}

// Reads the suspect; it is rotated, which looks again under the owner's lock, only where it does not turn out alive.
Task<bool> Sweeper::may_be_dead(Candidate const& candidate, rotation::OwnerId const& owner,
                                rotation::Credentials const& credentials, Calls& calls) {
    auto const seen = co_await calls.fetch(candidate.secret(), {});
    if (!seen) co_return seen.error().code() != Errc::not_found;
    auto const form = calls.read_value(owner, seen->value);
    co_return !form || !credentials.slot_of(form->credential(seen->value));
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
    if (candidate.end && *candidate.end <= candidate.now) ++summary.overdue;
    reckon_expiry(candidate, summary);
}

void Sweeper::reckon_expiry(Candidate const& candidate, SweepSummary& summary) const {
    if (!candidate.end) return;
    auto& soonest = summary.soonest;
    if (soonest.size() == soonest_max && soonest.back().expires <= *candidate.end) return;
    auto const place = std::ranges::upper_bound(soonest, *candidate.end, {}, &ExpiringSecret::expires);
    soonest.insert(place, {candidate.vault->text, candidate.properties->name, *candidate.end});
    if (soonest.size() > soonest_max) soonest.pop_back();
}

std::size_t SweepSummary::unreadable() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(vaults, [](SweptVault const& vault) { return !vault.why.empty(); }));
}

}  // namespace kssedr::engine
