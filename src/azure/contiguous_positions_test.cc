#include "azure/contiguous_positions.h"

#include "support/seeded_random.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kssedr::azure {
namespace {

TEST(ContiguousPositions, GoAsFarAsAllIsComplete) {
    struct Case {
        char const* name;
        std::vector<std::int64_t> positions;
        std::vector<std::size_t> completed;  // the numbers of those, in this order
        std::optional<std::int64_t> contiguous;
        std::size_t remembered;
    };
    for (auto const& [name, positions, completed, contiguous, remembered] : std::vector<Case>{
             {"nothing handed out", {}, {}, {}, 0},
             {"nothing complete", {5, 6}, {}, {}, 2},
             {"in order", {5, 6, 7}, {0, 1, 2}, 7, 0},
             {"backwards", {5, 6, 7}, {2, 1, 0}, 7, 0},
             {"the first is missing", {5, 6, 7}, {1, 2}, {}, 3},
             {"one in the middle is missing", {5, 6, 7}, {0, 2}, 5, 2},
             {"positions with gaps, as compaction leaves them", {5, 90, 400}, {1, 0}, 90, 1},
             {"positions that go back, as after a reset", {400, 3}, {0, 1}, 3, 0},
         }) {
        ContiguousPositions<std::int64_t> mine;
        std::vector<ContiguousPositions<std::int64_t>::Ticket> tickets;
        tickets.reserve(positions.size());
        for (auto const position : positions) tickets.push_back(mine.hand_out(position));
        for (auto const number : completed) mine.complete(tickets[number]);
        EXPECT_EQ(mine.contiguous(), contiguous) << name;
        EXPECT_EQ(mine.size(), remembered) << name;
        EXPECT_EQ(mine.is_under_way(), remembered > 0) << name;
    }
}

TEST(ContiguousPositions, TellWhenTheyHaveComeFurther) {
    ContiguousPositions<std::string> mine;
    auto const a = mine.hand_out("a");
    auto const b = mine.hand_out("b");
    EXPECT_FALSE(mine.complete(b));
    EXPECT_TRUE(mine.complete(a));
    EXPECT_EQ(mine.contiguous(), "b");
    auto const c = mine.hand_out("c");
    EXPECT_EQ(mine.contiguous(), "b");
    EXPECT_TRUE(mine.complete(c));
    EXPECT_EQ(mine.contiguous(), "c");
}

// Against what the definition says, word for word.
TEST(ContiguousPositions, AreTheDefinition) {
    test::SeededRandom random(42);
    ContiguousPositions<std::size_t> mine;
    std::vector<bool> is_complete;
    std::vector<std::pair<std::size_t, ContiguousPositions<std::size_t>::Ticket>> under_way;
    for (int step = 0; step < 20000; ++step) {
        if (under_way.size() < 50 && random.below(2) == 0) {
            under_way.emplace_back(is_complete.size(), mine.hand_out(is_complete.size()));
            is_complete.push_back(false);
        } else if (!under_way.empty()) {
            auto const chosen = under_way.begin() + static_cast<std::ptrdiff_t>(random.below(under_way.size()));
            is_complete[chosen->first] = true;
            mine.complete(chosen->second);
            under_way.erase(chosen);
        }
        auto const open = std::ranges::find(is_complete, false) - is_complete.begin();
        auto const expected = open == 0 ? std::optional<std::size_t>{} : static_cast<std::size_t>(open - 1);
        ASSERT_EQ(mine.contiguous(), expected) << step;
    }
}

}  // namespace
}  // namespace kssedr::azure
