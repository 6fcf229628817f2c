// Worlds with the shipped providers in them, small ones, since these run under the sanitizers.

#include "services.h"
#include "simulation/world.h"

#include <gtest/gtest.h>

#include <set>

namespace kssedr::simulation {
namespace {

Plan small_plan(std::uint64_t seed) {
    auto plan = make_plan(seed);
    plan.horizon = std::chrono::days{25};
    plan.sweep_every = std::max<Duration>(plan.sweep_every, std::chrono::days{2});
    return plan;
}

std::string trace_of(std::uint64_t seed) {
    std::string trace;
    World world(
        small_plan(seed), Mutation::none, [&](std::string const& line) { trace += line + '\n'; }, make_real_providers);
    world.run();
    return trace;
}

TEST(SimulatedProviders, ASeedReplaysToTheByte) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        auto const first = trace_of(seed);
        EXPECT_FALSE(first.empty());
        EXPECT_EQ(first, trace_of(seed)) << "seed " << seed;
    }
}

TEST(SimulatedProviders, SmallWorldsKeepEveryPromise) {
    for (std::uint64_t seed = 10; seed < 20; ++seed) {
        auto const verdict = World(small_plan(seed), Mutation::none, nullptr, make_real_providers).run();
        EXPECT_FALSE(verdict.violation) << "seed " << seed << ": " << verdict.violation->what;
    }
}

// In calm worlds each kind is rotated, in every form its keys are kept in, and every regeneration leads to a rotation.
TEST(SimulatedProviders, CalmWorldsRotateEveryKind) {
    std::set<std::string> kinds;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        auto plan = calm_plan(seed);
        plan.two_pairs = seed % 8 == 0 ? 1 : 0;
        World world(
            plan, Mutation::none,
            [&](std::string const& line) {
                // An operation of minutes outlasts the time that one call is given; what it did is adopted later.
                bool const is_wrong = line.contains("outcome=failed") && !line.contains("code=outcome-unknown");
                EXPECT_FALSE(is_wrong) << "seed " << seed << ": " << line;
                auto const at = line.find("/providers/Microsoft.");
                if (at == std::string::npos) return;
                auto const type = line.substr(at, line.find("acct0", at) - at);
                if (line.contains("outcome=rotated")) kinds.insert(type);
            },
            make_real_providers);
        auto const verdict = world.run();
        EXPECT_FALSE(verdict.violation) << "seed " << seed << ": " << verdict.violation->what;
        EXPECT_GT(verdict.statistics.rotations(), 3U) << "seed " << seed;
        EXPECT_EQ(verdict.statistics.regenerations, verdict.statistics.rotations()) << "seed " << seed;
    }
    EXPECT_EQ(kinds.size(), 7U) << "each of kinds.cc";
}

}  // namespace
}  // namespace kssedr::simulation
