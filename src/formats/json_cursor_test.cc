#include "formats/json_cursor.h"

#include "formats/json_text.h"
#include "support/seeded_random.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace kssedr::formats {
namespace {

using namespace std::string_literals;

Result<void> check(std::string_view text) {
    JsonCursor json(text);
    json.skip();
    return json.finish();
}

std::string repeat(std::string_view text, std::size_t count) {
    std::string out;
    while (count-- > 0) out += text;
    return out;
}

TEST(JsonCursor, TakesWhatIsJson) {
    for (std::string const& text : {"null"s,
                                    "true"s,
                                    "false"s,
                                    "0"s,
                                    "-0"s,
                                    "10"s,
                                    "1.5"s,
                                    "-0.0e+10"s,
                                    "1E5"s,
                                    "1e-05"s,
                                    "123456789012345678901234567890"s,
                                    "\"\""s,
                                    "\"a\""s,
                                    "[]"s,
                                    "{}"s,
                                    "[ ]"s,
                                    "{ }"s,
                                    " \t\r\n[1 , 2\n] "s,
                                    R"({"a":1,"a":2})"s,
                                    R"({"":{}})"s,
                                    R"([[],{},[[{}]]])"s,
                                    R"("\"\\\/\b\f\n\r\t\u0000\uFFFF\uabcd")"s,
                                    "\"\x7f\xff\xc0\""s,
                                    repeat("[", 64) + repeat("]", 64),
                                    repeat("{\"a\":", 64) + "1" + repeat("}", 64)}) {
        auto const result = check(text);
        EXPECT_TRUE(result) << text << ": " << result.error().message();
    }
}

TEST(JsonCursor, RefusesWhatIsNot) {
    for (std::string const& text : {""s,
                                    " "s,
                                    "nul"s,
                                    "nulll"s,
                                    "True"s,
                                    "NaN"s,
                                    "Infinity"s,
                                    "+1"s,
                                    "01"s,
                                    "-"s,
                                    "-a"s,
                                    "1."s,
                                    ".5"s,
                                    "1e"s,
                                    "1e+"s,
                                    "0x10"s,
                                    "1 2"s,
                                    "--1"s,
                                    "\""s,
                                    "\"a"s,
                                    "'a'"s,
                                    "a"s,
                                    "\"\\\""s,
                                    R"("\x")"s,
                                    R"("\u12")"s,
                                    R"("\u12g4")"s,
                                    R"("\U0041")"s,
                                    "\"\\u004"s,
                                    "\"\n\""s,
                                    "\"\x1f\""s,
                                    "\"\0\""s,
                                    "\"\\\0\""s,
                                    "["s,
                                    "]"s,
                                    "[1"s,
                                    "[1,"s,
                                    "[1,]"s,
                                    "[,1]"s,
                                    "[,]"s,
                                    "[1 2]"s,
                                    "[1}"s,
                                    "{"s,
                                    "}"s,
                                    "{]"s,
                                    "{1:2}"s,
                                    "{a:1}"s,
                                    R"({"a"})"s,
                                    R"({"a":})"s,
                                    R"({"a" 1})"s,
                                    R"({"a":1,})"s,
                                    R"({,"a":1})"s,
                                    R"({"a":1 "b":2})"s,
                                    R"({"a":1]})"s,
                                    "[]]"s,
                                    "{}{}"s,
                                    "[]x"s,
                                    "/**/1"s,
                                    "1//"s,
                                    "\xef\xbb\xbf[]"s,
                                    "\v1"s,
                                    "\xc2\xa0[]"s,
                                    "1\0"s,
                                    repeat("[", 65) + repeat("]", 65),
                                    repeat("{\"a\":", 65) + "1" + repeat("}", 65),
                                    repeat("[", 1'000'000)}) {
        auto const result = check(text);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().code(), Errc::corrupt);
        EXPECT_TRUE(result.error().message().starts_with("not JSON at byte ")) << result.error().message();
    }
}

TEST(JsonCursor, WalksObjectsAndArrays) {
    JsonCursor json(R"( {"a" : [1, "two", {"x":null}], "b":{}, "c" : "d\u0065" } )");
    ASSERT_EQ(json.kind(), JsonKind::object);
    ASSERT_TRUE(json.enter_object());
    ASSERT_TRUE(json.next_member()->is_named("a"));
    ASSERT_TRUE(json.enter_array());
    ASSERT_TRUE(json.next_element());
    EXPECT_EQ(json.kind(), JsonKind::number);
    EXPECT_EQ(json.skip(), "1");
    ASSERT_TRUE(json.next_element());
    EXPECT_EQ(json.take_string()->raw, "two");
    ASSERT_TRUE(json.next_element());
    EXPECT_EQ(json.skip(), R"({"x":null})");
    EXPECT_FALSE(json.next_element());
    EXPECT_EQ(json.next_member()->text(), "b");
    ASSERT_TRUE(json.enter_object());
    EXPECT_FALSE(json.next_member());
    EXPECT_EQ(json.next_member()->text(), "c");
    EXPECT_EQ(json.take_string()->text(), "de");
    EXPECT_FALSE(json.next_member());
    EXPECT_TRUE(json.finish());
}

TEST(JsonCursor, OtherKindsAreSkippedWhereAStringIsAskedFor) {
    JsonCursor json(R"([{"a":[1]}, "s"])");
    json.enter_array();
    ASSERT_TRUE(json.next_element());
    EXPECT_FALSE(json.take_string());
    ASSERT_TRUE(json.next_element());
    EXPECT_EQ(json.take_string()->raw, "s");
    EXPECT_FALSE(json.next_element());
    EXPECT_TRUE(json.finish());
}

TEST(JsonCursor, AFailureSticks) {
    JsonCursor json("[1 2, 3]");
    EXPECT_FALSE(json.enter_object());
    EXPECT_TRUE(json.has_failed());
    EXPECT_EQ(json.kind(), JsonKind::none);
    EXPECT_FALSE(json.enter_array());
    EXPECT_FALSE(json.next_element());
    EXPECT_FALSE(json.next_member());
    EXPECT_FALSE(json.take_string());
    EXPECT_EQ(json.skip(), "");
    EXPECT_EQ(json.finish().error().message(), "not JSON at byte 0: an object was expected");
}

TEST(JsonCursor, WhatWasNotReadToItsEndIsSaid) {
    JsonCursor json("[1]");
    json.enter_array();
    EXPECT_FALSE(json.finish());
}

struct EscapeCase {
    std::string raw;
    std::string text;
};

std::vector<EscapeCase> escape_cases() {
    return {{"", ""},
            {"plain", "plain"},
            {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
            {R"(a\u0041b\u00e9c\u20acd)", "aAbéc€d"},
            {R"(\u0000)", "\0"s},
            {R"(x\u0000y)", "x\0y"s},
            {R"(\ud83d\ude00!)", "😀!"},
            {R"(\uD83D\uDE00)", "😀"},
            {R"(\ud800\udc00)", "\U00010000"},
            {R"(\udbff\udfff)", "\U0010ffff"},
            {R"(\ud83d)", "\ufffd"},
            {R"(\ud83dx)", "\ufffdx"},
            {R"(\ude00)", "\ufffd"},
            {R"(\ude00\ud83d)", "\ufffd\ufffd"},
            {R"(\ud83d\ud83d\ude00)", "\ufffd😀"},
            {R"(\ud83d\u0041)", "\ufffdA"},
            {R"(\ud83d\ue000)", "\ufffd\ue000"},
            {R"(\udfff)", "\ufffd"},
            {R"(\ud7ff\ue000)", "\ud7ff\ue000"},
            {R"(\ud83d\n)", "\ufffd\n"},
            {R"(\ud83d\\u)", "\ufffd\\u"},
            {R"(\uffff\ufeff)", "\uffff\ufeff"},
            {"\xff\x80", "\xff\x80"}};
}

TEST(JsonString, UnescapesInPlaceAndApart) {
    for (auto const& [raw, text] : escape_cases()) {
        auto const quoted = '"' + raw + '"';
        JsonCursor json(quoted);
        auto const string = json.take_string();
        ASSERT_TRUE(string && json.finish()) << raw;
        EXPECT_EQ(string->raw, raw);
        EXPECT_EQ(string->text(), text) << raw;
        EXPECT_EQ(string->has_escapes, raw.find('\\') != std::string::npos);
        auto memory = raw;
        auto const view = unescape_json_in_place(memory);
        EXPECT_EQ(view, text) << raw;
        EXPECT_EQ(view.data(), memory.data());
    }
}

TEST(JsonString, BytesAreFoundAgainInTheRawText) {
    EXPECT_EQ(raw_json_offset("abc", 0), 0U);
    EXPECT_EQ(raw_json_offset("abc", 2), 2U);
    EXPECT_EQ(raw_json_offset("abc", 3), 3U);
    EXPECT_EQ(raw_json_offset(R"(\u0041bc)", 1), 6U);
    EXPECT_EQ(raw_json_offset(R"(\n\/x)", 2), 4U);
    EXPECT_EQ(raw_json_offset(R"(\ud83d\ude00x)", 4), 12U);
    EXPECT_EQ(raw_json_offset(R"(\ud83dx)", 3), 6U) << "U+FFFD has three bytes";
    EXPECT_EQ(raw_json_offset(R"(é\u00e9x)", 4), 8U);
    EXPECT_EQ(raw_json_offset(R"(a\u20acx)", 2), 1U) << "inside what an escape stands for";
    EXPECT_EQ(raw_json_offset(R"(a\u20acx)", 3), 1U);
}

TEST(JsonString, NamesAreComparedWithoutCaseAndBlanks) {
    EXPECT_TRUE((JsonString{" Object\tName ", false}.is_named("object\tname")));
    EXPECT_TRUE((JsonString{"ObjectName ", false}.is_named("objectname")));
    EXPECT_TRUE((JsonString{R"(\u004fbject\u004eame\n)", true}.is_named("ObjectName")));
    EXPECT_FALSE((JsonString{"Object Name", false}.is_named("ObjectName")));
    EXPECT_FALSE((JsonString{"ObjectName2", false}.is_named("ObjectName")));
}

// A document made and broken by chance.
std::string random_text(Random& random) {
    auto const scalar = [&]() -> std::string {
        static constexpr std::string_view scalars[] = {
            "0", "-1.5e3", "null", "true", "false", "\"\"", "\"a\\n\"", R"("\ud83d\ude00\u0041")", "\"é\"", "12"};
        return std::string(scalars[random.below(std::size(scalars))]);
    };
    std::string text = scalar();
    for (auto steps = random.below(8); steps > 0; --steps) {
        auto const blanks = std::string(random.below(2), ' ');
        if (random.below(2) == 0)
            text = '[' + blanks + text + blanks + ',' + scalar() + ']';
        else
            text = "{\"k\":" + blanks + text + ",\"l\"" + blanks + ':' + scalar() + '}';
    }
    if (random.below(2) == 0) {
        static constexpr std::string_view noise = "[]{}\",:\\u0e- .1ntf\n\x01";
        auto const at = random.below(text.size());
        switch (random.below(3)) {
        case 0: text.erase(at, 1); break;
        case 1: text.insert(at, 1, noise[random.below(noise.size())]); break;
        default: text[at] = noise[random.below(noise.size())]; break;
        }
    }
    return text;
}

// Boost.JSON is the other opinion: both must agree on what is JSON, and on what strings say.
TEST(JsonCursor, AgreesWithAnotherParser) {
    int valid = 0;
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        test::SeededRandom random(seed);
        auto const text = random_text(random);
        boost::system::error_code error;
        auto const value = boost::json::parse(text, error, {}, {.max_depth = 64});
        // It refuses two things that we pass on: broken UTF-8, and surrogates without their other half.
        bool const is_passed_on = !is_utf8(text) || text.find("\\ud") != std::string::npos;
        if (error && is_passed_on) continue;
        EXPECT_EQ(check(text).has_value(), !error.failed()) << seed << ": " << text;
        if (error) continue;
        ++valid;
        JsonCursor json(text);
        if (value.is_string()) {
            EXPECT_EQ(json.take_string()->text(), std::string_view(value.as_string()));
        } else {
            auto const raw = json.skip();
            EXPECT_EQ(boost::json::parse(raw), value);
        }
    }
    EXPECT_GT(valid, 5'000);
}

}  // namespace
}  // namespace kssedr::formats
