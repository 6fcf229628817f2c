// The proof, proved: worlds replay to the byte, every promise is kept in them, and an engine with a fault is found out.

#include "world.h"

#include <gtest/gtest.h>

namespace kssedr::simulation {
namespace {

std::string trace_of(std::uint64_t seed) {
    std::string trace;
    World world(make_plan(seed), Mutation::none, [&](std::string const& line) { trace += line + '\n'; });
    world.run();
    return trace;
}

TEST(Simulation, ASeedReplaysToTheByte) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        auto const first = trace_of(seed);
        EXPECT_FALSE(first.empty());
        EXPECT_EQ(first, trace_of(seed)) << "seed " << seed;
    }
}

TEST(Simulation, TracingChangesNothing) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        World silent(make_plan(seed));
        World traced(make_plan(seed), Mutation::none, [](std::string const&) {});
        auto const a = silent.run().statistics;
        auto const b = traced.run().statistics;
        EXPECT_EQ(a.calls, b.calls);
        EXPECT_EQ(a.rotations(), b.rotations());
        EXPECT_EQ(a.faults, b.faults);
    }
}

TEST(Simulation, ACalmWorldRotatesAndRegeneratesOnceARotation) {
    auto const verdict = World(calm_plan(7)).run();
    EXPECT_FALSE(verdict.violation);
    EXPECT_GT(verdict.statistics.rotated, 3U);
    EXPECT_EQ(verdict.statistics.regenerations, verdict.statistics.rotated);
    for (auto const count : verdict.statistics.faults) EXPECT_EQ(count, 0U);
}

// Swarm: between them the plans have every fault, and some have none.
TEST(Simulation, EveryFaultIsInjectedSomewhere) {
    Statistics total;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) total.add(World(make_plan(seed)).run().statistics);
    for (std::size_t i = 0; i < total.faults.size(); ++i) EXPECT_GT(total.faults[i], 0U) << fault_names[i];
}

class Mutations : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Mutations, IsFoundOut) {
    auto const mutation = static_cast<Mutation>(GetParam());
    constexpr std::uint64_t seeds_max = 2000;
    for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
        auto const verdict = World(make_plan(seed), mutation).run();
        if (!verdict.violation) continue;
        RecordProperty("seed", static_cast<int>(seed));
        RecordProperty("violation", verdict.violation->invariant + ": " + verdict.violation->what);
        // Without the mutation the same world keeps every promise: what was found is the mutation.
        auto const healthy = World(make_plan(seed)).run();
        EXPECT_FALSE(healthy.violation) << healthy.violation->what;
        return;
    }
    FAIL() << "not found in " << seeds_max << " worlds";
}

INSTANTIATE_TEST_SUITE_P(All, Mutations, ::testing::Range(std::size_t{1}, mutation_names.size()),
                         [](auto const& parameter) {
                             std::string name;
                             for (char const c : mutation_names[parameter.param]) name += c == '-' ? '_' : c;
                             return name;
                         });

}  // namespace
}  // namespace kssedr::simulation
