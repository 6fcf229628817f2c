/// Opening: when a window is open, reckoned by the minutes of a week.
///
/// The engine has a way of its own (rotation/window.h), and only the words of a window are shared: two mistakes must
/// not cancel out.

#pragma once

#include "chance.h"

#include "rotation/window.h"

#include <bitset>
#include <span>
#include <string>
#include <vector>

namespace kssedr::simulation {

class Opening {
public:
    /// One of a few hours, at least six, on at least two days of the week, somewhere in the world.
    static Opening draw(Chance& chance);

    [[nodiscard]] bool is_open(TimePoint at) const;
    /// As configuration would read it.
    [[nodiscard]] rotation::Window const& window() const { return window_; }

private:
    static constexpr std::size_t minutes_of_day = 24 * 60;
    static constexpr std::size_t minutes_of_week = 7 * minutes_of_day;

    std::bitset<minutes_of_week> minutes_;  // from Monday, midnight, by the zone's wall clock
    cctz::time_zone zone_;
    rotation::Window window_;
};

/// Where nothing is said, at any time.
[[nodiscard]] inline bool is_open(std::span<Opening const> openings, TimePoint at) {
    if (openings.empty()) return true;
    for (auto const& opening : openings)
        if (opening.is_open(at)) return true;
    return false;
}

}  // namespace kssedr::simulation
