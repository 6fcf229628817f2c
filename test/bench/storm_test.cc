// A storm of due secrets goes at the pace that Azure's limits set, and makes no call more than its rotations need.

#include "bench/world.h"

namespace kssedr::bench {
namespace {

TEST(Storm, ProceedsAtTheBoundAndMakesThreeCallsOfTheProviderForEach) {
    for (std::size_t const secrets : {100U, 600U}) {
        SCOPED_TRACE(secrets);
        World world(secrets, Duration{20});
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
