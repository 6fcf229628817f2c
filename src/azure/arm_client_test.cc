#include "azure/arm_client.h"

#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/scripted_tokens.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

using http::Method;

rotation::ArmId id(std::string_view text) {
    return *rotation::ArmId::parse(text);
}
TEST(CallsLeft, AreTheLeastThatIsSaid) {
    struct Case {
        std::string_view name;
        std::vector<http::Header> headers;
        std::optional<int> left;
    };
    for (auto const& c : std::vector<Case>{
             {"nothing", {}, {}},
             {"a subscription's writes", {{"x-ms-ratelimit-remaining-subscription-writes", "799"}}, 799},
             {"its reads", {{"x-ms-ratelimit-remaining-subscription-reads", "1099"}}, 1099},
             {"all principals' are not ours", {{"x-ms-ratelimit-remaining-subscription-global-writes", "1"}}, {}},
             {"the least of several",
              {{"x-ms-ratelimit-remaining-subscription-resource-requests", "149"},
               {"x-ms-ratelimit-remaining-resource", "Microsoft.Storage/listKeys;99,Microsoft.Storage/all; 7"}},
              7},
             {"none left", {{"x-ms-ratelimit-remaining-subscription-writes", "0"}}, 0},
             {"no numbers",
              {{"x-ms-ratelimit-remaining-subscription-writes", "-1"},
               {"x-ms-ratelimit-remaining-resource", "many;,x"}},
              {}},
         }) {
        SCOPED_TRACE(c.name);
        http::Response answer;
        answer.headers = c.headers;
        EXPECT_EQ(find_calls_left(answer), c.left);
    }
}

CORO_TEST(ArmClient, IsCalledWhereTheCloudSays) {
    test::ScriptedTransport transport(clock());
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    rotation::Cloud cloud = *rotation::find_cloud("china");
    cloud.resource_manager = "https://management.localhost:8443/";
    ArmClient arm(transport, tokens, random, cloud);
    transport.expect(Method::get, "https://management.localhost:8443/subscriptions/s-1?api-version=1")
        .answer(200, "{}");
    auto const answer = co_await arm.send(
        {.operation = "reading", .resource = id("/subscriptions/s-1"), .api_version = "1"}, SteadyPoint::max());
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(tokens.audiences, std::vector<std::string>{"https://management.chinacloudapi.cn"});

    cloud.resource_manager = "http://management.localhost";
    ArmClient plain(transport, tokens, random, cloud);
    auto const refused = co_await plain.send(
        {.operation = "reading", .resource = id("/subscriptions/s-1"), .api_version = "1"}, SteadyPoint::max());
    EXPECT_FALSE(refused.has_value());
    EXPECT_FALSE(plain.is_own("http://management.localhost/x"));
    EXPECT_TRUE(arm.is_own("https://management.localhost:8443/x?y"));
    EXPECT_FALSE(arm.is_own("https://management.localhost/x"));
    EXPECT_FALSE(arm.is_own("https://evil.example/https://management.localhost:8443/"));
}

}  // namespace
}  // namespace kssedr::azure
