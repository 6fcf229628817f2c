#include "rotation/window.h"

#include "base/ascii.h"

#include <cctz/civil_time.h>

#include <algorithm>
#include <charconv>

namespace kssedr::rotation {
namespace {

using std::chrono::minutes;
using Seconds = std::chrono::sys_seconds;

constexpr std::array<std::string_view, 7> day_names = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
// A weekly window may lose one opening to a change of the clocks, and not two.
constexpr int horizon_in_days = 21;

Failure refuse(std::string_view text, std::string_view why) {
    return fail(Errc::invalid_argument, "the window \"" + escape_for_display(text) + "\" is not understood: " +
                                            std::string(why) + "; write such as Mon-Fri 22:00-06:00 Europe/Berlin");
}

std::optional<std::size_t> day_index(std::string_view name) {
    auto const place =
        std::ranges::find_if(day_names, [&](std::string_view day) { return equals_ignore_case(day, name); });
    if (place == day_names.end()) return std::nullopt;
    return static_cast<std::size_t>(place - day_names.begin());
}

bool parse_days(std::string_view text, std::array<bool, 7>& days) {
    if (equals_ignore_case(text, "daily")) {
        days.fill(true);
        return true;
    }
    for (auto const part : split(text, ',')) {
        auto const dash = part.find('-');
        auto const first = day_index(part.substr(0, dash));
        auto const last = dash == std::string_view::npos ? first : day_index(part.substr(dash + 1));
        if (!first || !last) return false;
        // Sat-Mon goes over the week's end.
        for (std::size_t day = *first;; day = (day + 1) % 7) {
            days[day] = true;
            if (day == *last) break;
        }
    }
    return true;
}

std::optional<minutes> parse_time_of_day(std::string_view text) {
    auto const number = [](std::string_view digits) -> int {
        int value = 0;
        auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        bool const is_number = digits.size() == 2 && is_ascii_digit(digits.front()) && error == std::errc{} &&
                               end == digits.data() + digits.size();
        return is_number ? value : -1;
    };
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    int const hour = number(text.substr(0, 2));
    int const minute = number(text.substr(3));
    bool const is_time = hour >= 0 && minute >= 0 && minute < 60 && (hour < 24 || (hour == 24 && minute == 0));
    return is_time ? std::optional(minutes{hour * 60 + minute}) : std::nullopt;
}

Seconds to_seconds(TimePoint at) {
    return std::chrono::floor<std::chrono::seconds>(at);
}

std::size_t weekday_of(cctz::civil_day day) {
    return static_cast<std::size_t>(cctz::get_weekday(day));
}

// The instants at which the wall clock begins to read within the window or may jump into it, of the days around `now`.
std::vector<Seconds> candidates(Window const& window, Seconds now) {
    std::vector<Seconds> found;
    cctz::civil_day const today(cctz::convert(now, window.zone));
    for (int i = -1; i <= horizon_in_days; ++i) {
        auto const opening = cctz::civil_second(today + i) + std::chrono::seconds(window.from).count();
        auto const places = window.zone.lookup(opening);
        switch (places.kind) {
        case cctz::time_zone::civil_lookup::UNIQUE: found.push_back(places.pre); break;
        case cctz::time_zone::civil_lookup::SKIPPED: found.push_back(places.trans); break;
        case cctz::time_zone::civil_lookup::REPEATED:
            found.push_back(places.pre);
            found.push_back(places.post);
            break;
        }
    }
    cctz::time_zone::civil_transition change;
    auto at = now;
    auto const end = now + std::chrono::days{horizon_in_days};
    while (at < end && window.zone.next_transition(at, &change)) {
        at = window.zone.lookup(change.to).trans;
        found.push_back(at);
    }
    std::ranges::sort(found);
    return found;
}

}  // namespace

bool Window::is_open(TimePoint now) const {
    auto const clock = cctz::convert(to_seconds(now), zone);
    cctz::civil_day const today(clock);
    minutes const at{clock.hour() * 60 + clock.minute()};
    if (from < to) return days[weekday_of(today)] && from <= at && at < to;
    return (days[weekday_of(today)] && at >= from) || (days[weekday_of(today - 1)] && at < to);
}

std::optional<TimePoint> Window::opens_at(TimePoint now) const {
    if (is_open(now)) return now;
    for (auto const at : candidates(*this, to_seconds(now)))
        if (at >= now && is_open(at)) return at;
    return std::nullopt;
}

Result<WindowText> parse_window(std::string_view text) {
    std::vector<std::string_view> words;
    for (auto const word : split(text, ' '))
        if (!trim(word).empty()) words.push_back(trim(word));
    if (words.size() < 2 || words.size() > 3) return refuse(text, "it is days, a span of the day and a zone");
    WindowText parsed;
    parsed.window.text = std::string(trim(text));
    parsed.zone = words.size() == 3 ? std::string(words[2]) : "UTC";
    if (!parse_days(words[0], parsed.window.days)) return refuse(text, "days are Mon to Sun, or daily");
    auto const dash = words[1].find('-');
    auto const from = parse_time_of_day(words[1].substr(0, dash));
    auto const to = dash == std::string_view::npos ? std::nullopt : parse_time_of_day(words[1].substr(dash + 1));
    if (!from || !to || *from == minutes{24 * 60}) return refuse(text, "the span is HH:MM-HH:MM, up to 24:00");
    if (*from == *to) return refuse(text, "it would never be open; the whole day is 00:00-24:00");
    parsed.window.from = *from;
    parsed.window.to = *to;
    return parsed;
}

std::string describe(std::span<Window const> windows) {
    std::string text;
    for (auto const& window : windows) text += (text.empty() ? "" : "; ") + window.text;
    return text;
}

std::optional<TimePoint> held_until(std::span<Window const> windows, TimePoint now, TimePoint end) {
    auto const yields = end - window_yields;
    if (windows.empty() || now >= yields) return std::nullopt;
    std::optional<TimePoint> until = yields;
    for (auto const& window : windows)
        if (auto const opens = window.opens_at(now)) until = std::min(*until, *opens);
    if (*until <= now) return std::nullopt;
    return until;
}

}  // namespace kssedr::rotation
