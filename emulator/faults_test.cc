#include "test/local_azure/test_world.h"

#include <boost/json/array.hpp>

namespace kssedr::emulator {
namespace {

class FaultsTest : public ::testing::Test {
protected:
    void order(std::string const& fault) {
        auto const response = t.admin("POST", "faults", fault);
        ASSERT_EQ(response.status, 200U) << response.body;
    }
    std::size_t secrets() { return t.world.vaults.find("demo")->second.secrets.size(); }
    json::value last_call() {
        auto const calls = parse_json(t.admin("GET", "calls").body);
        return calls->get_array().back();
    }
    TestWorld t;
};

TEST_F(FaultsTest, MeetsTheCallsItIsToldTo) {
    order(
        R"({"match":{"service":"keyvault","operation":"secret.get","resource":"demo/A"},"after":1,"times":2,"action":{"status":503,"code":"Busy"}})");
    t.vault("PUT", "/secrets/a", R"({"value":"v"})");
    std::vector<unsigned> statuses;
    for (int i = 0; i < 5; ++i) statuses.push_back(t.vault("GET", "/secrets/a").status);
    EXPECT_EQ(statuses, (std::vector<unsigned>{200, 503, 503, 200, 200}));
    EXPECT_EQ(t.vault("GET", "/secrets/b").status, 404U);
}

TEST_F(FaultsTest, AStatusHidesTheServiceUnlessTheEffectIsWanted) {
    order(R"([{"match":{"operation":"secret.set"},"action":{"status":500}},
             {"match":{"operation":"secret.set"},"after":1,"action":{"status":429,"code":"Throttled","effect":true,"headers":{"Retry-After":"3"}}}])");
    EXPECT_EQ(t.vault("PUT", "/secrets/a", R"({"value":"v"})").status, 500U);
    EXPECT_EQ(secrets(), 0U);
    EXPECT_EQ(member(last_call(), "effect"), json::value(false));
    auto const second = t.vault("PUT", "/secrets/a", R"({"value":"v"})");
    EXPECT_EQ(second.status, 429U);
    EXPECT_EQ(to_text(second, "Retry-After"), "3");
    EXPECT_EQ(text_of(member(second, "error.code")), "Throttled");
    EXPECT_EQ(secrets(), 1U);
    EXPECT_EQ(member(last_call(), "effect"), json::value(true));
}

TEST_F(FaultsTest, AResetComesOnEitherSideOfTheEffect) {
    order(R"([{"match":{"operation":"secret.set","resource":"before"},"action":{"reset":"before"}},
             {"match":{"operation":"secret.set","resource":"later"},"action":{"reset":"after"}}])");
    EXPECT_TRUE(t.vault("PUT", "/secrets/before", R"({"value":"v"})").reset);
    EXPECT_EQ(secrets(), 0U);
    EXPECT_TRUE(t.vault("PUT", "/secrets/later", R"({"value":"v"})").reset);
    EXPECT_EQ(secrets(), 1U);
    EXPECT_EQ(member(last_call(), "status"), json::value(0));
    EXPECT_EQ(text_of(member(last_call(), "fault")), "reset-after");
}

TEST_F(FaultsTest, AHeldCallWaitsUntilItIsLetGo) {
    order(R"([{"match":{"operation":"secret.set","resource":"one"},"action":{"hold":"before"}},
             {"match":{"operation":"secret.set","resource":"two"},"action":{"hold":"after"}}])");
    auto const token = t.token_for("https://vault.localhost");
    auto const put = [&](std::string const& name) {
        return t.start({.method = "PUT",
                        .host = "demo.vault.localhost:8443",
                        .target = "/secrets/" + name + "?api-version=7.4",
                        .body = R"({"value":"v"})",
                        .token = token});
    };
    auto const one = put("one");
    auto const two = put("two");
    t.real.run();
    EXPECT_FALSE(one->has_value());
    EXPECT_FALSE(two->has_value());
    EXPECT_EQ(secrets(), 1U);
    auto const held = parse_json(t.admin("GET", "holds").body)->get_array();
    ASSERT_EQ(held.size(), 2U);
    EXPECT_EQ(text_of(member(held[0], "what")), "secret.set demo/one before");
    t.admin("DELETE", "holds/" + text_of(member(held[1], "call")));
    EXPECT_FALSE(one->has_value());
    ASSERT_TRUE(two->has_value());
    EXPECT_EQ((*two)->status, 200U);
    t.admin("DELETE", "holds");
    ASSERT_TRUE(one->has_value());
    EXPECT_EQ((*one)->status, 200U);
    EXPECT_EQ(secrets(), 2U);
}

TEST_F(FaultsTest, MeetsOneClientOfSeveral) {
    order(R"({"match":{"service":"blob","userAgent":"kssedr/"},"times":0,"action":{"status":503}})");
    auto const status_for = [&](std::vector<std::pair<std::string, std::string>> headers) {
        return t.ask({.host = "demostorage.blob.storage.localhost:8443", .target = "/?comp=list", .headers = headers})
            .status;
    };
    EXPECT_EQ(status_for({{"User-Agent", "kssedr/1.0"}}), 503U);
    EXPECT_NE(status_for({{"User-Agent", "application"}}), 503U);
    EXPECT_NE(status_for({}), 503U);
}

TEST_F(FaultsTest, ADelayIsRealTime) {
    order(R"({"match":{"operation":"secret.list"},"action":{"delayMs":1500}})");
    auto const before = t.real.steady_now();
    EXPECT_EQ(t.vault("GET", "/secrets").status, 200U);
    EXPECT_EQ(t.real.steady_now() - before, Duration{1500});
}

TEST_F(FaultsTest, EveryServiceRefusesInItsOwnShape) {
    order(
        R"([{"match":{"service":"entra"},"action":{"status":503}},{"match":{"service":"arm"},"action":{"status":500,"code":"Oops"}},
             {"match":{"service":"blob"},"action":{"status":500,"code":"InternalError"}}])");
    auto const entra = t.ask({.method = "POST", .host = "login.localhost:8443", .target = "/x/oauth2/v2.0/token"});
    EXPECT_EQ(text_of(member(entra, "error")), "temporarily_unavailable");
    EXPECT_EQ(text_of(member(t.arm("GET", "/subscriptions"), "error.code")), "Oops");
    auto const blob = t.ask({.host = "demostorage.blob.storage.localhost:8443", .target = "/?comp=list"});
    EXPECT_NE(blob.body.find("<Code>InternalError</Code>"), std::string::npos);
}

TEST_F(FaultsTest, AWrongOrderIsRefusedWholeAndNamesItsFault) {
    struct Case {
        char const* text;
        char const* says;
    };
    std::vector<Case> const cases = {
        {R"({"action":{"staus":500}})", "did you mean 'status'"},
        {R"({"match":{"service":"vault"},"action":{}})", "entra, keyvault, arm, blob, graph, eventgrid or endpoint"},
        {R"({"match":{}})", "must have an 'action'"},
        {R"({"action":{"hold":"during"}})", "before"},
        {R"({"action":{"status":99}})", "200 to 599"},
        {R"([{"action":{}},{"action":{"delayMs":-1}}])", "delayMs"},
        {R"(7)", "must be a JSON object"},
        {R"({)", "no JSON"},
    };
    for (auto const& one : cases) {
        auto const response = t.admin("POST", "faults", one.text);
        EXPECT_EQ(response.status, 400U) << one.text;
        EXPECT_NE(response.body.find(one.says), std::string::npos) << response.body;
    }
    EXPECT_EQ(t.admin("GET", "faults").body, "[]");
}

TEST_F(FaultsTest, CallRecordsNameTheCallerAndHoldNoValue) {
    t.vault("PUT", "/secrets/a", R"({"value":"very-secret","tags":{"t":"tag-text"}})");
    auto const text = t.admin("GET", "calls").body;
    EXPECT_EQ(text.find("very-secret"), std::string::npos);
    EXPECT_EQ(text.find("tag-text"), std::string::npos);
    EXPECT_EQ(text.find(t.app().secrets[0]), std::string::npos);
    EXPECT_EQ(text.find("eyJ"), std::string::npos);
    auto const call = last_call();
    EXPECT_EQ(text_of(member(call, "service")), "keyvault");
    EXPECT_EQ(text_of(member(call, "operation")), "secret.set");
    EXPECT_EQ(text_of(member(call, "path")), "/secrets/a");
    EXPECT_EQ(text_of(member(call, "clientId")), t.app().client_id);
    EXPECT_EQ(member(call, "status"), json::value(200));
    t.admin("DELETE", "calls");
    EXPECT_EQ(t.admin("GET", "calls").body, "[]");
}

}  // namespace
}  // namespace kssedr::emulator
