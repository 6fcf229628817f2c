#include "opening.h"

#include "base/check.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <string_view>

namespace kssedr::simulation {
namespace {

// Clocks that change in spring, in autumn, by half an hour, and never; whole hours from Greenwich and not.
constexpr std::array<std::string_view, 5> zones{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata",
                                                "Australia/Lord_Howe"};

struct Days {
    std::string_view text;
    std::array<bool, 7> opens;  // from Monday
};
constexpr std::array<Days, 5> choices{{
    {"daily", {true, true, true, true, true, true, true}},
    {"Mon-Fri", {true, true, true, true, true, false, false}},
    {"Sat-Sun", {false, false, false, false, false, true, true}},
    {"Tue,Thu", {false, true, false, true, false, false, false}},
    {"Fri-Mon", {true, false, false, false, true, true, true}},
}};

// A world has a few of them, a run thousands of worlds.
cctz::time_zone const& find_zone(std::string_view name) {
    static std::map<std::string_view, cctz::time_zone> known;
    auto const [place, is_new] = known.try_emplace(name);
    if (is_new) KSSEDR_CHECK(cctz::load_time_zone(std::string(name), &place->second), "no time zones: install tzdata");
    return place->second;
}

}  // namespace

Opening Opening::draw(Chance& chance) {
    constexpr std::size_t half_hour = 30;
    auto const& days = choices[chance.pick(choices.size())];
    auto const from = chance.pick(minutes_of_day / half_hour) * half_hour;
    auto const length = (12 + chance.pick(13)) * half_hour;
    auto const to = (from + length) % minutes_of_day;
    auto const zone = zones[chance.pick(zones.size())];
    auto parsed = rotation::parse_window(
        fmt::format("{} {:02}:{:02}-{:02}:{:02} {}", days.text, from / 60, from % 60, to / 60, to % 60, zone));
    KSSEDR_CHECK(parsed, "a window that is not understood");
    Opening opening;
    opening.window_ = std::move(parsed->window);
    opening.window_.zone = opening.zone_ = find_zone(zone);
    for (std::size_t day = 0; day < days.opens.size(); ++day)
        for (std::size_t i = 0; days.opens[day] && i < length; ++i)
            opening.minutes_.set((day * minutes_of_day + from + i) % minutes_of_week);
    return opening;
}

bool Opening::is_open(TimePoint at) const {
    auto const clock = cctz::convert(std::chrono::floor<std::chrono::seconds>(at), zone_);
    auto const day = static_cast<std::size_t>(cctz::get_weekday(cctz::civil_day(clock)));
    auto const minute = static_cast<std::size_t>(clock.hour() * 60 + clock.minute());
    return minutes_.test(day * minutes_of_day + minute);
}

}  // namespace kssedr::simulation
