// The proof, proved: a provider with a fault is found out.

#include "services.h"
#include "simulation/world.h"

#include <gtest/gtest.h>

#include <ctime>

namespace kssedr::simulation {
namespace {

struct Case {
    Mutation mutation;
    std::string_view may_break;  ///< the promises that such a fault breaks
};

constexpr Case cases[] = {
    // It publishes what an operation shows that fails in the end, or is not through.
    {Mutation::take_accepted_for_done, "I1 I5"},
    {Mutation::take_unanswered_for_unsent, "I1 I3"},
    {Mutation::take_a_lost_poll_for_a_failure, "I1 I3"},
    {Mutation::ask_for_the_other_slot, "I1"},
};
static_assert(std::size(cases) + static_cast<std::size_t>(first_of_provider) == mutation_names.size());

class Mutations : public ::testing::TestWithParam<Case> {};

TEST_P(Mutations, IsFoundOutWithinAMinute) {
    auto const began = std::clock();
    constexpr double minute = 60;
    for (std::uint64_t seed = 1; static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC < minute; ++seed) {
        auto const verdict = World(make_plan(seed), GetParam().mutation, nullptr, make_real_providers).run();
        if (!verdict.violation) continue;
        auto const& [invariant, what, at] = *verdict.violation;
        RecordProperty("seed", static_cast<int>(seed));
        EXPECT_NE(GetParam().may_break.find(invariant), std::string_view::npos) << invariant << ": " << what;
        auto const healthy = World(make_plan(seed), Mutation::none, nullptr, make_real_providers).run();
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
