#include "rotation/revocation.h"

#include <gtest/gtest.h>

namespace kssedr::rotation {
namespace {

using std::chrono::days;

constexpr TimePoint now{Duration{1'768'469'400'000}};
constexpr TimePoint never_before{};

TimePoint ago(int count) {
    return now - days{count};
}

Holder holder(std::string name, std::optional<std::size_t> slot, int made_ago, std::optional<EarlierVersion> earlier) {
    Holder made;
    made.name = std::move(name);
    made.slot = slot;
    made.version_created = ago(made_ago);
    made.overlap = days{7};
    made.earlier = earlier;
    return made;
}

EarlierVersion on(std::optional<std::size_t> slot, int made_ago) {
    return {.exists = true, .created = ago(made_ago), .slot = slot};
}

// The secret that is judged holds key1 (slot 0) since twenty days; key2 was made a hundred days ago.
TEST(Revocation, IsDecidedByTheTable) {
    struct Case {
        std::string name;
        std::vector<Holder> holders;
        std::optional<TimePoint> made;  // of key2
        int grace;
        RevocationStep step;
        TimePoint until = never_before;  // where it waits
    };
    auto const self = holder("web", 0, 20, on(1, 80));
    auto unread = holder("web", 0, 20, std::nullopt);
    auto dead = self;
    dead.slot.reset();
    auto unreadable = holder("api", 0, 50, on(0, 90));
    unreadable.may_hold_any = true;
    auto stranger = holder("reader", std::nullopt, 4, on(std::nullopt, 10));
    stranger.is_elsewhere = true;
    auto late_stranger = holder("reader", std::nullopt, 1, on(std::nullopt, 5));
    late_stranger.is_elsewhere = true;
    using enum RevocationStep;
    for (auto const& c : std::vector<Case>{
             {"the grace has passed", {self}, ago(100), 14, regenerate},
             {"to the day", {self}, ago(100), 20, regenerate},
             {"the grace has not", {self}, ago(100), 21, wait, now + days{1}},
             {"a grace below the overlap is the overlap",
              {holder("web", 0, 6, on(1, 80))},
              ago(100),
              1,
              wait,
              now + days{1}},
             {"regenerated since", {self}, ago(10), 14, nothing},
             {"regenerated as it was left", {self}, ago(20), 14, nothing},
             {"no time is told", {self}, std::nullopt, 14, nothing},
             {"nobody ever had it", {holder("web", 0, 20, EarlierVersion{})}, ago(100), 14, nothing},
             {"a dead version", {dead}, ago(100), 14, nothing},
             {"the version before was not read", {unread}, ago(100), 14, read_earlier_version},
             {"it needs not be", {unread}, ago(10), 14, nothing},
             {"two versions on one slot: left when the first was made",
              {holder("web", 0, 5, on(0, 30))},
              ago(100),
              14,
              regenerate},
             {"a sibling holds it", {self, holder("api", 1, 50, on(0, 90))}, ago(100), 14, nothing},
             {"a sibling may hold it", {self, unreadable}, ago(100), 14, nothing},
             {"a sibling left it later", {self, holder("api", 0, 4, on(1, 90))}, ago(100), 14, wait, now + days{10}},
             {"one that rotated on another pair left nothing", {self, stranger}, ago(18), 14, nothing},
             {"nor does it wait for its grace", {self, stranger}, ago(100), 14, regenerate},
             {"but for its overlap, since it may have been here before that",
              {self, late_stranger},
              ago(100),
              14,
              wait,
              now + days{2}},
             {"made between two leavings: the later counts",
              {self, holder("api", 0, 15, on(1, 90))},
              ago(18),
              14,
              regenerate},
         }) {
        SCOPED_TRACE(c.name);
        Situation seen;
        seen.now = now;
        seen.slots = {{"key1", ago(90)}, {"key2", c.made}};
        seen.holders = c.holders;
        auto const decision = decide_revocation(seen, days{c.grace});
        EXPECT_EQ(decision.step, c.step) << decision.why;
        if (c.step == wait) EXPECT_EQ(decision.until, c.until);
        if (c.step == regenerate) EXPECT_EQ(decision.slot, 1U);
    }
}

}  // namespace
}  // namespace kssedr::rotation
