#include "engine/pace.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::engine {
namespace {

std::optional<Duration> told_to_wait(Error const& error) {
    return error.code() == Errc::throttled ? error.retry_after() : std::nullopt;
}

}  // namespace

Async<void> Pace::wait_until(SteadyPoint turn, SteadyPoint deadline) {
    if (turn <= clock_.steady_now()) co_return Result<void>();
    if (turn >= deadline)
        co_return fail(Errc::deadline_exceeded, "the pace that Azure allows leaves no place before the deadline");
    co_await clock_.sleep_until(turn);
    co_return Result<void>();
}

Async<void> Pace::turn_to_read(rotation::VaultHost vault, SteadyPoint deadline) {
    co_return co_await wait_until(vaults_[vault].others.reserve(clock_.steady_now()), deadline);
}

Async<void> Pace::turn_to_publish(rotation::VaultHost vault, SteadyPoint deadline) {
    co_return co_await wait_until(vaults_[vault].publications.reserve(clock_.steady_now()), deadline);
}

Async<void> Pace::turn_of_provider(rotation::ArmId owner, SteadyPoint deadline) {
    auto& pace = pace_of(owner);
    auto const now = clock_.steady_now();
    co_return co_await wait_until(std::max(pace.by_second.reserve(now), pace.by_hour.reserve(now)), deadline);
}

Pace::ProviderPace& Pace::pace_of(rotation::ArmId const& owner) {
    auto const type = owner.resource_type();
    return providers_[to_ascii_lower(owner.subscription()) + '/' + to_ascii_lower(type.substr(0, type.find('/')))];
}

void Pace::heed(rotation::VaultHost const& vault, Error const& error) {
    auto const delay = told_to_wait(error);
    if (!delay) return;
    vaults_[vault].publications.hold(clock_.steady_now() + *delay);
    vaults_[vault].others.hold(clock_.steady_now() + *delay);
}

void Pace::heed(rotation::ArmId const& owner, Error const& error) {
    if (auto const delay = told_to_wait(error)) pace_of(owner).by_second.hold(clock_.steady_now() + *delay);
}

}  // namespace kssedr::engine
