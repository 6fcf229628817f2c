/// Printer: results on standard output, as text for people or as one JSON object a line.

#pragma once

#include "engine/rotator.h"

#include <string>
#include <string_view>

namespace kssedr::cli {

struct PrinterOptions {
    bool json = false;
    bool color = false;
    bool is_plan = false;  ///< nothing was done: say what would be
};

/// Colours where standard output is a terminal, NO_COLOR is not set and the terminal is no dumb one.
[[nodiscard]] bool may_color(bool is_terminal, bool has_no_color, std::string_view terminal);

/// What is printed of one outcome; ends in a line end.
[[nodiscard]] std::string format_result(rotation::Outcome const& outcome, PrinterOptions options);

/// What `explain` prints; ends in a line end.
[[nodiscard]] std::string format_explanation(engine::Examination const& examination, rotation::Policy const& policy,
                                             PrinterOptions options);

}  // namespace kssedr::cli
