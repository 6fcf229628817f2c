/// The body of an entry's call, held against what JSON is and what can be put into it.

#pragma once

#include <string>
#include <string_view>

namespace kssedr::config {

/// What is wrong with a body that is no empty one, for a person; empty where nothing is. It is an object of JSON, and
/// its placeholders are {slot} and {key}, each in a text, which is no member's name.
[[nodiscard]] std::string find_body_mistake(std::string_view body);

}  // namespace kssedr::config
