// The engine without a network: what a decision, an event and a rotation cost in processor time, and how a storm of due
// secrets proceeds against the bound that Azure's limits set, in virtual time.

#include "bench/world.h"

#include "formats/events.h"
#include "rotation/decision.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <malloc.h>

namespace kssedr::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

std::string event_of(std::size_t number) {
    return fmt::format(
        R"({{"id":"{0}","source":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/bench",)"
        R"("subject":"secret{0:06}","type":"Microsoft.KeyVault.SecretNearExpiry","time":"2026-01-15T09:30:00Z",)"
        R"("specversion":"1.0","data":{{"Id":"https://bench.vault.azure.net/secrets/secret{0:06}/{0:032x}",)"
        R"("VaultName":"bench","ObjectType":"Secret","ObjectName":"secret{0:06}","Version":"{0:032x}",)"
        R"("NBF":null,"EXP":1770000000}}}})",
        number);
}

void decode_event(benchmark::State& state) {
    auto const message = event_of(1);
    for (auto _ : state) benchmark::DoNotOptimize(formats::decode_events(message, "vault.azure.net"));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message.size()));
}
BENCHMARK(decode_event);

void decode_batch_of_100(benchmark::State& state) {
    std::string message = "[";
    for (std::size_t i = 0; i < 100; ++i) message += (i == 0 ? "" : ",") + event_of(i);
    message += ']';
    for (auto _ : state) benchmark::DoNotOptimize(formats::decode_events(message, "vault.azure.net"));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * 100));
}
BENCHMARK(decode_batch_of_100);

void decide(benchmark::State& state) {
    rotation::Situation situation;
    situation.now = test::epoch;
    situation.validity = days{90};
    situation.lead = days{30};
    situation.slots = {{"key1", test::epoch - days{300}}, {"key2", test::epoch - days{300}}};
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        rotation::Holder holder;
        holder.name = fmt::format("bench.vault.azure.net/secret{}", i);
        holder.version_created = test::epoch - days{61};
        holder.slot = 0;
        holder.overlap = days{7};
        situation.holders.push_back(std::move(holder));
    }
    for (auto _ : state) benchmark::DoNotOptimize(rotation::decide(situation));
}
BENCHMARK(decide)->Arg(1)->Arg(10);

// Processor time of one rotation in the engine alone: everything but HTTP and TLS.
void rotate(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        World world(100, 1ms);
        state.ResumeTiming();
        auto all = [&]() -> Task<void> {
            for (std::size_t i = 0; i < 100; ++i) {
                engine::RotationRequest request;
                request.secret = {{world.estate.vault_host}, fmt::format("secret{:06}", i)};
                auto const examination = co_await world.rotator.rotate(std::move(request));
                if (examination.outcome.kind != rotation::OutcomeKind::rotated) std::abort();
            }
        };
        world.run(all());
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * 100));
}
BENCHMARK(rotate)->Unit(benchmark::kMillisecond);

void storm(benchmark::State& state) {
    auto const secrets = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        World world(secrets, 20ms);
        auto const before = ::mallinfo2().uordblks;
        std::size_t peak = 0;
        auto const summary =
            world.sweep([&](rotation::Outcome const&) { peak = std::max(peak, ::mallinfo2().uordblks); });
        auto const took = world.clock.steady_now().since_start;
        if (summary.done != secrets) state.SkipWithError("not everything due was rotated");
        state.counters["virtual_hours"] = std::chrono::duration<double, std::ratio<3600>>(took).count();
        state.counters["of_bound"] = static_cast<double>(took.count()) / static_cast<double>(bound(secrets).count());
        state.counters["provider_calls"] =
            static_cast<double>(world.estate.calls.provider) / static_cast<double>(secrets);
        state.counters["vault_reads"] =
            static_cast<double>(world.estate.calls.vault_reads) / static_cast<double>(secrets);
        state.counters["bytes_a_secret"] = static_cast<double>(peak - before) / static_cast<double>(secrets);
        state.counters["peak_mib"] = static_cast<double>(peak - before) / (1U << 20U);
    }
}
BENCHMARK(storm)->Arg(1000)->Arg(10'000)->Arg(100'000)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
}  // namespace kssedr::bench

BENCHMARK_MAIN();
