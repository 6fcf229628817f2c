// The small parts: clock, names of services, queries, throttles, seeds.

#include "test/local_azure/test_world.h"

namespace kssedr::emulator {
namespace {

using namespace std::chrono_literals;

CORO_TEST(EmulatedClock, RunsJumpsAndStandsStill) {
    EmulatedClock emulated(clock(), test::epoch, 60);
    co_await clock().sleep_for(1s);
    EXPECT_EQ(emulated.now(), test::epoch + 1min);
    EXPECT_EQ(emulated.unhurried_now(), test::epoch + 1s);
    emulated.set_speed(0);
    co_await clock().sleep_for(1h);
    EXPECT_EQ(emulated.now(), test::epoch + 1min);
    emulated.advance(30s);
    EXPECT_EQ(emulated.now(), test::epoch + 90s);
    EXPECT_EQ(emulated.unhurried_now(), test::epoch + 31s);
    emulated.set(test::epoch + 24h);
    emulated.set_speed(1);
    co_await clock().sleep_for(2s);
    EXPECT_EQ(emulated.now(), test::epoch + 24h + 2s);
}

TEST(FindDestination, TellsServicesByTheirNames) {
    struct Case {
        char const* host;
        ServiceKind kind;
        char const* instance;
        char const* login;
        char const* vaults;
    };
    std::vector<Case> const cases = {
        {"login.localhost:8443", ServiceKind::entra, "", "login.localhost:8443", "vault.localhost:8443"},
        {"login.microsoftonline.com", ServiceKind::entra, "", "login.microsoftonline.com", "vault.azure.net"},
        {"login.windows.net", ServiceKind::entra, "", "login.microsoftonline.com", "vault.azure.net"},
        {"management.azure.com:443", ServiceKind::resource_manager, "", "login.microsoftonline.com", "vault.azure.net"},
        {"management.usgovcloudapi.net", ServiceKind::resource_manager, "", "login.microsoftonline.us",
         "vault.usgovcloudapi.net"},
        {"x.vault.azure.net", ServiceKind::key_vault, "x", "login.microsoftonline.com", "vault.azure.net"},
        {"x.vault.azure.cn", ServiceKind::key_vault, "x", "login.chinacloudapi.cn", "vault.azure.cn"},
        {"x.vault.a.test:1", ServiceKind::key_vault, "x", "login.a.test:1", "vault.a.test:1"},
        {"graph.localhost:8443", ServiceKind::graph, "", "login.localhost:8443", "vault.localhost:8443"},
        {"graph.microsoft.com", ServiceKind::graph, "", "login.microsoftonline.com", "vault.azure.net"},
        {"microsoftgraph.chinacloudapi.cn", ServiceKind::graph, "", "login.chinacloudapi.cn", "vault.azure.cn"},
        {"x.blob.core.windows.net", ServiceKind::blob, "x", "login.microsoftonline.com", "vault.azure.net"},
        {"x.blob.storage.localhost:8443", ServiceKind::blob, "x", "login.localhost:8443", "vault.localhost:8443"},
    };
    for (auto const& one : cases) {
        auto const found = find_destination(one.host);
        ASSERT_TRUE(found) << one.host;
        EXPECT_EQ(found->kind, one.kind) << one.host;
        EXPECT_EQ(found->instance, one.instance) << one.host;
        EXPECT_EQ(found->cloud.login, one.login) << one.host;
        EXPECT_EQ(found->cloud.vault_suffix, one.vaults) << one.host;
    }
    for (auto const* host : {"", ".", ".vault.x", "localhost", "127.0.0.1:1", "x.vault.", "x.vault", "example.com",
                             "x.queue.core.windows.net"})
        EXPECT_FALSE(find_destination(host)) << host;
}

TEST(Query, IsReadWhateverItHolds) {
    Query const query("a=1&B=x%20y&&c&d=%zz%4&e=a+b", PlusSign::is_blank);
    EXPECT_EQ(query.get("A"), "1");
    EXPECT_EQ(query.get("b"), "x y");
    EXPECT_EQ(query.find("c"), "");
    EXPECT_EQ(query.get("d"), "%zz%4");
    EXPECT_EQ(query.get("e"), "a b");
    EXPECT_EQ(query.find("f"), std::nullopt);
    EXPECT_EQ(parse_percent("%41%"), "A%");
}

TEST(VaultThrottle, WindowsSlide) {
    VaultThrottle throttle;
    SteadyPoint const start{1h};
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(throttle.admit(true, start + Duration{i * 10}));
    EXPECT_FALSE(throttle.admit(true, start + Duration{9'999}));
    EXPECT_TRUE(throttle.admit(false, start + Duration{9'999}));
    EXPECT_TRUE(throttle.admit(true, start + Duration{10'000}));
    EXPECT_FALSE(throttle.admit(true, start + Duration{10'000}));
}

TEST(VaultThrottle, FourThousandTransactions) {
    VaultThrottle throttle;
    for (int i = 0; i < 4000; ++i) ASSERT_TRUE(throttle.admit(false, SteadyPoint{1h}));
    EXPECT_FALSE(throttle.admit(false, SteadyPoint{1h} + Duration{9'999}));
    EXPECT_TRUE(throttle.admit(false, SteadyPoint{1h} + Duration{10'000}));
}

TEST(Builder, SeedsAreCheckedAndSaidToBeWrong) {
    TestWorld t;
    struct Case {
        char const* seed;
        char const* says;
    };
    std::vector<Case> const cases = {
        {R"({"vault":[]})", "did you mean 'vaults'"},
        {R"({"vaults":[{"nmae":"x"}]})", "'name' of a vault"},
        {R"({"vaults":[{"name":"x y"}]})", "not a valid resource name"},
        {R"({"vaults":[{"name":"abc","resourceGroup":"none"}]})", "no resource group 'none'"},
        {R"({"apps":[{"tenant":"none"}]})", "no tenant 'none'"},
        {R"({"secrets":[{"vault":"none","name":"a","value":"v"}]})", "no vault 'none'"},
        {R"({"secrets":[{"vault":"demo","name":"a","exp":"soon"}]})", "'exp' of a secret"},
        {R"({"locks":[{"scope":"x"}]})", "/subscriptions/"},
        {R"([])", "must be a JSON object"},
    };
    for (auto const& one : cases) {
        auto const planted = t.builder.plant(*parse_json(one.seed));
        ASSERT_FALSE(planted) << one.seed;
        EXPECT_NE(planted.error().message().find(one.says), std::string::npos) << planted.error().message();
    }
}

TEST(Builder, PuttingAgainKeepsWhatIsNotSaid) {
    TestWorld t;
    auto const app = t.app();
    auto const keys = t.world.accounts.find("demostorage")->second.keys[0].value;
    for (auto const* id : {"00000000-0000-4000-8000-000000000000", "ffffffff-0000-4000-8000-000000000000"}) {
        t.admin("PUT", "tenants", R"({"id":")" + std::string(id) + R"("})");
        t.admin("PUT", "subscriptions", R"({"id":")" + std::string(id) + R"("})");
    }
    t.admin("PUT", "apps", R"({"clientId":")" + app.client_id + R"("})");
    t.admin("PUT", "vaults", R"({"name":"demo","recoverableDays":7})");
    t.admin("PUT", "accounts", R"({"name":"demostorage"})");
    EXPECT_EQ(t.app().tenant, app.tenant);
    EXPECT_EQ(t.app().object_id, app.object_id);
    EXPECT_EQ(t.app().secrets, app.secrets);
    EXPECT_EQ(t.world.vaults.find("demo")->second.tenant, app.tenant);
    EXPECT_EQ(t.world.vaults.find("demo")->second.place.subscription, t.subscription());
    EXPECT_EQ(t.world.accounts.find("demostorage")->second.keys[0].value, keys);
    EXPECT_EQ(t.vault("GET", "/secrets").status, 200U);
}

TEST(Builder, ASecretMayHoldAKeyAndBeMadeInThePast) {
    TestWorld t;
    auto const made = t.admin(
        "PUT", "secrets",
        R"({"vault":"demo","name":"conn","valueFrom":{"account":"demostorage","key":"key2","form":"connectionString"},
                                  "created":"2025-11-01T00:00:00Z","exp":"2026-02-01T00:00:00Z","tags":{"CredentialId":"key2"}})");
    ASSERT_EQ(made.status, 200U) << made.body;
    auto const got = t.vault("GET", "/secrets/conn");
    EXPECT_EQ(text_of(member(got, "value")), "DefaultEndpointsProtocol=https;AccountName=demostorage;AccountKey=" +
                                                 t.world.accounts.find("demostorage")->second.keys[1].value +
                                                 ";EndpointSuffix=storage.localhost:8443");
    EXPECT_EQ(text_of(member(got, "attributes.created")), "1761955200");
    EXPECT_EQ(text_of(member(got, "attributes.exp")), "1769904000");
    t.admin("POST", "clock", R"({"advance":"PT20M"})");
    EXPECT_EQ(t.events.events_since(0, EventSchema::cloud_events).size(), 2U);
}

}  // namespace
}  // namespace kssedr::emulator
