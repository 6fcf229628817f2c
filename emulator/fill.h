/// Texts and JSON with gaps: `{word}` stands for what a look-up has for it.
///
/// Pure. A gap that the look-up does not know stays as it is written, so that a table's mistake is seen in the answer.

#pragma once

#include "emulator/json.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kssedr::emulator {

/// What stands for a word; nothing where it is not known.
using FindWord = std::function<std::optional<std::string>(std::string_view)>;

[[nodiscard]] std::string fill_text(std::string_view text, FindWord const& find);
/// The same in every string of a JSON value.
[[nodiscard]] json::value fill_json(json::value const& value, FindWord const& find);
/// Whether `given` has all that `wanted` has: each member of an object, and other values alike.
[[nodiscard]] bool holds(json::value const& given, json::value const& wanted);

}  // namespace kssedr::emulator
