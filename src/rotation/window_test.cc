#include "rotation/window.h"

#include <gtest/gtest.h>

namespace kssedr::rotation {
namespace {

using std::chrono::days;
using std::chrono::hours;

TimePoint at(std::string_view text) {
    return *parse_rfc3339(text);
}

Window window(std::string_view text) {
    auto parsed = parse_window(text);
    EXPECT_TRUE(parsed) << text;
    if (parsed->zone != "UTC") {
        EXPECT_TRUE(cctz::load_time_zone(parsed->zone, &parsed->window.zone)) << parsed->zone;
    }
    return parsed->window;
}

// 2026-03-29 01:00Z: Berlin's clocks go from 02:00 to 03:00; 2026-10-25 01:00Z: from 03:00 back to 02:00.
TEST(Window, OpensByTheWallClockOfItsZone) {
    struct Case {
        std::string name, window, now, opens;  // opens as now: it is open
    };
    for (auto const& c : std::vector<Case>{
             {"open", "Mon-Fri 09:00-17:00", "2026-01-15T09:30:00Z", "2026-01-15T09:30:00Z"},
             {"from is within", "Thu 09:00-17:00", "2026-01-15T09:00:00Z", "2026-01-15T09:00:00Z"},
             {"to is not", "daily 09:00-17:00", "2026-01-15T17:00:00Z", "2026-01-16T09:00:00Z"},
             {"the day's last second", "Thu 00:00-24:00", "2026-01-15T23:59:59Z", "2026-01-15T23:59:59Z"},
             {"after the day's end", "Thu 00:00-24:00", "2026-01-16T00:00:00Z", "2026-01-22T00:00:00Z"},
             {"over the week's end", "Mon-Fri 09:00-17:00", "2026-01-16T18:00:00Z", "2026-01-19T09:00:00Z"},
             {"a list of days", "Tue,Sat-Sun 09:00-17:00", "2026-01-14T12:00:00Z", "2026-01-17T09:00:00Z"},
             {"a range over the week's end", "Sun-Mon 09:00-10:00", "2026-01-12T09:30:00Z", "2026-01-12T09:30:00Z"},
             {"over midnight, before it", "Thu 22:00-06:00", "2026-01-15T23:00:00Z", "2026-01-15T23:00:00Z"},
             {"over midnight, after it", "Thu 22:00-06:00", "2026-01-16T05:59:00Z", "2026-01-16T05:59:00Z"},
             {"over midnight, of the day it opens", "Thu 22:00-06:00", "2026-01-15T05:00:00Z", "2026-01-15T22:00:00Z"},
             {"winter in Berlin", "daily 22:00-23:00 Europe/Berlin", "2026-01-15T12:00:00Z", "2026-01-15T21:00:00Z"},
             {"summer in Berlin", "daily 22:00-23:00 Europe/Berlin", "2026-07-15T12:00:00Z", "2026-07-15T20:00:00Z"},
             {"a half hour's zone", "daily 09:00-10:00 Asia/Kolkata", "2026-01-15T00:00:00Z", "2026-01-15T03:30:00Z"},
             {"another day there", "Fri 00:30-02:00 Pacific/Auckland", "2026-01-15T00:00:00Z", "2026-01-15T11:30:00Z"},
             {"it opens in the gap", "daily 02:30-04:00 Europe/Berlin", "2026-03-29T00:45:00Z", "2026-03-29T01:00:00Z"},
             {"it closes in the gap", "daily 01:00-02:30 Europe/Berlin", "2026-03-29T00:59:59Z",
              "2026-03-29T00:59:59Z"},
             {"it is closed after the gap", "daily 01:00-02:30 Europe/Berlin", "2026-03-29T01:00:00Z",
              "2026-03-29T23:00:00Z"},
             {"the gap swallows it", "Sun 02:15-02:45 Europe/Berlin", "2026-03-29T00:30:00Z", "2026-04-05T00:15:00Z"},
             {"the first of two passes", "daily 02:30-02:45 Europe/Berlin", "2026-10-25T00:00:00Z",
              "2026-10-25T00:30:00Z"},
             {"the second of two passes", "daily 02:30-02:45 Europe/Berlin", "2026-10-25T00:50:00Z",
              "2026-10-25T01:30:00Z"},
             {"it opens anew as the clock goes back", "daily 01:00-02:30 Europe/Berlin", "2026-10-25T00:40:00Z",
              "2026-10-25T01:00:00Z"},
             {"a day that a zone left out", "Fri 09:00-10:00 Pacific/Apia", "2011-12-29T00:00:00Z",
              "2012-01-05T19:00:00Z"},
         }) {
        SCOPED_TRACE(c.name);
        auto const opens = window(c.window).opens_at(at(c.now));
        ASSERT_TRUE(opens);
        EXPECT_EQ(format_rfc3339(*opens), c.opens);
        EXPECT_EQ(window(c.window).is_open(at(c.now)), c.opens == c.now);
    }
}

// Whatever the zone does, an opening that was told is one, and nothing before it is open.
TEST(Window, TellsTheFirstInstantThatIsOpen) {
    for (std::string const zone : {"Europe/Berlin", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe",
                                   "America/St_Johns", "Africa/Cairo"}) {
        for (std::string const span : {"Sun 01:30-02:20 ", "Sat,Sun 23:30-00:15 ", "daily 02:00-03:00 "}) {
            SCOPED_TRACE(span + zone);
            auto const tested = window(span + zone);
            auto now = at("2026-01-01T00:00:00Z");
            while (now < at("2027-01-01T00:00:00Z")) {
                auto const opens = tested.opens_at(now);
                ASSERT_TRUE(opens);
                ASSERT_TRUE(tested.is_open(*opens));
                for (; now < *opens; now += std::chrono::minutes{15}) ASSERT_FALSE(tested.is_open(now));
                while (tested.is_open(now)) now += std::chrono::minutes{15};
            }
        }
    }
}

TEST(Window, WhatIsNoWindowIsRefused) {
    for (std::string const text :
         {"", "daily", "09:00-17:00", "Mon 09:00", "Mon 9:00-17:00", "Mon 09:00-25:00", "Mon 09:00-24:30",
          "Mon 24:00-09:00", "Mon 09:60-10:00", "Mon 09:00-09:00", "Moo 09:00-10:00", "Mon- 09:00-10:00",
          "Mon,,Tue 09:00-10:00", "Mon 09:00 - 10:00", "Mon 09:00-10:00 Europe/Berlin x", "Mon +9:00-10:00"}) {
        EXPECT_FALSE(parse_window(text)) << text;
    }
}

TEST(Windows, HoldUntilTheNextOpensOrTheyYield) {
    auto const now = at("2026-01-15T12:00:00Z");
    std::vector<Window> const two{window("Sun 09:00-10:00"), window("Sat 09:00-10:00")};
    struct Case {
        std::string name;
        std::vector<Window> windows;
        TimePoint end;
        std::optional<TimePoint> until;
    };
    for (auto const& c : std::vector<Case>{
             {"none", {}, now + days{30}, std::nullopt},
             {"the next of two", two, now + days{30}, at("2026-01-17T09:00:00Z")},
             {"one is open", {window("Thu 11:00-13:00"), window("Sun 09:00-10:00")}, now + days{30}, std::nullopt},
             {"less than three days are left", two, now + days{3}, std::nullopt},
             {"three days and an hour", two, now + days{3} + hours{1}, now + hours{1}},
             {"expired", two, now - days{1}, std::nullopt},
         }) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(held_until(c.windows, now, c.end), c.until);
    }
}

}  // namespace
}  // namespace kssedr::rotation
