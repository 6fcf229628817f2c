#include "base/encoding.h"

#include "support/seeded_random.h"

#include <gtest/gtest.h>

namespace kssedr {
namespace {

using namespace std::string_literals;

struct Base64Case {
    std::string bytes;
    std::string text;
};

// RFC 4648, section 10, and what uses the last two characters of the alphabet.
std::vector<Base64Case> base64_cases() {
    return {{"", ""},
            {"f", "Zg=="},
            {"fo", "Zm8="},
            {"foo", "Zm9v"},
            {"foob", "Zm9vYg=="},
            {"fooba", "Zm9vYmE="},
            {"foobar", "Zm9vYmFy"},
            {"\xfb\xff\xbf", "+/+/"},
            {"\0\0\0"s, "AAAA"},
            {"\xff", "/w=="}};
}

TEST(Base64, IsWrittenAndRead) {
    for (auto const& [bytes, text] : base64_cases()) {
        EXPECT_EQ(format_base64(bytes), text);
        EXPECT_EQ(parse_base64(text), bytes) << text;
        auto memory = text;
        auto const view = parse_base64_in_place(memory);
        ASSERT_TRUE(view) << text;
        EXPECT_EQ(*view, bytes);
        if (!text.empty()) {
            EXPECT_EQ(view->data(), memory.data());
        }
    }
}

TEST(Base64, OnlyTheStandardFormIsRead) {
    for (std::string text : {"Z", "Zg", "Zg=", "Zg===", "Zg==Zg==", "=", "==", "===", "====", "Z===", "Zm9v\n", " Zm9v",
                             "Zm 9", "Zm9v====", "Zm-v", "Zm_v", "Zg=v", "Zm9\0", "Zm9\xc3"}) {
        EXPECT_FALSE(parse_base64(text)) << text;
        EXPECT_FALSE(parse_base64_in_place(text)) << text;
    }
}

TEST(Base64, AnyBytesComeBack) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        test::SeededRandom random(seed);
        std::string bytes(random.below(200), '\0');
        random.fill(bytes);
        EXPECT_EQ(parse_base64(format_base64(bytes)), bytes);
    }
}

TEST(Hex, IsLowerCase) {
    EXPECT_EQ(format_hex(""), "");
    EXPECT_EQ(format_hex("\0\x0f\xa5\xff"s), "000fa5ff");
}

TEST(Percent, OnlyUnreservedCharactersStay) {
    EXPECT_EQ(format_percent("AZaz09-._~"), "AZaz09-._~");
    EXPECT_EQ(format_percent(" +&=/?#%@:"), "%20%2B%26%3D%2F%3F%23%25%40%3A");
    EXPECT_EQ(format_percent("é\n\0"s), "%C3%A9%0A%00");
}

}  // namespace
}  // namespace kssedr
