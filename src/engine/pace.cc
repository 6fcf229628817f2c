#include "engine/pace.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::engine {
namespace {

constexpr Duration longest_throttle = std::chrono::minutes{1};
// With fewer calls left than this, each call lets so much more time pass for every one that is missing.
constexpr int calls_left_enough = 50;
constexpr Duration pause_per_missing_call{100};

}  // namespace

std::optional<SteadyPoint> Pace::Throttle::heed(Error const* error, SteadyPoint now) {
    if (error == nullptr) next = std::chrono::seconds{1};
    if (error == nullptr) return std::nullopt;
    // It was told so after an effect had begun; what says "later" for another reason holds others no longer than this.
    bool const is_after_effect = error->code() == Errc::outcome_unknown && error->retry_after();
    if (is_after_effect) return now + std::min(*error->retry_after(), longest_throttle);
    if (error->code() != Errc::throttled) return std::nullopt;
    if (error->retry_after()) return now + *error->retry_after();
    // Those that were under way when it was said already tell nothing new.
    if (now >= until) {
        until = now + next;
        next = std::min(next * 2, longest_throttle);
    }
    return until;
}

Async<void> Pace::wait_for(SteadyPoint turn, rotation::TokenBucket const& bucket, SteadyPoint deadline) {
    while (turn > clock_.steady_now()) {
        if (turn >= deadline)
            co_return fail(Errc::deadline_exceeded, "the pace that Azure allows leaves no place before the deadline");
        co_await clock_.sleep_until(turn);
        turn = bucket.held_until();
    }
    co_return Result<void>();
}

Result<void> Pace::admit(Circuit& circuit, std::string_view endpoint) {
    auto const wait = circuit.wait_of(clock_.steady_now());
    if (!wait) return {};
    return fail(Error(Errc::unavailable, std::string(endpoint) +
                                             " has not answered for some time; nothing is sent there for " +
                                             format_span(*wait))
                    .with_service_code(std::string(circuit_open))
                    .with_retry_after(*wait));
}

Async<void> Pace::turn_to_read(rotation::VaultHost vault, SteadyPoint deadline) {
    auto& pace = vaults_[vault];
    KSSEDR_CO_TRY_VOID(admit(pace.circuit, vault.text));
    co_return co_await wait_for(pace.others.reserve(clock_.steady_now()), pace.others, deadline);
}

Async<void> Pace::turn_to_publish(rotation::VaultHost vault, SteadyPoint deadline) {
    auto& pace = vaults_[vault];
    KSSEDR_CO_TRY_VOID(admit(pace.circuit, vault.text));
    co_return co_await wait_for(pace.publications.reserve(clock_.steady_now()), pace.publications, deadline);
}

Async<void> Pace::turn_of_provider(rotation::OwnerId owner, SteadyPoint deadline) {
    KSSEDR_CO_TRY_VOID(admit(pace_of(owner).circuit, owner.service_name()));
    co_return co_await turns_of_provider(std::move(owner), 1, deadline);
}

Async<void> Pace::turns_of_provider(rotation::OwnerId owner, int turns, SteadyPoint deadline) {
    auto& pace = pace_of(owner);
    auto const now = clock_.steady_now();
    auto const turn = std::max(pace.by_second.reserve(now, turns), pace.by_hour.reserve(now, turns));
    if (turn > now && turn >= deadline) give_back(owner, turns);
    co_return co_await wait_for(turn, pace.by_second, deadline);
}

Async<void> Pace::use_turn(rotation::OwnerId owner, SteadyPoint deadline) {
    auto& pace = pace_of(owner);
    KSSEDR_CO_TRY_VOID(admit(pace.circuit, owner.service_name()));
    co_return co_await wait_for(pace.by_second.held_until(), pace.by_second, deadline);
}

bool Pace::is_held(rotation::OwnerId const& owner) {
    return pace_of(owner).by_second.held_until() > clock_.steady_now();
}

void Pace::give_back(rotation::OwnerId const& owner, int turns) {
    auto& pace = pace_of(owner);
    pace.by_second.give_back(turns);
    pace.by_hour.give_back(turns);
}

Pace::ProviderPace& Pace::pace_of(rotation::OwnerId const& owner) {
    return providers_[owner.service_key()];
}

Circuit::Change Pace::heed(rotation::VaultHost const& vault, Error const* error) {
    auto& pace = vaults_[vault];
    auto const now = clock_.steady_now();
    if (auto const until = pace.throttle.heed(error, now)) {
        pace.publications.hold(*until);
        pace.others.hold(*until);
    }
    return pace.circuit.note(error, now);
}

Circuit::Change Pace::heed(rotation::OwnerId const& owner, Error const* error) {
    auto& pace = pace_of(owner);
    auto const now = clock_.steady_now();
    if (auto const until = pace.throttle.heed(error, now)) pace.by_second.hold(*until);
    return pace.circuit.note(error, now);
}

void Pace::heed_left(rotation::OwnerId const& owner, int calls_left) {
    if (calls_left >= calls_left_enough) return;
    auto const missing = calls_left_enough - std::max(calls_left, 0);
    pace_of(owner).by_second.hold(clock_.steady_now() + missing * pause_per_missing_call);
}

}  // namespace kssedr::engine
