/// Names of members, compared by their letters and digits alone: what else stands in a name (`account_name`, a space
/// that does not break) hides nothing from whoever reads it. A part of value_form.h.

#pragma once

#include <string_view>

namespace kssedr::formats {

/// Whether the letters and digits of `name` end in those of `end`; what stands before them is left in `name`.
[[nodiscard]] bool take_name_end(std::string_view& name, std::string_view end);
[[nodiscard]] bool name_ends_in(std::string_view name, std::string_view end);
[[nodiscard]] bool is_named(std::string_view name, std::string_view wanted);

/// Whether the member's value is a host whatever it looks like, `server` for one.
[[nodiscard]] bool is_host_member(std::string_view name);

}  // namespace kssedr::formats
