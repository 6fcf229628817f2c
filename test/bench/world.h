/// A process with so many due secrets before it, all accounts in one subscription, in virtual time.

#pragma once

#include "bench/estate.h"

#include "engine/in_process_lock.h"
#include "engine/rotator.h"
#include "engine/sweeper.h"
#include "support/coro_test.h"
#include "support/seeded_random.h"

#include <boost/asio/co_spawn.hpp>

namespace kssedr::bench {

inline rotation::Policy policy() {
    rotation::Policy policy;
    policy.allowed = rotation::AllowedTargets({*rotation::AllowedTarget::parse("/", "vault.azure.net")});
    policy.verify = rotation::Verify::off;
    return policy;
}

struct World {
    World(std::size_t secrets, Duration latency) : estate(clock, random, latency) {
        for (std::size_t i = 0; i < secrets; ++i) estate.add_due(i);
    }
    void run(Task<void> task) {
        asio::co_spawn(loop, std::move(task), [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
        clock.run();
    }
    engine::SweepSummary sweep(engine::OnOutcome on_outcome) {
        engine::SweepSummary summary;
        auto task = [&]() -> Task<void> {
            engine::SweepRequest request;
            request.vaults = {{estate.vault_host}};
            summary = co_await sweeper.sweep(std::move(request), on_outcome);
        };
        run(task());
        return summary;
    }

    asio::io_context loop{1};
    test::SimClock clock{loop, test::epoch};
    test::SeededRandom random{1};
    NullLog log;
    Estate estate;
    engine::InProcessLock lock{clock};
    engine::Ports ports{estate, estate, estate, lock, clock, random, log};
    engine::Rotator rotator{ports, policy()};
    engine::Sweeper sweeper{rotator, ports};
};

/// What the limits leave: the storage provider takes 1,000 writes an hour for each subscription (and as many at once
/// when it has rested) and 10 a second, and a rotation needs three: list, regenerate, and the look again.
inline Duration bound(std::size_t secrets) {
    auto const writes = 3 * static_cast<std::int64_t>(secrets);
    auto const of_hour = std::max<std::int64_t>(0, writes - 1000) * 3600;
    auto const of_second = std::max<std::int64_t>(0, writes - 10) * 100;
    return Duration{std::max(of_hour, of_second)};
}

}  // namespace kssedr::bench
