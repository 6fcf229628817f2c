#include "base/ascii.h"

#include "support/seeded_random.h"

#include <gtest/gtest.h>

namespace kssedr {
namespace {

using namespace std::string_literals;

TEST(Ascii, LettersHaveNoLocale) {
    EXPECT_EQ(to_ascii_lower("AbZ09-\xc3\x89"), "abz09-\xc3\x89");
    EXPECT_TRUE(equals_ignore_case("Microsoft.KeyVault", "MICROSOFT.keyvault"));
    EXPECT_TRUE(equals_ignore_case("", ""));
    EXPECT_FALSE(equals_ignore_case("abc", "abcd"));
    EXPECT_FALSE(equals_ignore_case("@", "`")) << "32 apart, and no letters";
    EXPECT_FALSE(equals_ignore_case("\xc3\x89", "\xc3\xa9"));
    EXPECT_TRUE(ends_with_ignore_case("a.Vault.Azure.NET", ".vault.azure.net"));
    EXPECT_TRUE(ends_with_ignore_case("abc", ""));
    EXPECT_FALSE(ends_with_ignore_case("bc", "abc"));
}

TEST(Ascii, TrimTakesBlanksAtTheEndsOnly) {
    EXPECT_EQ(trim(" \t\r\na b\n "), "a b");
    EXPECT_EQ(trim(" \n"), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim("\v\xa0x"), "\v\xa0x");
}

TEST(Ascii, SplitKeepsEmptyParts) {
    using Parts = std::vector<std::string_view>;
    EXPECT_EQ(split("a,b,,c", ','), (Parts{"a", "b", "", "c"}));
    EXPECT_EQ(split(",", ','), (Parts{"", ""}));
    EXPECT_EQ(split("", ','), (Parts{""}));
    EXPECT_EQ(split("abc", ','), (Parts{"abc"}));
}

TEST(Ascii, EditDistanceCountsChanges) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("abc", ""), 3U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("KSSEDR_VAULT", "kssedr_vaults"), 1U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

struct EscapeCase {
    char const* name;
    std::string text;
    std::string shown;
};

TEST(EscapeForDisplay, NothingStaysThatCouldDeceive) {
    EscapeCase const cases[] = {
        {"plain", "Hello, wörld 😀 \"quoted\" /path\\", "Hello, wörld 😀 \"quoted\" /path\\"},
        {"nothing", "", ""},
        {"a line end", "a\nb", "a\\nb"},
        {"a carriage return", "a\rb", "a\\u{d}b"},
        {"a tab", "a\tb", "a\\u{9}b"},
        {"NUL", "a\0b"s, "a\\u{0}b"},
        {"delete", "\x7f", "\\u{7f}"},
        {"a terminal sequence", "\x1b[31mred\x1b[0m", "\\u{1b}[31mred\\u{1b}[0m"},
        {"one that sets the title", "\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"},
        {"its eight-bit form", "\xc2\x9b"s + "31m", "\\u{9b}31m"},
        {"a backspace", "ab\b\bcd", "ab\\u{8}\\u{8}cd"},
        {"a right-to-left override", "a\u202eb", "a\\u{202e}b"},
        {"every embedding and isolate", "\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069",
         "\\u{202a}\\u{202b}\\u{202c}\\u{202d}\\u{2066}\\u{2067}\\u{2068}\\u{2069}"},
        {"marks of direction", "\u200e\u200f\u061c", "\\u{200e}\\u{200f}\\u{61c}"},
        {"separators of lines", "\u2028\u2029\u0085", "\\u{2028}\\u{2029}\\u{85}"},
        {"invisible ones", "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e",
         "\\u{200b}\\u{200c}\\u{200d}\\u{2060}\\u{feff}\\u{ad}\\u{180e}"},
        {"tags", "\U000e0041\U000e007f", "\\u{e0041}\\u{e007f}"},
        {"a stray byte", "a\xff"s + "b", "a\\xffb"},
        {"half a character", "\xe2\x82", "\\xe2\\x82"},
        {"an overlong one", "\xc0\xaf", "\\xc0\\xaf"},
        {"a surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {"beyond Unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
        {"the last of Unicode", "\U0010ffff", "\U0010ffff"},
        {"right-to-left letters stay", "\u05d0\u0639", "\u05d0\u0639"},
    };
    for (auto const& [name, text, shown] : cases) EXPECT_EQ(escape_for_display(text), shown) << name;
}

TEST(EscapeForDisplay, IsCutByCharacters) {
    EXPECT_EQ(escape_for_display("abcdef", 3), "abc…");
    EXPECT_EQ(escape_for_display("abc", 3), "abc");
    EXPECT_EQ(escape_for_display("ééé", 2), "éé…");
    EXPECT_EQ(escape_for_display("a", 0), "…");
    EXPECT_EQ(escape_for_display("", 0), "");
    auto const cut = escape_for_display(std::string(1'000'000, 'x'));
    EXPECT_EQ(cut, std::string(128, 'x') + "…");
}

TEST(EscapeForDisplay, IsTotalAndHarmlessToRepeat) {
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        test::SeededRandom random(seed);
        std::string bytes(random.below(100), '\0');
        random.fill(bytes);
        auto const shown = escape_for_display(bytes);
        for (char const c : shown) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << seed;
        EXPECT_EQ(escape_for_display(shown, shown.size()), shown) << seed;
    }
}

}  // namespace
}  // namespace kssedr
