/// Points and spans of time, and how they are written.
///
/// Two kinds of "now" are kept apart by type: `TimePoint` is a date that two machines can compare (and
/// may jump), `SteadyPoint` only ever grows and serves time-outs. Both come from `Clock` (async/clock.h).

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kssedr {

using Duration = std::chrono::milliseconds;
using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;

/// The monotonic clock's reading; its zero means nothing.
struct SteadyPoint {
    Duration since_start{};

    friend auto operator<=>(SteadyPoint, SteadyPoint) = default;
    friend SteadyPoint operator+(SteadyPoint at, Duration span) { return {at.since_start + span}; }
    friend SteadyPoint operator-(SteadyPoint at, Duration span) { return {at.since_start - span}; }
    friend Duration operator-(SteadyPoint a, SteadyPoint b) { return a.since_start - b.since_start; }
    static constexpr SteadyPoint max() { return {Duration::max()}; }
};

/// `2026-01-15T09:30:12Z`, with milliseconds only where there are any (RFC 3339, UTC).
[[nodiscard]] std::string format_rfc3339(TimePoint at);

/// Reads RFC 3339 with `T`, 0 to 9 fraction digits, and `Z`, an offset, or no zone at all (then UTC, as
/// Azure writes some of its times). Nothing where the text is anything else.
[[nodiscard]] std::optional<TimePoint> parse_rfc3339(std::string_view text);

/// Reads the preferred form of an HTTP date, `Tue, 20 Aug 2024 20:52:39 GMT` (RFC 9110, 5.6.7).
[[nodiscard]] std::optional<TimePoint> parse_http_date(std::string_view text);
[[nodiscard]] std::string format_http_date(TimePoint at);

/// Reads an ISO 8601 duration of weeks, days, hours, minutes and seconds: `P30D`, `PT4M`, `P1W`, `P1DT12H`.
/// Years and months have no length of their own and are not taken; neither are fractions and signs.
[[nodiscard]] std::optional<Duration> parse_iso_duration(std::string_view text);
[[nodiscard]] std::string format_iso_duration(Duration span);

/// For people: `3 d 4 h`, `12 min`, `1.5 s`; two units at most.
[[nodiscard]] std::string format_span(Duration span);

}  // namespace kssedr
