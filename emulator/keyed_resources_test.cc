// Resources with keys: services as they answer, one of each kind of answer.

#include "test/local_azure/test_world.h"

#include "emulator/keyed_resources.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace kssedr::emulator {
namespace {

using namespace std::chrono_literals;

class KeyedResourcesTest : public ::testing::Test {
protected:
    std::string id(std::string const& tail) {
        return "/subscriptions/" + t.subscription() + "/resourceGroups/demo/providers/" + tail;
    }
    std::string make(std::string const& tail, std::string const& more = "") {
        auto const made = t.admin("PUT", "resources", R"({"id":")" + id(tail) + "\"" + more + "}");
        EXPECT_EQ(made.status, 200U) << made.body;
        return id(tail);
    }
    listen::Response arm(std::string const& method, std::string const& path, std::string const& version,
                         std::string const& body = {}, std::string const& match = {}) {
        std::vector<std::pair<std::string, std::string>> headers;
        if (!match.empty()) headers.emplace_back("If-Match", match);
        return t.ask({.method = method,
                      .host = "management.localhost:8443",
                      .target = path + "?api-version=" + version,
                      .body = body,
                      .token = t.token_for("https://management.localhost"),
                      .headers = headers});
    }
    listen::Response follow(std::string const& url) {
        return t.ask({.host = "management.localhost:8443",
                      .target = url.substr(std::string("https://management.localhost:8443").size()),
                      .token = t.token_for("https://management.localhost")});
    }
    std::vector<ResourceKey>& keys(std::string const& tail) { return t.world.resources.find(id(tail))->second.keys; }

    TestWorld t;
};

TEST_F(KeyedResourcesTest, AServiceIsFoundByTheLongestTypeOfThePath) {
    struct Case {
        char const* tail;
        char const* method;
        char const* type;
        char const* operation;
        char const* right;
    };
    std::vector<Case> const cases = {
        {"microsoft.cache/Redis/cart/listkeys", "POST", "Microsoft.Cache/redis", "keys.list",
         "Microsoft.Cache/redis/listkeys/action"},
        {"Microsoft.EventGrid/namespaces/n/regenerateKey", "POST", "Microsoft.EventGrid/namespaces", "keys.regenerate",
         "Microsoft.EventGrid/namespaces/regenerateKey/action"},
        {"Microsoft.EventGrid/namespaces/n/topics/t/regenerateKey", "POST", "Microsoft.EventGrid/namespaces/topics",
         "keys.regenerate", "Microsoft.EventGrid/namespaces/topics/regenerateKey/action"},
        {"Microsoft.Search/searchServices/s/regenerateAdminKey/primary", "POST", "Microsoft.Search/searchServices",
         "keys.regenerate", "Microsoft.Search/searchServices/regenerateAdminKey/action"},
        {"Microsoft.ApiManagement/service/s/subscriptions/x/regeneratePrimaryKey", "POST",
         "Microsoft.ApiManagement/service/subscriptions", "keys.regenerate",
         "Microsoft.ApiManagement/service/subscriptions/regeneratePrimaryKey/action"},
        {"Microsoft.Web/sites/a/host/default/functionKeys/x", "PUT", "Microsoft.Web/sites/host", "keys.regenerate",
         "Microsoft.Web/sites/host/functionKeys/write"},
        {"Microsoft.Devices/IotHubs/h/IotHubKeys/service/listkeys", "POST", "Microsoft.Devices/IotHubs", "keys.list",
         "Microsoft.Devices/IotHubs/IotHubKeys/listkeys/action"},
        {"Microsoft.Devices/IotHubs/h", "PUT", "Microsoft.Devices/IotHubs", "resource.put",
         "Microsoft.Devices/IotHubs/write"},
        {"Microsoft.Cache/redis/cart", "GET", "Microsoft.Cache/redis", "resource.get", "Microsoft.Cache/redis/read"},
        {"Microsoft.Cache/redis/cart", "PUT", "Microsoft.Cache/redis", "other", "Microsoft.Cache/redis/write"},
        {"Microsoft.Cache/redis/cart/listKeys", "GET", "Microsoft.Cache/redis", "other", "Microsoft.Cache/redis/read"},
    };
    for (auto const& one : cases) {
        auto const path = parse_keyed_path(split_path(id(one.tail)));
        ASSERT_TRUE(path) << one.tail;
        EXPECT_EQ(path->service->type, one.type) << one.tail;
        EXPECT_EQ(find_keyed_operation(one.method, *path), one.operation) << one.tail;
        EXPECT_EQ(find_keyed_right(one.method, *path), one.right) << one.tail;
    }
    EXPECT_FALSE(parse_keyed_path(split_path(id("Microsoft.Storage/storageAccounts/x/listKeys"))));
    EXPECT_FALSE(parse_keyed_path(split_path(id("Microsoft.Cache/redisEnterprise/x"))));
}

// "Microsoft.Cache/redisEnterprise/databases" to "Microsoft.Cache/redisEnterprise/own/databases/own"
std::string place_of(std::string_view type) {
    auto const parts = split(type, '/');
    std::string place(parts[0]);
    for (std::size_t i = 1; i < parts.size(); ++i) place += "/" + std::string(parts[i]) + "/own";
    return place;
}

TEST_F(KeyedResourcesTest, EveryServicesTemplatesAreFilled) {
    for (auto const& service : key_services()) {
        auto const path = make(place_of(service.type));
        std::string const version(split(service.versions, ' ')[0]);
        auto const listed = arm("POST", path + "/" + std::string(service.list), version);
        ASSERT_EQ(listed.status, 200U) << service.type << listed.body;
        auto const& resource = t.world.resources.find(path)->second;
        for (auto const& key : resource.keys) {
            EXPECT_NE(listed.body.find(key.value), std::string::npos) << service.type << listed.body;
            auto const told = listed.body + key.value + key.id + json::serialize(answer_regeneration(resource, key));
            for (auto const* gap : {"{k", "{i", "{m", "{n", "{1", "{2", "{a", "{s", "{t", "{b", "{h", "{g"})
                EXPECT_EQ(told.find(gap), std::string::npos) << service.type << gap << told;
        }
    }
}

TEST_F(KeyedResourcesTest, ARegenerationChangesTheKeyItNamesAndNoOther) {
    struct Case {
        char const* name;
        std::string tail;
        std::string action;
        std::string body;
        char const* version;
        unsigned status;
        std::size_t changed;  // 9: none
        char const* code;
    };
    auto const cart = "Microsoft.Cache/redis/cart";
    auto const shop = "Microsoft.ApiManagement/service/shop/subscriptions/all";
    auto const rule = "Microsoft.ServiceBus/namespaces/n/queues/q/authorizationRules/r";
    auto const app = "Microsoft.Web/sites/a/host/default";
    std::vector<Case> const cases = {
        {"all keys", cart, "regenerateKey", R"({"keyType":"Secondary"})", "2024-11-01", 200, 1, "null"},
        {"wrong case of the slot", cart, "regenerateKey", R"({"keyType":"secondary"})", "2024-11-01", 400, 9,
         "BadRequest"},
        {"wrong member", cart, "regenerateKey", R"({"keyName":"Secondary"})", "2024-11-01", 400, 9, "BadRequest"},
        {"no body", cart, "regenerateKey", "", "2024-11-01", 400, 9, "BadRequest"},
        {"wrong version", cart, "regenerateKey", R"({"keyType":"Secondary"})", "2024-11-02", 400, 9,
         "NoRegisteredProviderFound"},
        {"nothing", shop, "regenerateSecondaryKey", "", "2024-05-01", 204, 1, "null"},
        {"a slot in the path that is none", shop, "regenerateOtherKey", "", "2024-05-01", 400, 9, "BadRequest"},
        {"of an entity", rule, "regenerateKeys", R"({"keyType":"PrimaryKey"})", "2024-01-01", 200, 0, "null"},
        {"in the service's own shape", app, "functionKeys/x", R"({"name":"x"})", "2023-12-01", 400, 9, "null"},
    };
    for (auto const& one : cases) {
        auto const path = make(one.tail);
        auto const before = keys(one.tail);
        auto const method = one.tail == app ? "PUT" : "POST";
        auto const response = arm(method, path + "/" + one.action, one.version, one.body);
        EXPECT_EQ(response.status, one.status) << one.name << response.body;
        EXPECT_EQ(text_of(member(response, "error.code")), one.code) << one.name;
        auto const& after = keys(one.tail);
        ASSERT_EQ(after.size(), before.size()) << one.name;
        for (std::size_t i = 0; i < before.size(); ++i)
            EXPECT_EQ(before[i].value != after[i].value, i == one.changed) << one.name << i;
    }
    auto const odd = arm("PUT", id(app) + "/functionKeys/x", "2023-12-01", R"({"name":"x"})");
    EXPECT_EQ(text_of(member(odd, "Code")), "BadRequest") << odd.body;
}

TEST_F(KeyedResourcesTest, ACallerMayChooseAKeyWhereTheServiceAllowsIt) {
    auto const rule = "Microsoft.EventHub/namespaces/n/authorizationRules/r";
    arm("POST", make(rule) + "/regenerateKeys", "2024-01-01", R"({"keyType":"PrimaryKey","key":"bXkgb3du"})");
    EXPECT_EQ(keys(rule)[0].value, "bXkgb3du");
    auto const app = "Microsoft.Web/sites/a/host/default";
    auto const made = arm("PUT", make(app) + "/functionKeys/second", "2023-12-01",
                          R"({"properties":{"name":"second","value":"chosen"}})");
    EXPECT_EQ(made.status, 201U) << made.body;
    ASSERT_EQ(keys(app).size(), 2U);
    EXPECT_EQ(keys(app)[1].value, "chosen");
    auto const listed = arm("POST", id(app) + "/listKeys", "2023-12-01");
    EXPECT_EQ(text_of(member(listed, "functionKeys.second")), "chosen") << listed.body;
    auto const cart = "Microsoft.Cache/redis/cart";
    arm("POST", make(cart) + "/regenerateKey", "2024-11-01", R"({"keyType":"Primary","key":"bXkgb3du"})");
    EXPECT_NE(keys(cart)[0].value, "bXkgb3du");
}

TEST_F(KeyedResourcesTest, AKeysIdChangesWithIt) {
    auto const store = "Microsoft.AppConfiguration/configurationStores/s";
    auto const path = make(store);
    auto const old = keys(store)[2];
    auto const body = R"({"id":")" + old.id + "\"}";
    auto const response = arm("POST", path + "/regenerateKey", "2024-06-01", body);
    EXPECT_EQ(text_of(member(response, "name")), "Primary Read Only") << response.body;
    EXPECT_EQ(text_of(member(response, "value")), keys(store)[2].value);
    EXPECT_NE(keys(store)[2].id, old.id);
    EXPECT_EQ(arm("POST", path + "/regenerateKey", "2024-06-01", body).status, 400U);
}

TEST_F(KeyedResourcesTest, WhatGoesOnIsToldOfAtASignedAddress) {
    auto const account = "Microsoft.DocumentDB/databaseAccounts/c";
    auto const path = make(account, R"(,"operationTakes":"PT5S")");
    auto const before = keys(account);
    auto const begun = arm("POST", path + "/regenerateKey", "2024-08-15", R"({"keyKind":"secondaryReadonly"})");
    EXPECT_EQ(begun.status, 202U) << begun.body;
    EXPECT_EQ(text_of(member(begun, "status")), "Enqueued");
    EXPECT_EQ(to_text(begun, "Retry-After"), "");
    auto const url = to_text(begun, "Azure-AsyncOperation");
    auto const result = to_text(begun, "Location");
    EXPECT_GT(url.size(), 3000U);
    EXPECT_EQ(text_of(member(follow(url), "status")), "Enqueued");
    EXPECT_EQ(follow(result).status, 202U);
    EXPECT_EQ(follow(url.substr(0, url.size() - 1)).status, 403U);
    EXPECT_EQ(keys(account)[3].value, before[3].value);
    EXPECT_EQ(arm("POST", path + "/regenerateKey", "2024-08-15", R"({"keyKind":"primary"})").status, 409U);

    t.clock.advance(6s);
    EXPECT_EQ(text_of(member(follow(url), "status")), "Succeeded");
    EXPECT_EQ(follow(result).status, 204U);
    auto const listed = arm("POST", path + "/listKeys", "2024-08-15");
    EXPECT_EQ(text_of(member(listed, "secondaryReadonlyMasterKey")), keys(account)[3].value);
    EXPECT_NE(keys(account)[3].value, before[3].value);
    EXPECT_EQ(keys(account)[1].value, before[1].value);
}

TEST_F(KeyedResourcesTest, AHubIsWrittenBackWholeUnderItsETag) {
    auto const hub = "Microsoft.Devices/IotHubs/h";
    auto const path = make(hub, R"(,"operationTakes":"PT5S")");
    auto const version = "2023-06-30";
    auto const one = arm("POST", path + "/IotHubKeys/SERVICE/listkeys", version);
    EXPECT_EQ(text_of(member(one, "primaryKey")), keys(hub)[2].value) << one.body;
    auto const none = arm("POST", path + "/IotHubKeys/none/listkeys", version);
    EXPECT_EQ(none.status, 404U);
    EXPECT_EQ(text_of(member(none, "Code")), "KeyNameNotFound");

    auto resource = parse_json(arm("GET", path, version).body)->get_object();
    auto policies = parse_json(arm("POST", path + "/listkeys", version).body)->get_object()["value"];
    auto const new_key = std::string(43, 'A') + "=";
    policies.get_array()[1].get_object()["secondaryKey"] = new_key;
    resource["properties"].get_object()["authorizationPolicies"] = policies;
    auto const etag = std::string(resource["etag"].get_string());
    auto const stale = arm("PUT", path, version, json::serialize(resource), "AAAA");
    EXPECT_EQ(stale.status, 412U);
    EXPECT_EQ(text_of(member(stale, "HttpStatusCode")), "PreconditionFailed");
    auto moved = resource;
    moved["location"] = "elsewhere";
    EXPECT_EQ(arm("PUT", path, version, json::serialize(moved), etag).status, 400U);

    auto const written = arm("PUT", path, version, json::serialize(resource), etag);
    EXPECT_EQ(written.status, 201U) << written.body;
    EXPECT_NE(to_text(written, "Azure-AsyncOperation"), "");
    t.clock.advance(5s);
    EXPECT_EQ(text_of(member(arm("POST", path + "/IotHubKeys/service/listkeys", version), "secondaryKey")), new_key);
    EXPECT_EQ(arm("PUT", path, version, json::serialize(resource), etag).status, 412U);
}

TEST_F(KeyedResourcesTest, LocksDenialsFaultsAndRatesAreThoseOfStorageAccounts) {
    auto const path = make("Microsoft.Cache/redis/cart");
    auto const list = [&] { return arm("POST", path + "/listKeys", "2024-11-01"); };
    EXPECT_EQ(to_text(list(), "x-ms-ratelimit-remaining-subscription-resource-requests"), "11999");
    auto const body = R"({"keyType":"Primary"})";
    EXPECT_EQ(to_text(arm("POST", path + "/regenerateKey", "2024-11-01", body),
                      "x-ms-ratelimit-remaining-subscription-writes"),
              "799");

    t.admin("PUT", "locks", R"({"scope":")" + path + "\"}");
    EXPECT_EQ(text_of(member(list(), "error.code")), "ScopeLocked");
    t.admin("DELETE", "locks");

    t.admin("POST", "faults", R"({"match":{"operation":"keys.list","resource":"cart"},"action":{"status":503}})");
    EXPECT_EQ(list().status, 503U);
    EXPECT_EQ(list().status, 200U);

    t.admin("PUT", "apps",
            R"({"clientId":")" + t.app().client_id + R"(","deny":["Microsoft.Cache/Redis/listKeys/action"]})");
    auto const denied = list();
    EXPECT_EQ(text_of(member(denied, "error.code")), "AuthorizationFailed") << denied.body;
    EXPECT_EQ(arm("POST", path + "/regenerateKey", "2024-11-01", body).status, 200U);
}

TEST_F(KeyedResourcesTest, TheAdminShowsKeysAndStateDoesNot) {
    auto const cart = "Microsoft.Cache/redis/cart";
    auto const path = make(cart);
    auto const key = keys(cart)[0].value;
    make(cart, R"(,"operationTakes":"PT1S")");
    EXPECT_EQ(keys(cart)[0].value, key) << "putting it again keeps its keys";
    EXPECT_NE(t.admin("GET", "resources").body.find(key), std::string::npos);
    EXPECT_EQ(t.admin("GET", "state").body.find(key), std::string::npos);
    EXPECT_NE(t.admin("GET", "state").body.find(path), std::string::npos);
    for (auto const* wrong : {"/subscriptions/x", "", "/x/y"})
        EXPECT_EQ(t.admin("PUT", "resources", R"({"id":")" + std::string(wrong) + "\"}").status, 400U) << wrong;
    EXPECT_EQ(t.admin("PUT", "resources", R"({"id":")" + path + R"(/listKeys"})").status, 400U);
    EXPECT_EQ(t.admin("DELETE", "resources/" + TestWorld::format_percent(path)).body, R"({"removed":1})");
    EXPECT_EQ(arm("POST", path + "/listKeys", "2024-11-01").status, 404U);
}

TEST_F(KeyedResourcesTest, TheSeedMakesThemToo) {
    auto const path = id("Microsoft.Cache/redis/cart");
    json::object const seed{{"resources", json::array{json::object{{"id", path}}}}};
    ASSERT_TRUE(t.builder.plant(seed));
    EXPECT_EQ(arm("POST", path + "/listKeys", "2024-11-01").status, 200U);
    EXPECT_FALSE(t.builder.plant(json::object{{"resources", json::array{json::object{{"id", "/x"}}}}}));
}

}  // namespace
}  // namespace kssedr::emulator
