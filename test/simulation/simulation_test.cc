// The simulator itself, in small worlds, since these run under the sanitizers: what a kill unwinds and what a late
// answer finds is looked at for its memory too. proof_test.cc has the large ones.

#include "command.h"
#include "world.h"

#include <gtest/gtest.h>

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
    World world(small_plan(seed), Mutation::none, [&](std::string const& line) { trace += line + '\n'; });
    world.run();
    return trace;
}

TEST(Simulation, ASeedReplaysToTheByte) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        auto const first = trace_of(seed);
        EXPECT_FALSE(first.empty());
        EXPECT_EQ(first, trace_of(seed)) << "seed " << seed;
    }
}

TEST(Simulation, SmallWorldsKeepEveryPromise) {
    for (std::uint64_t seed = 10; seed < 20; ++seed) {
        auto const verdict = World(small_plan(seed)).run();
        EXPECT_FALSE(verdict.violation) << "seed " << seed << ": " << verdict.violation->what;
    }
}

TEST(Simulation, ACalmWorldRotatesAndRegeneratesOnceARotation) {
    auto const verdict = World(calm_plan(7)).run();
    EXPECT_FALSE(verdict.violation);
    EXPECT_GT(verdict.statistics.rotated, 3U);
    EXPECT_EQ(verdict.statistics.regenerations, verdict.statistics.rotated);
    for (auto const count : verdict.statistics.faults) EXPECT_EQ(count, 0U);
}

TEST(Simulation, ItsCommandLineIsUnderstoodOrRefused) {
    auto const options = parse_options({"--kept", "--from", "12", "--seeds", "3", "--jobs", "2"});
    ASSERT_TRUE(options);
    EXPECT_TRUE(options->runs_kept);
    EXPECT_EQ(options->from, 12U);
    EXPECT_EQ(options->seeds, 3U);
    EXPECT_EQ(options->jobs, 2U);
    EXPECT_EQ(parse_options({"--commit", "00000000ff"})->from, 1'000'255U);
    EXPECT_EQ(seed_of_commit(""), 1'000'000U);
    for (auto const& wrong : std::vector<std::vector<std::string>>{
             {"--seeds"}, {"--seeds", "x"}, {"--mutation", "none-such"}, {"--replay"}, {"more"}, {"--jobs", "0"}})
        EXPECT_FALSE(parse_options(wrong)) << wrong.front();
}

}  // namespace
}  // namespace kssedr::simulation
