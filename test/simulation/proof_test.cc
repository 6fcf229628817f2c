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
    EXPECT_GT(total.revoked, 0U);
    EXPECT_GT(total.compromised, 0U);
    EXPECT_GT(total.held_by_windows, 0U);
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
    // It lists without waiting for its turn.
    {Mutation::trust_the_first_listing, "I1 I2 I3 I11"},
    {Mutation::lose_a_tag, "I5"},
    {Mutation::change_the_value_around, "I1 I5"},
    // Where two are at work on one owner, the checker can not tell for which of their secrets a slot is regenerated.
    {Mutation::forget_the_lock, "I1 I2 I3 I10"},
    {Mutation::forget_the_sweep, "I6"},
    {Mutation::ignore_the_windows, "I8"},
    {Mutation::ignore_the_freeze, "I5 I8"},
    {Mutation::answer_a_leak_by_a_rotation, "I9"},
    {Mutation::revoke_without_grace, "I8"},
    {Mutation::revoke_a_held_slot, "I1"},
    {Mutation::forget_to_revoke, "I7"},
    {Mutation::ignore_retry_after, "I11"},
    {Mutation::mix_the_pairs, "I10"},
};
// Those of a provider: test/simulation_providers.
static_assert(std::size(cases) + 1 == static_cast<std::size_t>(first_of_provider));

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
