#include "formats/member_name.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>

namespace kssedr::formats {
namespace {

bool is_name_character(char c) {
    return is_ascii_letter(c) || is_ascii_digit(c);
}

// Takes the last letter or digit off `name`, in lower case; NUL where there is none. What else stands in a name
// (`account_name`, a space that does not break) hides nothing from whoever reads it.
char take_last(std::string_view& name) {
    while (!name.empty() && !is_name_character(name.back())) name.remove_suffix(1);
    if (name.empty()) return '\0';
    char const last = to_ascii_lower(name.back());
    name.remove_suffix(1);
    return last;
}

}  // namespace

bool take_name_end(std::string_view& name, std::string_view end) {
    auto rest = name;
    while (char const wanted = take_last(end))
        if (take_last(rest) != wanted) return false;
    name = rest;
    return true;
}

bool name_ends_in(std::string_view name, std::string_view end) {
    return take_name_end(name, end);
}

bool is_named(std::string_view name, std::string_view wanted) {
    return !wanted.empty() && take_name_end(name, wanted) && std::ranges::none_of(name, is_name_character);
}

bool is_host_member(std::string_view name) {
    constexpr std::array<std::string_view, 10> ends = {"endpoint", "uri",        "url",  "host",       "hostname",
                                                       "server",   "servername", "fqdn", "datasource", "proxy"};
    auto singular = name;
    (void)take_name_end(singular, "s");
    return std::ranges::any_of(ends, [&](auto end) { return name_ends_in(name, end) || name_ends_in(singular, end); });
}

}  // namespace kssedr::formats
