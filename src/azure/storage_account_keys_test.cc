#include "azure/storage_account_keys.h"

#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/scripted_tokens.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;
using http::Method;

rotation::ArmId id(std::string_view text) {
    return *rotation::ArmId::parse(text);
}
rotation::ArmId account() {
    return id("/subscriptions/s-1/resourceGroups/rg(1)/providers/Microsoft.Storage/storageAccounts/contoso");
}

constexpr auto account_url =
    "https://management.azure.com/subscriptions/s-1/resourceGroups/rg(1)/providers/Microsoft.Storage/storageAccounts/"
    "contoso";
constexpr auto keys =
    R"({"keys":[{"creationTime":"2022-11-18T04:03:59.4579116Z","keyName":"key2","value":"two==","permissions":"FULL"},)"
    R"({"keyName":"kerb1","value":"k","permissions":"Full"},)"
    R"({"creationTime":"2022-11-18T04:03:39.0664156Z","keyName":"key1","value":"one==","permissions":"Full"}]})";

struct World {
    explicit World(Clock& clock)
        : transport(clock), arm(transport, tokens, random, *rotation::find_cloud("public")), storage_keys(arm) {}
    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    ArmClient arm;
    StorageAccountKeys storage_keys;
};

TEST(ParseStorageKeys, GivesBothInOrderWhateverTheAnswers) {
    auto const parsed = parse_storage_keys(keys);
    ASSERT_TRUE(parsed.has_value());
    ASSERT_EQ(parsed->slots.size(), 2U);
    EXPECT_EQ(parsed->slots[0].slot, "key1");
    EXPECT_TRUE(parsed->slots[0].value.equals("one=="));
    EXPECT_EQ(parsed->slots[0].made, parse_rfc3339("2022-11-18T04:03:39.066Z"));
    EXPECT_EQ(parsed->slots[1].slot, "key2");
    EXPECT_TRUE(parsed->slots[1].value.equals("two=="));

    auto const old = parse_storage_keys(
        R"({"keys":[{"keyName":"KEY1","value":"a"},{"keyName":"key2","value":"b","creationTime":null}]})");
    ASSERT_TRUE(old.has_value());
    EXPECT_EQ(old->slots[0].slot, "key1");
    EXPECT_EQ(old->slots[1].made, std::nullopt);
}

TEST(ParseStorageKeys, TakesNothingLess) {
    constexpr std::string_view bodies[] = {
        "",
        "{}",
        "[]",
        R"({"keys":{}})",
        R"({"keys":[]})",
        R"({"keys":[{"keyName":"key1","value":"a"}]})",
        R"({"keys":[{"keyName":"key1","value":"a"},{"keyName":"key2","value":""}]})",
        R"({"keys":[{"keyName":"key1","value":"a"},{"keyName":"key2"}]})",
        R"({"keys":[{"keyName":"key1","value":"a"},{"keyName":"key2","value":"b","permissions":"Read"}]})",
    };
    for (auto const body : bodies) {
        auto const parsed = parse_storage_keys(body);
        ASSERT_FALSE(parsed.has_value()) << body;
        EXPECT_EQ(parsed.error().code(), Errc::corrupt);
    }
}

CORO_TEST(StorageAccountKeys, ListsByAPostThatChangesNothing) {
    World world(clock());
    world.transport.expect(Method::post, std::string(account_url) + "/listKeys?api-version=2023-05-01")
        .with_body("")
        .answer(200, keys);
    auto const listed = co_await world.storage_keys.list(account(), SteadyPoint::max());
    CO_ASSERT(listed.has_value());
    EXPECT_TRUE(listed->find("key2")->value.equals("two=="));
    EXPECT_TRUE(world.transport.sent().at(0).repeatable);
    EXPECT_EQ(world.tokens.audiences, std::vector<std::string>{"https://management.azure.com"});
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

CORO_TEST(StorageAccountKeys, RegeneratesOneSlotAndReturnsAll) {
    World world(clock());
    world.transport.expect(Method::post, std::string(account_url) + "/regenerateKey?api-version=2023-05-01")
        .with_body(R"({"keyName":"key2"})")
        .answer(200, keys);
    auto const made = co_await world.storage_keys.regenerate(account(), "key2", SteadyPoint::max());
    CO_ASSERT(made.has_value());
    EXPECT_EQ(made->slots.size(), 2U);
    EXPECT_FALSE(world.transport.sent().at(0).repeatable);
    for (std::string const slot : {"kerb1", "Key1", "", "key1\",\"x\":\""}) {
        auto const refused = co_await world.storage_keys.regenerate(account(), slot, SteadyPoint::max());
        CO_ASSERT(!refused.has_value());
        EXPECT_EQ(refused.error().code(), Errc::invalid_argument);
    }
}

CORO_TEST(StorageAccountKeys, ARegenerationMayHaveHappenedWhereTheAnswerDoesNotSay) {
    struct Case {
        std::string_view name;
        long status;
        std::string_view body;
        std::optional<Errc> failure;
        Errc code;
    };
    constexpr Case cases[] = {
        {"no answer", 0, "", Errc::outcome_unknown, Errc::outcome_unknown},
        {"an answer over its limit", 0, "", Errc::corrupt, Errc::outcome_unknown},
        {"never sent", 0, "", Errc::unavailable, Errc::unavailable},
        {"broken", 200, "{", {}, Errc::outcome_unknown},
        {"accepted only", 202, "", {}, Errc::outcome_unknown},
        {"internal", 500, R"({"error":{"code":"InternalServerError"}})", {}, Errc::outcome_unknown},
        {"gateway", 503, "", {}, Errc::outcome_unknown},
        {"timed out there", 408, "", {}, Errc::outcome_unknown},
        {"throttled", 429, R"({"error":{"code":"TooManyRequests"}})", {}, Errc::throttled},
        {"locked", 409, R"({"error":{"code":"ScopeLocked"}})", {}, Errc::invalid_argument},
        {"denied", 403, R"({"error":{"code":"AuthorizationFailed"}})", {}, Errc::permission_denied},
        {"gone", 404, R"({"error":{"code":"ResourceNotFound"}})", {}, Errc::not_found},
        {"in use by another", 409, R"({"error":{"code":"StorageAccountOperationInProgress"}})", {}, Errc::conflict},
    };
    for (auto const& [name, status, body, failure, code] : cases) {
        SCOPED_TRACE(name);
        World world(clock());
        auto& expected =
            world.transport.expect(Method::post, std::string(account_url) + "/regenerateKey?api-version=2023-05-01");
        if (failure) {
            expected.fails(*failure);
        } else {
            expected.answer(status, std::string(body));
        }
        auto const made = co_await world.storage_keys.regenerate(account(), "key1", SteadyPoint::max());
        CO_ASSERT(!made.has_value());
        EXPECT_EQ(to_string(made.error().code()), to_string(code));
        EXPECT_NE(made.error().message().find("regenerating key1 of storage account contoso"), std::string::npos);
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
}

}  // namespace
}  // namespace kssedr::azure
