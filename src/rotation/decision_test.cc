#include "rotation/decision.h"

#include <gtest/gtest.h>

namespace kssedr::rotation {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr TimePoint t0{Duration{1'768'469'400'000}};
constexpr TimePoint day(int n) {
    return t0 + days{n};
}

// A secret made on day 0 that holds key1; both keys older; asked on day 60 of 90.
Situation ordinary() {
    return {.now = day(60),
            .slots = {{"key1", day(-100)}, {"key2", day(-50)}},
            .holders = {{.name = "demo/web", .version_created = t0, .slot = 0, .overlap = days{7}}},
            .validity = days{90},
            .lead = days{30}};
}

struct Case {
    std::string name;
    Situation seen;
    Step step;
    std::size_t slot = 1;
    TimePoint expires = {};
    TimePoint until = {};
    std::vector<std::size_t> moving = {};
    std::size_t holder = 0;
};

// A sibling that has been on a slot for long.
Holder sibling(std::size_t slot) {
    return {.name = "demo/other", .version_created = day(-40), .slot = slot, .overlap = days{7}};
}

template <class Change>
Situation with(Change change) {
    auto seen = ordinary();
    change(seen);
    return seen;
}

std::vector<Case> cases() {
    return {
        {"nobody is on the other slot: regenerate it", ordinary(), Step::regenerate, 1, day(150)},
        {"the pair is symmetric", with([](auto& s) { s.holders[0].slot = 1; }), Step::regenerate, 0, day(150)},

        {"the other was made after this version: adopt it, to its own end",
         with([](auto& s) { s.slots[1].made = day(59); }), Step::publish_adopted, 1, day(149)},
        {"made in the very second of this version counts as after", with([](auto& s) {
             s.slots[1].made = t0;
             s.now = day(10);
         }),
         Step::publish_adopted, 1, day(90)},
        {"made after this version but due itself: regenerate", with([](auto& s) {
             s.slots[1].made = day(1);
             s.now = day(80);
         }),
         Step::regenerate, 1, day(170)},
        {"made a moment before this version: not adopted", with([](auto& s) { s.slots[1].made = t0 - 1s; }),
         Step::regenerate, 1, day(150)},

        {"no valid credential: the freshest is published", with([](auto& s) { s.holders[0].slot.reset(); }),
         Step::publish_repair, 1, day(67)},
        {"no valid credential: the freshest may be the first", with([](auto& s) {
             s.holders[0].slot.reset();
             s.slots[0].made = day(50);
         }),
         Step::publish_repair, 0, day(140)},
        {"no valid credential, no overlap: what is published is not born expired", with([](auto& s) {
             s.holders[0].slot.reset();
             s.holders[0].overlap = {};
         }),
         Step::publish_repair, 1, day(61)},
        {"no valid credential, no times told: the first, for a whole validity", with([](auto& s) {
             s.holders[0].slot.reset();
             s.slots[0].made.reset();
             s.slots[1].made.reset();
         }),
         Step::publish_repair, 0, day(150)},

        {"young version, earlier one not read: read it", with([](auto& s) { s.now = day(3); }),
         Step::read_earlier_version},
        {"young version, no earlier one: it left nothing", with([](auto& s) {
             s.now = day(3);
             s.holders[0].earlier = EarlierVersion{.exists = false};
         }),
         Step::regenerate, 1, day(93)},
        {"young version, the earlier one held the other slot: wait",
         with([](auto& s) {
             s.now = day(3);
             s.holders[0].earlier = EarlierVersion{.exists = true, .created = day(-90), .slot = 1};
         }),
         Step::wait,
         1,
         {},
         day(7)},
        {"young version, the earlier one long on this slot: the other was left then", with([](auto& s) {
             s.now = day(3);
             s.holders[0].earlier = EarlierVersion{.exists = true, .created = day(-20), .slot = 0};
         }),
         Step::regenerate, 1, day(93)},
        {"young version, the earlier one just as young on this slot: wait from that one",
         with([](auto& s) {
             s.now = day(3);
             s.holders[0].earlier = EarlierVersion{.exists = true, .created = day(-1), .slot = 0};
         }),
         Step::wait,
         1,
         {},
         day(6)},
        {"young version, the earlier one holds nothing of the owner's: wait all the same",
         with([](auto& s) {
             s.now = day(3);
             s.holders[0].earlier = EarlierVersion{.exists = true, .created = day(-90)};
         }),
         Step::wait,
         1,
         {},
         day(7)},
        {"young version, the earlier one is not to be read: wait",
         with([](auto& s) {
             s.now = day(3);
             s.holders[0].earlier = EarlierVersion{.exists = true, .created = day(-90), .is_readable = false};
         }),
         Step::wait,
         1,
         {},
         day(7)},
        {"at the overlap's end to the millisecond: go on, no reading", with([](auto& s) { s.now = day(7); }),
         Step::regenerate, 1, day(97)},
        {"a millisecond before: not", with([](auto& s) { s.now = day(7) - 1ms; }), Step::read_earlier_version},

        {"no making time told, earlier one not read: read it", with([](auto& s) { s.slots[1].made.reset(); }),
         Step::read_earlier_version},
        {"no making time told, the earlier value still the other slot's: regenerate", with([](auto& s) {
             s.slots[1].made.reset();
             s.holders[0].earlier = EarlierVersion{.exists = true, .created = day(-90), .slot = 1};
         }),
         Step::regenerate, 1, day(150)},
        {"no making time told, the earlier value none of the owner's: regenerated since, adopt", with([](auto& s) {
             s.slots[1].made.reset();
             s.now = day(10);
             s.holders[0].earlier = EarlierVersion{.exists = true, .created = day(-90)};
         }),
         Step::publish_adopted, 1, day(90)},
        {"no making time told, regenerated since a version that is due: adopt all the same, for a while",
         with([](auto& s) {
             s.slots[1].made.reset();
             s.now = day(88);
             s.holders[0].earlier = EarlierVersion{.exists = true, .created = day(-90)};
         }),
         Step::publish_adopted, 1, day(95)},
        {"no making time told, the earlier value not to be read: nothing is known, regenerate", with([](auto& s) {
             s.slots[1].made.reset();
             s.holders[0].earlier = EarlierVersion{.exists = true, .created = day(-90), .is_readable = false};
         }),
         Step::regenerate, 1, day(150)},
        {"no making time told, no earlier one: not known, regenerate", with([](auto& s) {
             s.slots[1].made.reset();
             s.holders[0].earlier = EarlierVersion{.exists = false};
         }),
         Step::regenerate, 1, day(150)},

        // Siblings. `web` holds key1, made before key2.
        {"a sibling on the same slot stands in nobody's way", with([](auto& s) { s.holders.push_back(sibling(0)); }),
         Step::regenerate, 1, day(150)},
        {"a sibling on the newer slot: move to it", with([](auto& s) { s.holders.push_back(sibling(1)); }),
         Step::publish_adopted, 1, day(67)},
        {"a sibling on the older slot: it moves, this one waits",
         with([](auto& s) {
             s.holders[0].slot = 1;
             s.holders.push_back(sibling(0));
         }),
         Step::move_siblings,
         1,
         {},
         day(67),
         {1}},
        {"several: all of them move",
         with([](auto& s) {
             s.holders[0].slot = 1;
             s.holders.push_back(sibling(0));
             s.holders.push_back(sibling(1));
             s.holders.push_back(sibling(0));
         }),
         Step::move_siblings,
         1,
         {},
         day(67),
         {1, 3}},
        {"each moves when its windows are open",
         with([](auto& s) {
             s.holders[0].slot = 1;
             s.holders.push_back(sibling(0));
             s.holders.push_back(sibling(0));
             s.holders[1].movable_from = day(65);
         }),
         Step::move_siblings,
         1,
         {},
         day(67),
         {2}},
        {"none is open: the first that opens is waited for",
         with([](auto& s) {
             s.holders[0].slot = 1;
             s.holders.push_back(sibling(0));
             s.holders.push_back(sibling(0));
             s.holders[1].movable_from = day(65);
             s.holders[2].movable_from = day(62);
         }),
         Step::wait,
         1,
         {},
         day(62),
         {},
         2},
        {"one that rotated on another pair, its former credential dead: in nobody's way", with([](auto& s) {
             s.holders.push_back({.name = "demo/reader",
                                  .version_created = day(58),
                                  .is_elsewhere = true,
                                  .overlap = days{7},
                                  .earlier = EarlierVersion{.exists = true, .created = day(20)}});
         }),
         Step::regenerate, 1, day(150)},
        {"the sibling's own overlap counts",
         with([](auto& s) {
             s.holders[0].slot = 1;
             s.holders.push_back(sibling(0));
             s.holders[1].overlap = days{20};
         }),
         Step::move_siblings,
         1,
         {},
         day(80),
         {1}},
        {"no times told: the later-made version decides", with([](auto& s) {
             s.slots[0].made.reset();
             s.slots[1].made.reset();
             s.holders[0].earlier = EarlierVersion{.exists = false};
             s.holders.push_back(sibling(1));
             s.holders[1].version_created = day(1);
         }),
         Step::publish_adopted, 1, day(150)},
        {"no times told, versions of one second: the first of the catalogue",
         with([](auto& s) {
             s.slots[0].made.reset();
             s.slots[1].made.reset();
             s.holders[0].earlier = EarlierVersion{.exists = false};
             s.holders.push_back(sibling(1));
             s.holders[1].version_created = t0;
         }),
         Step::move_siblings,
         0,
         {},
         day(67),
         {1}},
        {"a sibling that may not be written: wait for its expiry",
         with([](auto& s) {
             s.holders[0].slot = 1;
             s.holders.push_back(sibling(0));
             s.holders[1].is_movable = false;
             s.holders[1].expires = day(80);
         }),
         Step::wait,
         1,
         {},
         day(80)},
        {"a sibling that may not be written, expired: a person must act", with([](auto& s) {
             s.holders[0].slot = 1;
             s.holders.push_back(sibling(0));
             s.holders[1].is_movable = false;
             s.holders[1].expires = day(60);
         }),
         Step::give_up, 1},
        {"a setting of our own on the older slot: a person must act", with([](auto& s) {
             s.holders[0].slot = 1;
             s.holders.push_back(
                 {.name = "AzureWebJobsStorage", .slot = 0, .is_movable = false, .earlier = EarlierVersion{}});
         }),
         Step::give_up, 1},
        {"a setting of our own on the newer slot: move to it", with([](auto& s) {
             s.holders.push_back(
                 {.name = "AzureWebJobsStorage", .slot = 1, .is_movable = false, .earlier = EarlierVersion{}});
         }),
         Step::publish_adopted, 1, day(67)},
        {"an unreadable sibling without a tag may be anywhere",
         with([](auto& s) {
             s.holders[0].slot = 1;
             s.holders.push_back(sibling(0));
             s.holders[1].slot.reset();
             s.holders[1].may_hold_any = true;
             s.holders[1].is_movable = false;
             s.holders[1].expires = day(75);
         }),
         Step::wait,
         1,
         {},
         day(75)},
        {"a sibling that left lately, earlier one not read: read it",
         with([](auto& s) {
             s.holders.push_back(sibling(0));
             s.holders[1].version_created = day(58);
         }),
         Step::read_earlier_version,
         1,
         {},
         {},
         {},
         1},
        {"a sibling that left lately: wait for its overlap",
         with([](auto& s) {
             s.holders.push_back(sibling(0));
             s.holders[1].version_created = day(58);
             s.holders[1].earlier = EarlierVersion{.exists = true, .created = day(10), .slot = 1};
         }),
         Step::wait,
         1,
         {},
         day(65),
         {},
         1},
        {"a sibling made lately that never had another version", with([](auto& s) {
             s.holders.push_back(sibling(0));
             s.holders[1].version_created = day(58);
             s.holders[1].earlier = EarlierVersion{.exists = false};
         }),
         Step::regenerate, 1, day(150)},
        {"a sibling disabled lately left when it was disabled",
         with([](auto& s) {
             s.holders.push_back(sibling(0));
             s.holders[1].slot.reset();
             s.holders[1].version_created = day(59);
             s.holders[1].earlier = EarlierVersion{.exists = true, .is_readable = false};
         }),
         Step::wait,
         1,
         {},
         day(66),
         {},
         1},
        {"no valid credential: what siblings use goes before the freshest", with([](auto& s) {
             s.holders[0].slot.reset();
             s.holders.push_back(sibling(0));
         }),
         Step::publish_repair, 0, day(67)},
        {"no valid credential and none known: make the slot anew that the dead version names", with([](auto& s) {
             s.holders[0].slot.reset();
             s.slots[0].is_known = s.slots[1].is_known = false;
             s.named = 1;
         }),
         Step::regenerate, 1, day(150)},
        {"no valid credential and none known, and another may hold it: a person must act", with([](auto& s) {
             s.holders[0].slot.reset();
             s.slots[0].is_known = s.slots[1].is_known = false;
             s.holders.push_back({.name = "demo/other", .may_hold_any = true, .is_movable = false});
         }),
         Step::give_up, 0},
        {"what is not known is not published, whatever a sibling may hold",
         with([](auto& s) {
             s.slots[1] = {"key2", std::nullopt, false};
             s.holders.push_back({.name = "demo/other",
                                  .version_created = day(50),
                                  .may_hold_any = true,
                                  .is_movable = false,
                                  .expires = day(70)});
         }),
         Step::wait,
         0,
         {},
         day(70),
         {},
         1},
        {"fresh beats a sibling: both end on it", with([](auto& s) {
             s.slots[1].made = day(59);
             s.holders.push_back(sibling(1));
         }),
         Step::publish_adopted, 1, day(149)},
    };
}

TEST(Decision, FollowsItsTable) {
    for (auto const& c : cases()) {
        SCOPED_TRACE(c.name);
        auto const decision = decide(c.seen);
        EXPECT_EQ(decision.step, c.step);
        EXPECT_EQ(decision.slot, c.slot);
        EXPECT_EQ(decision.expires, c.expires);
        EXPECT_EQ(decision.until, c.until);
        EXPECT_EQ(decision.moving, c.moving);
        if (c.holder != 0) {
            EXPECT_EQ(decision.holder, c.holder);
        }
    }
}

// Law 1 as far as one holder goes: whatever was seen, the slot in use is never the one that is regenerated.
TEST(Decision, NeverRegeneratesWhatIsHeld) {
    std::vector<std::optional<TimePoint>> const times = {std::nullopt, day(-100), day(-1), t0, day(2), day(59)};
    int regenerations = 0;
    for (auto const& made0 : times)
        for (auto const& made1 : times)
            for (int const now : {0, 1, 6, 8, 59, 61, 91, 400})
                for (std::size_t held = 0; held < 2; ++held) {
                    auto seen = ordinary();
                    seen.slots = {{"key1", made0}, {"key2", made1}};
                    seen.now = day(now);
                    seen.holders[0].slot = held;
                    auto decision = decide(seen);
                    if (decision.step == Step::read_earlier_version) {
                        seen.holders[0].earlier = EarlierVersion{.exists = true, .created = day(-90), .slot = 1 - held};
                        decision = decide(seen);
                    }
                    ASSERT_NE(decision.step, Step::read_earlier_version) << "reading twice tells nothing new";
                    if (decision.step != Step::regenerate) continue;
                    ++regenerations;
                    ASSERT_NE(decision.slot, held);
                    ASSERT_GE(seen.now, seen.holders[0].version_created + seen.holders[0].overlap);
                }
    EXPECT_GT(regenerations, 50);
}

}  // namespace
}  // namespace kssedr::rotation
