#include "formats/json_text.h"

#include "formats/json_cursor.h"
#include "support/seeded_random.h"

#include <gtest/gtest.h>

namespace kssedr::formats {
namespace {

using namespace std::string_literals;

TEST(JsonText, EscapesWhatJsonMustNotHold) {
    EXPECT_EQ(format_json_string(""), R"("")");
    EXPECT_EQ(format_json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
    EXPECT_EQ(format_json_string("\n\t\r\b\x1f\x7f"), R"("\n\u0009\u000d\u0008\u001f\u007f")");
    EXPECT_EQ(format_json_string("\0x"s), R"("\u0000x")");
    EXPECT_EQ(format_json_string("é€😀"), "\"é€😀\"");
}

TEST(JsonText, RepairsWhatIsNoUtf8) {
    struct Case {
        char const* name;
        std::string bytes;
        std::string repaired;
    };
    for (auto const& [name, bytes, repaired] : {
             Case{"a stray byte", "a\x80z", "a\ufffdz"},
             Case{"half of two", "\xc3", "\ufffd"},
             Case{"half of three", "\xe2\x82z", "\ufffd\ufffdz"},
             Case{"an overlong slash", "\xc0\xaf", "\ufffd\ufffd"},
             Case{"overlong in three", "\xe0\x80\xaf", "\ufffd\ufffd\ufffd"},
             Case{"a surrogate", "\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
             Case{"overlong in four", "\xf0\x80\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
             Case{"beyond Unicode", "\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
             Case{"no first byte", "\xf5\xff\xfe", "\ufffd\ufffd\ufffd"},
         }) {
        EXPECT_FALSE(is_utf8(bytes)) << name;
        EXPECT_EQ(format_json_string(bytes), '"' + repaired + '"') << name;
    }
    for (std::string const& good :
         {""s, "a\0b"s, "é"s, "\u0800"s, "\ud7ff"s, "\ue000"s, "\uffff"s, "\U00010000"s, "\U0010ffff"s})
        EXPECT_TRUE(is_utf8(good)) << good;
}

TEST(JsonText, WhatIsWrittenIsReadAgain) {
    for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
        test::SeededRandom random(seed);
        std::string bytes(random.below(64), '\0');
        random.fill(bytes);
        auto const text = format_json_string(bytes);
        EXPECT_TRUE(is_utf8(text));
        JsonCursor json(text);
        auto const read = json.take_string();
        ASSERT_TRUE(read && json.finish()) << text;
        if (is_utf8(bytes)) {
            EXPECT_EQ(read->text(), bytes);
        }
    }
}

}  // namespace
}  // namespace kssedr::formats
