// A storm of due secrets goes at the pace that Azure's limits set, and makes no call more than its rotations need.

#include "bench/world.h"

namespace kssedr::bench {
namespace {

TEST(Storm, ProceedsAtTheBoundAndMakesThreeCallsOfTheProviderForEach) {
    struct Case {
        std::string_view name;
        std::size_t secrets;
        Duration latency;
    };
    Case const cases[] = {
        {"what the limits let go at once, and the first of the rest", 100, Duration{20}},
        {"over an hour", 600, Duration{20}},
        {"listings that take seconds, which makes no evidence old", 600, Duration{200}},
    };
    for (auto const& [name, secrets, latency] : cases) {
        SCOPED_TRACE(name);
        World world(secrets, latency);
        auto const summary = world.sweep([](rotation::Outcome const&) {});
        EXPECT_EQ(summary.done, secrets);
        EXPECT_EQ(world.estate.calls.provider, 3 * secrets);
        EXPECT_EQ(world.estate.calls.publications, secrets);
        auto const took = world.clock.steady_now().since_start;
        EXPECT_LE(took, bound(secrets) * 21 / 20) << took.count() << " of " << bound(secrets).count();
        EXPECT_GE(took, bound(secrets) * 19 / 20) << "faster than the limits allow";
    }
}

}  // namespace
}  // namespace kssedr::bench
