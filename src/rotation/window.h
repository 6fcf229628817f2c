/// Window: when, by the clocks of some place, a secret may be rotated.
///
/// A window is open while the wall clock of its zone reads within it; that one sentence settles the hours that a change
/// of the clocks leaves out or repeats. The zone's rules are cctz's (docs/decisions/zones-cctz.md); reading them from
/// files is configuration's business (config/zones.h).

#pragma once

#include "base/error.h"

#include <cctz/time_zone.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::rotation {

/// A window yields once less than this is left to the expiry: late is better than dead.
inline constexpr Duration window_yields = std::chrono::days{3};

struct Window {
    std::array<bool, 7> days{};  ///< Monday first; of the day on which it opens
    std::chrono::minutes from{};
    std::chrono::minutes to{};  ///< not after `from`: on the next day
    cctz::time_zone zone = cctz::utc_time_zone();
    std::string text;  ///< as written

    [[nodiscard]] bool is_open(TimePoint now) const;
    /// The first instant from `now` on at which it is open; nothing where there is none within three weeks.
    [[nodiscard]] std::optional<TimePoint> opens_at(TimePoint now) const;

    friend bool operator==(Window const&, Window const&) = default;
};

/// A window as it is written, before its zone is looked up: `Mon-Fri 22:00-06:00 Europe/Berlin`. Days are `Mon` to
/// `Sun`, ranges of them and lists with commas, or `daily`; `24:00` is the day's end. Without a zone: `UTC`.
struct WindowText {
    Window window;
    std::string zone;
};
/// `invalid_argument` says what is wrong with it.
[[nodiscard]] Result<WindowText> parse_window(std::string_view text);

/// Until when the windows of a secret that ends at `end` hold it: the next opening, or when they yield, whichever comes
/// first. Nothing: they do not hold it. No windows hold nothing.
[[nodiscard]] std::optional<TimePoint> held_until(std::span<Window const> windows, TimePoint now, TimePoint end);

/// For people: as they are written.
[[nodiscard]] std::string describe(std::span<Window const> windows);

}  // namespace kssedr::rotation
