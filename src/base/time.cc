#include "base/time.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>

namespace kssedr {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

// Takes characters off the front of a text; every member says whether it could.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool literal(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool digits(std::size_t count, int& out) {
        if (rest_.size() < count) return false;
        int value = 0;
        for (char const c : rest_.substr(0, count)) {
            if (!is_ascii_digit(c)) return false;
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(count);
        out = value;
        return true;
    }
    std::string_view rest() const { return rest_; }
    void skip(std::size_t count) { rest_.remove_prefix(count); }

private:
    std::string_view rest_;
};

std::optional<TimePoint> to_time(int y, int mo, int d, int h, int mi, int s) {
    year_month_day const date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
    if (!date.ok() || h > 23 || mi > 59 || s > 60) return std::nullopt;
    return TimePoint{sys_days{date}} + hours{h} + minutes{mi} + seconds{s};
}

bool read_fraction(Reader& in, Duration& fraction) {
    int place = 100, count = 0;
    int value = 0;
    while (!in.rest().empty() && is_ascii_digit(in.rest().front())) {
        if (++count > 9) return false;
        value += (in.rest().front() - '0') * place;
        place /= 10;
        in.skip(1);
    }
    fraction = Duration{value};
    return count > 0;
}

bool read_zone(Reader& in, Duration& offset) {
    if (in.rest().empty() || in.literal('Z') || in.literal('z')) return in.rest().empty();
    int const sign = in.literal('+') ? 1 : in.literal('-') ? -1 : 0;
    int h = 0, m = 0;
    if (sign == 0 || !in.digits(2, h) || !in.literal(':') || !in.digits(2, m) || h > 23 || m > 59) return false;
    offset = sign * (hours{h} + minutes{m});
    return in.rest().empty();
}

}  // namespace

std::string format_rfc3339(TimePoint at) {
    auto const day_start = floor<days>(at);
    year_month_day const date{day_start};
    hh_mm_ss const time{at - day_start};
    auto const y = static_cast<int>(date.year());
    if (y < 0 || y > 9999)
        return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", y, static_cast<unsigned>(date.month()),
                           static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
                           time.seconds().count());
    // By hand: every log line has several dates.
    std::string text = "0000-00-00T00:00:00";
    auto const put = [&](std::size_t end, auto number) {
        for (; number != 0; number /= 10) text[--end] = static_cast<char>('0' + number % 10);
    };
    put(4, y);
    put(7, static_cast<unsigned>(date.month()));
    put(10, static_cast<unsigned>(date.day()));
    put(13, time.hours().count());
    put(16, time.minutes().count());
    put(19, time.seconds().count());
    if (auto const ms = time.subseconds().count(); ms != 0) {
        text += ".000";
        put(23, ms);
    }
    text += 'Z';
    return text;
}

std::optional<TimePoint> parse_rfc3339(std::string_view text) {
    Reader in(text);
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
    if (!in.digits(4, y) || !in.literal('-') || !in.digits(2, mo) || !in.literal('-') || !in.digits(2, d))
        return std::nullopt;
    if (!in.literal('T') && !in.literal('t')) return std::nullopt;
    if (!in.digits(2, h) || !in.literal(':') || !in.digits(2, mi) || !in.literal(':') || !in.digits(2, s))
        return std::nullopt;
    Duration fraction{}, offset{};
    if (in.literal('.') && !read_fraction(in, fraction)) return std::nullopt;
    if (!read_zone(in, offset)) return std::nullopt;
    auto const at = to_time(y, mo, d, h, mi, s);
    if (!at) return std::nullopt;
    return *at + fraction - offset;
}

std::optional<TimePoint> parse_http_date(std::string_view text) {
    auto const comma = text.find(", ");
    if (comma != 3) return std::nullopt;
    Reader in(text.substr(5));
    int d = 0, y = 0, h = 0, mi = 0, s = 0;
    if (!in.digits(2, d) || !in.literal(' ') || in.rest().size() < 3) return std::nullopt;
    int mo = 0;
    for (std::size_t i = 0; i < months.size(); ++i)
        if (in.rest().substr(0, 3) == months[i]) mo = static_cast<int>(i) + 1;
    if (mo == 0) return std::nullopt;
    in.skip(3);
    if (!in.literal(' ') || !in.digits(4, y) || !in.literal(' ') || !in.digits(2, h) || !in.literal(':') ||
        !in.digits(2, mi) || !in.literal(':') || !in.digits(2, s) || in.rest() != " GMT")
        return std::nullopt;
    return to_time(y, mo, d, h, mi, s);
}

std::string format_http_date(TimePoint at) {
    auto const day_start = floor<days>(at);
    year_month_day const date{day_start};
    hh_mm_ss const time{floor<seconds>(at - day_start)};
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", weekdays[weekday{day_start}.c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                       time.seconds().count());
}

std::optional<Duration> parse_iso_duration(std::string_view text) {
    if (text.size() < 3 || text.front() != 'P') return std::nullopt;
    text.remove_prefix(1);
    std::string_view order = "WDHMS";
    bool in_time = false, any = false;
    std::int64_t total = 0;
    while (!text.empty()) {
        if (text.front() == 'T') {
            if (in_time || text.size() == 1) return std::nullopt;
            in_time = true;
            text.remove_prefix(1);
        }
        std::int64_t count = 0;
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (error != std::errc{} || end == text.data() + text.size() || count < 0 || count > 10'000'000)
            return std::nullopt;
        if (text.front() == '-' || text.front() == '+') return std::nullopt;
        char const unit = *end;
        auto const at = order.find(unit);
        if (at == std::string_view::npos || in_time != (unit == 'H' || unit == 'M' || unit == 'S')) return std::nullopt;
        order.remove_prefix(at + 1);
        constexpr std::array<std::pair<char, std::int64_t>, 5> lengths = {
            {{'W', 604800}, {'D', 86400}, {'H', 3600}, {'M', 60}, {'S', 1}}};
        for (auto const& [name, length] : lengths)
            if (name == unit) total += count * length;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
        any = true;
    }
    if (!any) return std::nullopt;
    return seconds{total};
}

std::string format_iso_duration(Duration span) {
    auto const d = floor<days>(span);
    hh_mm_ss const time{floor<seconds>(span - d)};
    std::string text = "P";
    if (d.count() != 0) text += fmt::format("{}D", d.count());
    if (time.to_duration().count() == 0) return text == "P" ? "PT0S" : text;
    text += 'T';
    if (time.hours().count() != 0) text += fmt::format("{}H", time.hours().count());
    if (time.minutes().count() != 0) text += fmt::format("{}M", time.minutes().count());
    if (time.seconds().count() != 0) text += fmt::format("{}S", time.seconds().count());
    return text;
}

std::string format_span(Duration span) {
    if (span < Duration{}) return "-" + format_span(-span);
    if (span < 1s) return fmt::format("{} ms", span.count());
    if (span < 1min) return fmt::format("{:.1f} s", static_cast<double>(span.count()) / 1000);
    if (span < 1h) return fmt::format("{} min", floor<minutes>(span).count());
    if (span < days{1}) {
        auto const h = floor<hours>(span);
        auto const m = floor<minutes>(span - h);
        return m.count() == 0 ? fmt::format("{} h", h.count()) : fmt::format("{} h {} min", h.count(), m.count());
    }
    auto const d = floor<days>(span);
    auto const h = floor<hours>(span - d);
    return h.count() == 0 ? fmt::format("{} d", d.count()) : fmt::format("{} d {} h", d.count(), h.count());
}

}  // namespace kssedr
