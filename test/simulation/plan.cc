#include "plan.h"

#include "chance.h"

#include <fmt/format.h>

#include <algorithm>

namespace kssedr::simulation {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Absent, or somewhere between rare and often: what matters is the order of magnitude.
double some(Chance& chance, double presence, double rare, double often) {
    if (!chance.happens(presence)) return 0;
    std::size_t doublings = 0;
    for (double value = rare; value < often; value *= 2) ++doublings;
    double chosen = rare;
    for (auto i = chance.pick(doublings + 1); i > 0; --i) chosen *= 2;
    return std::min(chosen, often);
}

template <class T, std::size_t N>
T one_of(Chance& chance, T const (&choices)[N]) {
    return choices[chance.pick(N)];
}

void choose_size(Plan& plan, Chance& chance) {
    plan.vaults = one_of(chance, {1, 1, 2, 3});
    plan.owners = one_of(chance, {1, 1, 2, 3});
    plan.secrets = plan.owners * one_of(chance, {1, 1, 2, 3});
    plan.processes = one_of(chance, {1, 1, 2, 3});
    plan.sweepers = chance.happens(0.3) ? plan.processes : 1;
    plan.horizon = days{one_of(chance, {200, 400, 800})};
    plan.sweep_every = hours{one_of(chance, {12, 24, 48, 96, 168})};
    plan.min_overlap = days{one_of(chance, {0, 1, 2, 7, 7, 14})};
    plan.lead = days{one_of(chance, {1, 7, 30, 30})};
    plan.verify = one_of(chance, {rotation::Verify::off, rotation::Verify::off, rotation::Verify::best_effort,
                                  rotation::Verify::required});
    plan.has_own_setting = chance.happens(0.05);
    plan.has_leases = plan.processes > 1 || chance.happens(0.7);
    plan.two_pairs = chance.happens(0.25) ? one_of(chance, {0.5, 1.0}) : 0;
    plan.within_windows = chance.happens(0.25) ? one_of(chance, {0.3, 1.0}) : 0;
    plan.revoking = chance.happens(0.35) ? one_of(chance, {0.3, 1.0}) : 0;
}

// Each vault and each provider answers as often as this and no oftener; and all of the secrets come due together.
void choose_limits(Plan& plan, Chance& chance) {
    if (!chance.happens(0.15)) return;
    plan.vault_limit = {one_of(chance, {3, 10}), one_of<Duration>(chance, {milliseconds{100}, milliseconds{700}})};
    plan.provider_limit = {one_of(chance, {2, 5}), one_of<Duration>(chance, {seconds{1}, seconds{4}})};
    plan.says_retry_after = one_of(chance, {1.0, 0.5, 0.0});
    plan.is_all_due_at_once = chance.happens(0.5);
    plan.secrets = plan.owners * one_of(chance, {2, 3, 4});
}

void choose_services(Plan& plan, Chance& chance) {
    plan.latency_max = one_of<Duration>(chance, {milliseconds{20}, milliseconds{200}, seconds{2}});
    plan.listing_lag_max = one_of<Duration>(chance, {seconds{0}, seconds{0}, seconds{1}, seconds{5}, seconds{15}});
    plan.propagation_max = one_of<Duration>(chance, {seconds{0}, seconds{0}, seconds{10}, seconds{90}});
    plan.tells_made = one_of(chance, {1.0, 1.0, 0.5, 0.0});
    plan.service_skew = one_of<Duration>(chance, {seconds{0}, seconds{0}, seconds{2}, minutes{3}});
    plan.process_skew = one_of<Duration>(chance, {seconds{0}, seconds{1}, minutes{10}, hours{20}});
}

void choose_faults(Plan& plan, Chance& chance) {
    plan.throttled = some(chance, 0.4, 0.001, 0.2);
    plan.server_error = some(chance, 0.4, 0.001, 0.2);
    plan.lost_before = some(chance, 0.4, 0.001, 0.2);
    plan.lost_request = some(chance, 0.4, 0.001, 0.1);
    plan.lost_answer = some(chance, 0.4, 0.001, 0.2);
    plan.late_effect = some(chance, 0.4, 0.005, 0.3);
    plan.slow = some(chance, 0.4, 0.005, 0.3);
    plan.unreachable = some(chance, 0.2, 0.01, 1);
    plan.killed = some(chance, 0.4, 0.001, 0.05);
    plan.paused = some(chance, 0.3, 0.001, 0.02);
    plan.sends_overdue = plan.paused > 0 ? some(chance, 0.2, 0.1, 1) : 0;
    plan.restart_max = one_of<Duration>(chance, {seconds{1}, minutes{1}, minutes{10}, hours{10}});
    plan.event_lost = some(chance, 0.4, 0.05, 1);
    plan.event_duplicated = some(chance, 0.5, 0.05, 0.9);
    plan.event_late = some(chance, 0.4, 0.05, 0.5);
    plan.lease_broken = plan.has_leases ? some(chance, 0.1, 0.01, 0.2) : 0;
}

void choose_people(Plan& plan, Chance& chance) {
    plan.rights_lost = some(chance, 0.25, 1, 30);
    plan.frozen = some(chance, 0.2, 1, 20);
    plan.leaked = some(chance, 0.2, 0.5, 20);
    plan.lying_tags = some(chance, 0.2, 0.2, 1);
    // Half of the worlds are kssedr's alone: there the strict promises hold all the time.
    if (chance.happens(0.5)) return;
    plan.regenerations_by_hand = some(chance, 0.5, 0.5, 30);
    plan.foreign_versions = some(chance, 0.5, 0.5, 30);
    plan.switched = some(chance, 0.4, 0.5, 20);
    plan.deleted = some(chance, 0.4, 0.5, 20);
    plan.meddling_at_call = some(chance, 0.4, 0.0005, 0.02);
}

}  // namespace

Plan calm_plan(std::uint64_t seed) {
    Plan plan;
    plan.seed = seed;
    return plan;
}

void Plan::become_calm() {
    latency_max = std::min<Duration>(latency_max, milliseconds{200});
    operation_max = std::min<Duration>(operation_max, seconds{10});
    for (auto* likelihood :
         {&throttled, &server_error, &lost_before, &lost_request, &lost_answer, &late_effect, &slow, &killed, &paused,
          &event_lost, &event_duplicated, &event_late, &lease_broken, &unreachable, &meddling_at_call})
        *likelihood = 0;
}

Plan make_plan(std::uint64_t seed) {
    auto chance = Chance::stream(seed, 1);
    Plan plan;
    plan.seed = seed;
    choose_size(plan, chance);
    choose_services(plan, chance);
    choose_limits(plan, chance);
    // Calm worlds find what storms would excuse.
    if (chance.happens(0.05)) return plan;
    choose_faults(plan, chance);
    choose_people(plan, chance);
    bool const has_meddlers = plan.regenerations_by_hand > 0 || plan.foreign_versions > 0 ||
                              plan.meddling_at_call > 0 || plan.switched > 0 || plan.deleted > 0;
    // Without leases what a killed process sent may still land when its successor is at work.
    bool const has_strays = !plan.has_leases && plan.killed > 0;
    plan.looks_for_dead =
        has_meddlers || has_strays || plan.lease_broken > 0 || plan.sends_overdue > 0 || chance.happens(0.3);
    return plan;
}

std::string Plan::describe() const {
    std::string text = fmt::format(
        "{} vault(s), {} owner(s), {} secret(s), {} process(es) {} of which {} sweep(s), {} long, a sweep every {}, "
        "overlap {}, lead {}, "
        "verify {}, making told by {:.0f} %, latency up to {}, listings lag up to {}, propagation up to {}, clocks of "
        "services apart up to {}, of processes up to {}, restart within {}",
        vaults, owners, secrets, processes, has_leases ? "with leases" : "without leases", sweepers,
        format_span(horizon), format_span(sweep_every), format_span(min_overlap), format_span(lead), to_string(verify),
        tells_made * 100, format_span(latency_max), format_span(listing_lag_max), format_span(propagation_max),
        format_span(service_skew), format_span(process_skew), format_span(restart_max));
    auto const say = [&](std::string_view name, double value) {
        if (value > 0) text += fmt::format(", {} {:.3g}", name, value);
    };
    if (has_own_setting) text += ", a setting of kssedr's own holds a key";
    if (provider_limit.at_once > 0)
        text += fmt::format(
            ", {} calls at once and one every {} of a vault, {} and {} of a provider, when to come again "
            "is told by {:.0f} %",
            vault_limit.at_once, format_span(vault_limit.every), provider_limit.at_once,
            format_span(provider_limit.every), says_retry_after * 100);
    if (operation_max > Duration{}) text += fmt::format(", operations go on for up to {}", format_span(operation_max));
    if (is_all_due_at_once) text += ", all due at once";
    say("two-pairs", two_pairs);
    say("within-windows", within_windows);
    say("revoking", revoking);
    say("throttled", throttled);
    say("server-error", server_error);
    say("lost-before", lost_before);
    say("lost-request", lost_request);
    say("lost-answer", lost_answer);
    say("late-effect", late_effect);
    say("slow", slow);
    say("unreachable", unreachable);
    say("killed", killed);
    say("paused", paused);
    say("sends-overdue", sends_overdue);
    say("event-lost", event_lost);
    say("event-duplicated", event_duplicated);
    say("event-late", event_late);
    say("lease-broken", lease_broken);
    say("regenerations-by-hand/year", regenerations_by_hand);
    say("foreign-versions/year", foreign_versions);
    say("switched/year", switched);
    say("deleted/year", deleted);
    say("rights-lost/year", rights_lost);
    say("frozen/year", frozen);
    say("leaked/year", leaked);
    say("meddling-at-call", meddling_at_call);
    say("lying-tags", lying_tags);
    return text;
}

}  // namespace kssedr::simulation
