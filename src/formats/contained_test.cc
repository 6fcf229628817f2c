#include "formats/contained.h"

#include <gtest/gtest.h>

namespace kssedr::formats {
namespace {

TEST(Contained, ACredentialIsSeenInWhateverStandsAroundIt) {
    auto const credential = SecretString::copy_of("ab+c/d==");
    struct Case {
        std::string_view value;
        bool contains;
    };
    constexpr Case cases[] = {
        {"ab+c/d==", true},
        {"old: x, new: ab+c/d==.", true},
        {R"({"a":"ab+c\/d==","docs":"https://x.example"})", true},
        {R"({"a":"ab\u002Bc\/d\u003d\u003D"})", true},
        {R"("{\"a\":\"ab\\u002Bc\\\/d==\"}")", true},
        {"azure://acct:ab%2Bc%2fd%3D%3D@x", true},
        {"ab+c/d=", false},
        {R"(ab\u00)", false},
        {"%", false},
        {"%2", false},
        {"\\", false},
        {"", false},
    };
    for (auto const& [value, contains] : cases)
        EXPECT_EQ(contains_credential(SecretString::copy_of(value), credential), contains) << value;
    EXPECT_FALSE(contains_credential(SecretString::copy_of("x"), SecretString()));
}

}  // namespace
}  // namespace kssedr::formats
