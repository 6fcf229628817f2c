// The proof, proved: an engine with a fault is found out, and what is said to be injected is.

#include "seeds.h"
#include "world.h"

#include <gtest/gtest.h>

#include <ctime>

namespace kssedr::simulation {
namespace {

TEST(Proof, TracingChangesNothing) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        std::string first, second;
        World silent(make_plan(seed));
        World traced(make_plan(seed), Mutation::none, [&](std::string const& line) { first += line + '\n'; });
        World again(make_plan(seed), Mutation::none, [&](std::string const& line) { second += line + '\n'; });
        auto const a = silent.run().statistics;
        auto const b = traced.run().statistics;
        again.run();
        EXPECT_EQ(a.calls, b.calls);
        EXPECT_EQ(a.rotations(), b.rotations());
        EXPECT_EQ(a.faults, b.faults);
        EXPECT_EQ(first, second) << "seed " << seed;
    }
}

// Between them the kept seeds have every fault.
TEST(Proof, EveryFaultIsInjectedSomewhere) {
    Statistics total;
    for (auto const seed : kept_seeds) total.add(World(make_plan(seed)).run().statistics);
    for (std::size_t i = 0; i < total.faults.size(); ++i) EXPECT_GT(total.faults[i], 0U) << fault_names[i];
}

struct Case {
    Mutation mutation;
    std::string_view may_break;  ///< the promises that such a fault breaks
};

constexpr Case cases[] = {
    {Mutation::regenerate_the_slot_in_use, "I1"},
    {Mutation::skip_the_version_check, "I4"},
    {Mutation::trust_an_old_reading, "I1 I3 I4 I5"},
    {Mutation::skip_the_look_again, "I1"},
    {Mutation::ignore_siblings, "I1 I2"},
    {Mutation::drop_the_overlap, "I2"},
    {Mutation::repeat_an_effect_blindly, "I3"},
    {Mutation::trust_the_first_listing, "I1 I2 I3"},
    {Mutation::lose_a_tag, "I5"},
    {Mutation::change_the_value_around, "I1 I5"},
    {Mutation::forget_the_lock, "I1 I2 I3"},
    {Mutation::forget_the_sweep, "I6"},
};
static_assert(std::size(cases) + 1 == mutation_names.size());

class Mutations : public ::testing::TestWithParam<Case> {};

TEST_P(Mutations, IsFoundOutWithinAMinute) {
    auto const began = std::clock();
    constexpr double minute = 60;
    for (std::uint64_t seed = 1; static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC < minute; ++seed) {
        auto const verdict = World(make_plan(seed), GetParam().mutation).run();
        if (!verdict.violation) continue;
        auto const& [invariant, what, at] = *verdict.violation;
        RecordProperty("seed", static_cast<int>(seed));
        EXPECT_NE(GetParam().may_break.find(invariant), std::string_view::npos) << invariant << ": " << what;
        // Without the mutation the same world keeps every promise: what was found is the mutation.
        auto const healthy = World(make_plan(seed)).run();
        EXPECT_FALSE(healthy.violation) << healthy.violation->what;
        return;
    }
    FAIL() << "not found within a minute";
}

INSTANTIATE_TEST_SUITE_P(All, Mutations, ::testing::ValuesIn(cases), [](auto const& parameter) {
    std::string name;
    for (char const c : mutation_names[static_cast<std::size_t>(parameter.param.mutation)]) name += c == '-' ? '_' : c;
    return name;
});

}  // namespace
}  // namespace kssedr::simulation
