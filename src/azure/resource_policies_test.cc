#include "azure/resource_policies.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

constexpr auto listing =
    R"({"value":[{"keyName":"owner","primaryKey":"p1","secondaryKey":"s1","rights":"A, B"},)"
    R"( {"keyName":"service","primaryKey":"p2","secondaryKey":"s2","rights":"B"}],"nextLink":null})";
constexpr auto changed = R"([{"keyName":"owner","primaryKey":"p1","secondaryKey":"s1","rights":"A, B"},)"
                         R"( {"keyName":"service","primaryKey":"p2","secondaryKey":"n+/=","rights":"B"}])";

Result<SecretString> replace(std::string_view resource, std::string_view policies = listing,
                             std::string_view name = "service", std::string_view slot = "secondaryKey") {
    return replace_policy_key(resource, policies, "authorizationPolicies", name, slot, SecretString::copy_of("n+/="));
}

TEST(ReplacePolicyKey, ChangesOneKeyAndNothingElse) {
    struct Case {
        std::string before, old, after;
    };
    for (auto const& [before, old, after] : std::vector<Case>{
             {R"({"etag":"e","properties":{"a":[1, 2.50],"authorizationPolicies":)", R"([{"keyName":"owner"}])",
              R"(, "z":"é\u0041"},"tags":{"properties":"x"}})"},
             {R"({"properties":{"authorizationPolicies":)", "null", "}}"},
         }) {
        auto const body = replace(before + old + after);
        ASSERT_TRUE(body.has_value()) << body.error().message();
        EXPECT_EQ(body->expose(), before + changed + after);
    }
    auto const added = replace(R"({"properties":{"a":1},"b":2})");
    ASSERT_TRUE(added.has_value());
    EXPECT_EQ(added->expose(),
              R"({"properties":{"authorizationPolicies":)" + std::string(changed) + R"(,"a":1},"b":2})");
    auto const alone = replace(R"({"properties":{ }})");
    ASSERT_TRUE(alone.has_value());
    EXPECT_EQ(alone->expose(), R"({"properties":{"authorizationPolicies":)" + std::string(changed) + " }}");
}

TEST(ReplacePolicyKey, TakesNothingLess) {
    std::string const resource = R"({"properties":{}})";
    for (auto const* const body : {"", "{}", "[]", R"({"properties":[]})", R"({"properties":{})"})
        EXPECT_FALSE(replace(body).has_value()) << body;
    for (auto const* const body :
         {"", "{}", R"({"value":{}})", R"({"value":[]})", R"({"value":[{"keyName":"service"}]})",
          R"({"value":[{"keyName":"service","secondaryKey":1}]})",
          R"({"value":[{"keyName":"service","secondaryKey":"x"}],"nextLink":"https://x"})"})
        EXPECT_FALSE(replace(resource, body).has_value()) << body;
    EXPECT_FALSE(replace(resource, listing, "other").has_value());
    EXPECT_FALSE(replace(resource, listing, "service", "thirdKey").has_value());
}

TEST(ParseEtag, IsTakenFromTheBody) {
    EXPECT_EQ(*parse_etag(R"({"etag":"AAAA="})"), "AAAA=");
    for (auto const* const body : {"", "{}", R"({"etag":""})", R"({"etag":"a\nb"})"})
        EXPECT_FALSE(parse_etag(body).has_value()) << body;
}

}  // namespace
}  // namespace kssedr::azure
