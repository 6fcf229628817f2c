#include "test/local_azure/test_world.h"

#include <boost/json/array.hpp>

namespace kssedr::emulator {
namespace {

using namespace std::chrono_literals;

class ResourceManagerTest : public ::testing::Test {
protected:
    std::string key(listen::Response const& response, std::size_t at, std::string_view what) {
        auto const keys = member(response, "keys");
        return keys.is_array() && keys.get_array().size() > at ? text_of(member(keys.get_array()[at], what)) : "";
    }
    TestWorld t;
};

TEST_F(ResourceManagerTest, ListsAndRegeneratesKeysAsRecorded) {
    auto const before = t.arm("POST", t.account_path() + "/listKeys");
    ASSERT_EQ(before.status, 200U) << before.body;
    EXPECT_EQ(to_text(before, "x-ms-ratelimit-remaining-subscription-resource-requests"), "11999");
    EXPECT_EQ(key(before, 0, "keyName"), "key1");
    EXPECT_EQ(key(before, 1, "permissions"), "FULL");
    EXPECT_EQ(key(before, 0, "creationTime").size(), std::string("2022-11-18T04:03:39.0664156Z").size());
    EXPECT_EQ(key(before, 0, "value").size(), 88U);

    t.clock.advance(1h);
    auto const after = t.arm("POST", t.account_path() + "/regenerateKey", R"({"keyName":"KEY2"})");
    ASSERT_EQ(after.status, 200U) << after.body;
    EXPECT_EQ(to_text(after, "x-ms-ratelimit-remaining-subscription-writes"), "799");
    EXPECT_EQ(key(after, 0, "value"), key(before, 0, "value"));
    EXPECT_EQ(key(after, 0, "creationTime"), key(before, 0, "creationTime"));
    EXPECT_NE(key(after, 1, "value"), key(before, 1, "value"));
    EXPECT_TRUE(key(after, 1, "creationTime").starts_with("2026-01-15T10:30:00.")) << key(after, 1, "creationTime");
}

TEST_F(ResourceManagerTest, PathsAreReadWithoutRegardToCase) {
    auto path = to_ascii_lower(t.account_path());
    EXPECT_EQ(t.arm("GET", path).status, 200U);
    EXPECT_EQ(t.arm("POST", path + "/listkeys").status, 200U);
}

TEST_F(ResourceManagerTest, RefusesByTheKnownCodes) {
    struct Case {
        char const* name;
        std::string method;
        std::string path;
        std::string body;
        unsigned status;
        char const* code;
    };
    auto const subscription = "/subscriptions/" + t.subscription();
    auto const storage = "/providers/Microsoft.Storage/storageAccounts/";
    std::vector<Case> const cases = {
        {"subscription", "GET", "/subscriptions/none", "", 404, "SubscriptionNotFound"},
        {"group", "GET", subscription + "/resourceGroups/none" + storage + "demostorage", "", 404,
         "ResourceGroupNotFound"},
        {"account", "GET", subscription + "/resourceGroups/demo" + storage + "none", "", 404, "ResourceNotFound"},
        {"account's keys", "POST", subscription + "/resourceGroups/demo" + storage + "none/listKeys", "", 404,
         "ResourceNotFound"},
        {"vault", "GET", subscription + "/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/none", "", 404,
         "ResourceNotFound"},
        {"type", "GET", subscription + "/resourceGroups/demo/providers/Microsoft.Storage/none/x", "", 404,
         "InvalidResourceType"},
        {"no key name", "POST", t.account_path() + "/regenerateKey", "{}", 400, "InvalidRequestContent"},
        {"no body", "POST", t.account_path() + "/regenerateKey", "", 400, "InvalidRequestContent"},
        {"wrong key name", "POST", t.account_path() + "/regenerateKey", R"({"keyName":"key3"})", 400,
         "InvalidValuesForRequestParameters"},
    };
    for (auto const& one : cases) {
        auto const response = t.arm(one.method, one.path, one.body);
        EXPECT_EQ(response.status, one.status) << one.name << response.body;
        EXPECT_EQ(text_of(member(response, "error.code")), one.code) << one.name;
    }
    auto const token = t.token_for("https://management.localhost");
    auto const bare = t.ask({.host = "management.localhost:8443", .target = "/subscriptions", .token = token});
    EXPECT_EQ(text_of(member(bare, "error.code")), "MissingApiVersionParameter");
    auto const odd =
        t.ask({.host = "management.localhost:8443", .target = "/subscriptions?api-version=7", .token = token});
    EXPECT_EQ(text_of(member(odd, "error.code")), "InvalidApiVersionParameter");
}

TEST_F(ResourceManagerTest, TakesTheAudiencesThatClientsAskFor) {
    auto const status = [&](std::string const& host, std::string const& audience) {
        return t.ask({.host = host, .target = "/subscriptions?api-version=2022-12-01", .token = t.token_for(audience)})
            .status;
    };
    EXPECT_EQ(status("management.azure.com", "https://management.azure.com"), 200U);
    EXPECT_EQ(status("management.azure.com", "https://management.azure.com/"), 200U);
    EXPECT_EQ(status("management.azure.com", "https://management.core.windows.net/"), 200U);
    EXPECT_EQ(status("management.localhost:8443", "https://management.localhost:8443"), 200U);
    EXPECT_EQ(status("management.azure.com", "https://vault.azure.net"), 401U);
    EXPECT_EQ(status("management.azure.com", "https://evil-management.azure.com"), 401U);
    EXPECT_EQ(status("management.localhost:8443", "https://management.azure.com"), 401U);
}

TEST_F(ResourceManagerTest, AnExpiredTokenIsSaidToBeOne) {
    auto const token = t.token_for("https://management.localhost");
    t.clock.advance(2h);
    auto const response =
        t.ask({.host = "management.localhost:8443", .target = "/subscriptions?api-version=2022-12-01", .token = token});
    EXPECT_EQ(response.status, 401U);
    EXPECT_EQ(text_of(member(response, "error.code")), "ExpiredAuthenticationToken");
    EXPECT_NE(to_text(response, "WWW-Authenticate").find("error=\"invalid_token\""), std::string::npos);
}

TEST_F(ResourceManagerTest, ALockKeepsKeysFromBeingListedAndMade) {
    t.admin("PUT", "locks", R"({"scope":"/subscriptions/)" + t.subscription() + R"(/resourceGroups/DEMO"})");
    auto const before = t.world.accounts.find("demostorage")->second.keys[0].value;
    for (auto const* action : {"/listKeys", "/regenerateKey"}) {
        auto const response = t.arm("POST", t.account_path() + action, R"({"keyName":"key1"})");
        EXPECT_EQ(response.status, 409U) << action;
        EXPECT_EQ(text_of(member(response, "error.code")), "ScopeLocked") << action;
    }
    EXPECT_EQ(t.world.accounts.find("demostorage")->second.keys[0].value, before);
    EXPECT_EQ(t.arm("GET", t.account_path()).status, 200U);
    t.admin("DELETE", "locks");
    EXPECT_EQ(t.arm("POST", t.account_path() + "/listKeys").status, 200U);
}

TEST_F(ResourceManagerTest, ADeniedAppIsNotAuthorized) {
    t.admin("PUT", "apps", R"({"clientId":")" + t.app().client_id + R"(","deny":["keys.*"]})");
    auto const response = t.arm("POST", t.account_path() + "/listKeys");
    EXPECT_EQ(response.status, 403U);
    EXPECT_EQ(text_of(member(response, "error.code")), "AuthorizationFailed");
    EXPECT_NE(text_of(member(response, "error.message")).find("Microsoft.Storage/storageAccounts/listKeys/action"),
              std::string::npos);
    EXPECT_EQ(t.arm("GET", t.account_path()).status, 200U);
}

TEST_F(ResourceManagerTest, AVaultSaysHowItIsCalled) {
    auto const path =
        "/subscriptions/" + t.subscription() + "/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo";
    EXPECT_EQ(text_of(member(t.arm("GET", path), "properties.vaultUri")), "https://demo.vault.localhost:8443/");
    auto const real = t.ask({.host = "management.azure.com",
                             .target = path + "?api-version=2023-07-01",
                             .token = t.token_for("https://management.azure.com")});
    EXPECT_EQ(text_of(member(real, "properties.vaultUri")), "https://demo.vault.azure.net/");
}

TEST_F(ResourceManagerTest, WritesRunOutAndComeBack) {
    auto const body = R"({"keyName":"key1"})";
    auto const token = t.token_for("https://management.localhost");
    auto const regenerate = [&] {
        return t.ask({.method = "POST",
                      .host = "management.localhost:8443",
                      .target = t.account_path() + "/regenerateKey?api-version=2023-05-01",
                      .body = body,
                      .token = token});
    };
    for (int i = 0; i < 800; ++i) ASSERT_EQ(regenerate().status, 200U) << i;
    auto const refused = regenerate();
    EXPECT_EQ(refused.status, 429U);
    EXPECT_EQ(text_of(member(refused, "error.code")), "SubscriptionRequestsThrottled");
    EXPECT_EQ(to_text(refused, "Retry-After"), "1");
    asio::co_spawn(t.loop, t.real.sleep_for(Duration{1'000}), [](std::exception_ptr) {});
    t.real.run();
    EXPECT_EQ(regenerate().status, 200U);
}

}  // namespace
}  // namespace kssedr::emulator
