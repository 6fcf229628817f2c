// The services' own endpoints: a key that is one of the resource's is taken, and nothing else is.

#include "emulator/key_endpoints.h"

#include "base/hash.h"
#include "test/local_azure/test_world.h"

namespace kssedr::emulator {
namespace {

class KeyEndpointsTest : public ::testing::Test {
protected:
    std::vector<ResourceKey>& make(std::string const& type) {
        auto const id = "/subscriptions/" + t.subscription() + "/resourceGroups/demo/providers/" + type + "/shop";
        EXPECT_EQ(t.admin("PUT", "resources", R"({"id":")" + id + "\"}").status, 200U);
        return t.world.resources.find(id)->second.keys;
    }
    unsigned ask(std::string const& method, std::string const& host, std::string const& target,
                 std::vector<std::pair<std::string, std::string>> headers = {}) {
        return t.ask({.method = method, .host = host, .target = target, .headers = std::move(headers)}).status;
    }

    TestWorld t;
};

struct Endpoint {
    char const* type;
    char const* method;
    char const* host;
    char const* target;
    unsigned turned_down;
};
constexpr Endpoint all[] = {
    {"Microsoft.DocumentDB/databaseAccounts", "GET", "shop.documents.azure.com", "/dbs", 401},
    {"Microsoft.Search/searchServices", "GET", "shop.search.windows.net", "/servicestats?api-version=2024-07-01", 403},
    {"Microsoft.CognitiveServices/accounts", "POST", "shop.cognitiveservices.azure.com", "/sts/v1.0/issueToken", 401},
    {"Microsoft.CognitiveServices/accounts", "GET", "shop.cognitiveservices.azure.com",
     "/openai/models?api-version=2024-10-21", 401},
    {"Microsoft.SignalRService/signalR", "GET", "shop.service.signalr.net", "/api/v1/hubs/kssedr/connections/none",
     401},
    {"Microsoft.SignalRService/webPubSub", "HEAD", "shop.webpubsub.azure.com",
     "/api/hubs/kssedr/connections/none?api-version=2024-01-01", 401},
    {"Microsoft.AppConfiguration/configurationStores", "GET", "shop.azconfig.io", "/keys?api-version=1.0", 401},
    {"Microsoft.Communication/communicationServices", "GET", "shop.communication.azure.com",
     "/phoneNumbers?api-version=2022-12-01", 401},
    {"Microsoft.ContainerRegistry/registries", "GET", "shop.azurecr.io", "/v2/", 401},
};

TEST_F(KeyEndpointsTest, TurnDownWhoHasNoKey) {
    for (auto const& one : all) {
        SCOPED_TRACE(one.target);
        EXPECT_EQ(ask(one.method, one.host, one.target), 404U) << "before there is such a resource";
        make(one.type);
        EXPECT_EQ(ask(one.method, one.host, one.target), one.turned_down);
        for (std::string const given : {"Basic c2hvcDp4", "Bearer e30.e30.e30",
                                        "HMAC-SHA256 Credential=&Signature=", "type%3Dmaster%26ver%3D1.0%26sig%3D"})
            EXPECT_EQ(ask(one.method, one.host, one.target,
                          {{"Authorization", given}, {"api-key", "x"}, {"Ocp-Apim-Subscription-Key", "x"}}),
                      one.turned_down)
                << given;
        EXPECT_EQ(ask(one.method, one.host, "/other"), 404U);
        EXPECT_EQ(t.admin("DELETE", "resources/" + TestWorld::format_percent(t.world.resources.begin()->first)).status,
                  200U);
    }
}

TEST_F(KeyEndpointsTest, TakeEachOfTheResourcesKeysAndNoneThatWas) {
    auto& keys = make("Microsoft.Search/searchServices");
    auto const stats = [&](std::string const& key) {
        return ask("GET", "shop.search.windows.net", "/servicestats?api-version=2024-07-01", {{"api-key", key}});
    };
    auto const was = keys[0].value;
    EXPECT_EQ(stats(was), 200U);
    EXPECT_EQ(stats(keys[1].value), 200U);
    keys[0].value = "new";
    EXPECT_EQ(stats(was), 403U);
    EXPECT_EQ(stats("new"), 200U);
    EXPECT_EQ(ask("GET", "shop.search.windows.net", "/servicestats", {{"api-key", "new"}}), 400U) << "no api-version";

    auto& passwords = make("Microsoft.ContainerRegistry/registries");
    auto const login = [&](std::string const& user, std::string const& password) {
        return ask("GET", "shop.azurecr.io", "/v2/",
                   {{"Authorization", "Basic " + format_base64(user + ":" + password)}});
    };
    EXPECT_EQ(login("shop", passwords[1].value), 200U);
    EXPECT_EQ(login("other", passwords[1].value), 401U);
}

TEST_F(KeyEndpointsTest, ATokenIsForItsUrlAlone) {
    auto& keys = make("Microsoft.SignalRService/webPubSub");
    std::string const target = "/api/hubs/kssedr/connections/none?api-version=2024-01-01";
    auto const token_for = [&](std::string const& audience, std::string const& algorithm) {
        auto const text = format_base64url(R"({"alg":")" + algorithm + R"(","typ":"JWT"})") + "." +
                          format_base64url(R"({"aud":")" + audience + R"(","exp":1768469460})");
        return "Bearer " + text + "." + format_base64url(hmac_sha256(keys[0].value, text));
    };
    auto const head = [&](std::string const& token) {
        return ask("HEAD", "shop.webpubsub.azure.com", target, {{"Authorization", token}});
    };
    auto const url = "https://shop.webpubsub.azure.com" + target;
    EXPECT_EQ(head(token_for(url, "HS256")), 404U) << "there is no such connection";
    EXPECT_EQ(head(token_for(url.substr(0, url.find('?')), "HS256")), 404U);
    EXPECT_EQ(head(token_for("https://shop.webpubsub.azure.com/", "HS256")), 401U);
    EXPECT_EQ(head(token_for(url, "none")), 401U);
}

}  // namespace
}  // namespace kssedr::emulator
