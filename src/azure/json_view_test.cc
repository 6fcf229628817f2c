#include "azure/json_view.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

TEST(JsonView, ReadsWhatIsThereAndNothingElse) {
    auto const document = JsonDocument::parse(
        R"({"a":{"b":["x",1,true,null]},"n":12,"s":"34","Code":"c","f":2.0,"h":2.5,"big":18446744073709551615})");
    ASSERT_TRUE(document.has_value());
    auto const root = document->root();
    EXPECT_EQ(root["a"]["b"].items().size(), 4U);
    EXPECT_EQ(root["a"]["b"].items().at(0).text(), "x");
    EXPECT_FALSE(root["a"]["b"].items().at(3));
    EXPECT_EQ(root["n"].integer(), 12);
    EXPECT_EQ(root["s"].integer(), std::nullopt);
    EXPECT_EQ(root["s"].integer_or_text(), 34);
    EXPECT_EQ(root["f"].integer(), 2);
    EXPECT_EQ(root["h"].integer(), std::nullopt);
    EXPECT_EQ(root["big"].integer(), std::nullopt);
    EXPECT_EQ(root["code"].text(), std::nullopt);
    EXPECT_EQ(root.find_any_case("code").text(), "c");
    EXPECT_FALSE(root["absent"]["of"]["nothing"].boolean());
    EXPECT_TRUE(root["n"].members().empty());
    EXPECT_FALSE(JsonView()["x"].secret());
}

TEST(JsonView, TakesNothingThatIsNoJson) {
    struct Case {
        std::string_view name;
        std::string bytes;
    };
    Case const cases[] = {
        {"nothing", ""},
        {"cut short", R"({"a":"b)"},
        {"more than one", "{}{}"},
        {"a comment", "{/* */}"},
        {"a comma too many", "[1,]"},
        {"deeper than anything of Azure's", std::string(100, '[') + std::string(100, ']')},
        {"broken UTF-8", "[\"\xff\"]"},
    };
    for (auto const& [name, bytes] : cases) {
        SCOPED_TRACE(name);
        auto const document = JsonDocument::parse(bytes);
        ASSERT_FALSE(document.has_value());
        EXPECT_EQ(document.error().code(), Errc::corrupt);
    }
}

TEST(JsonView, WritesStringsThatReadTheSame) {
    std::string every;
    for (int c = 0; c < 128; ++c) every += static_cast<char>(c);
    every += "\"\\/\u00e4\u20ac\U0001F511";
    SecretString written;
    append_json_string(written, every);
    auto const document = JsonDocument::parse(written.expose());
    ASSERT_TRUE(document.has_value());
    EXPECT_EQ(document->root().text(), every);
}

}  // namespace
}  // namespace kssedr::azure
