/// Text as protocols see it: ASCII letters, no locale.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kssedr {

[[nodiscard]] constexpr bool is_ascii_digit(char c) {
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_ascii_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
[[nodiscard]] constexpr bool is_ascii_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
[[nodiscard]] constexpr char to_ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

[[nodiscard]] std::string to_ascii_lower(std::string_view text);
/// Equal but for the case of ASCII letters.
[[nodiscard]] constexpr bool equals_ignore_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    // Long texts are the same in one case as a rule.
    if (a.size() > 16 && a == b) return true;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i] && to_ascii_lower(a[i]) != to_ascii_lower(b[i])) return false;
    return true;
}
[[nodiscard]] bool starts_with_ignore_case(std::string_view text, std::string_view begin);
[[nodiscard]] bool ends_with_ignore_case(std::string_view text, std::string_view end);
/// Without blanks, tabs and line ends at both ends; a view into `text`.
[[nodiscard]] std::string_view trim(std::string_view text);
/// The parts between the separators, empty ones included; views into `text`.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
/// The texts one behind the other.
[[nodiscard]] std::string join(auto const& texts, std::string_view between = ", ") {
    std::string joined;
    for (auto const& text : texts) {
        if (&text != &*texts.begin()) joined += between;
        joined += text;
    }
    return joined;
}
/// Number of edits between two words, for "did you mean".
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// Text from outside made fit for a log line, a terminal, or an error: controls, terminal sequences,
/// bidirectional and other invisible marks and broken UTF-8 escaped as `\u{..}` or `\x..`, cut to `limit` characters
/// (CONTRACT 4). Total, and
/// harmless to apply twice.
[[nodiscard]] std::string escape_for_display(std::string_view text, std::size_t limit = 128);

}  // namespace kssedr
