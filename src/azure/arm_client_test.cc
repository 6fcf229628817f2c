#include "azure/arm_client.h"

#include "azure/vault_directory.h"
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
rotation::ArmId vault() {
    return id("/subscriptions/s-1/resourceGroups/rg/providers/microsoft.keyvault/Vaults/contoso");
}

struct World {
    explicit World(Clock& clock)
        : transport(clock), arm(transport, tokens, random, *rotation::find_cloud("public")), directory(arm, clock) {}
    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    ArmClient arm;
    VaultDirectory directory;
};

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

CORO_TEST(VaultDirectory, AsksOnceAnHourWhichHostAVaultHas) {
    World world(clock());
    constexpr auto url =
        "https://management.azure.com/subscriptions/s-1/resourceGroups/rg/providers/microsoft.keyvault/Vaults/"
        "contoso?api-version=2026-02-01";
    world.transport.expect(Method::get, url).answer(404, R"({"error":{"code":"ResourceNotFound"}})");
    auto const gone = co_await world.directory.fetch_vault_host(vault(), SteadyPoint::max());
    CO_ASSERT(!gone.has_value());
    EXPECT_EQ(gone.error().code(), Errc::not_found);

    world.transport.expect(Method::get, url)
        .answer(200, R"({"id":"x","properties":{"vaultUri":"https://Contoso.vault.azure.net/"}})");
    auto const found = co_await world.directory.fetch_vault_host(vault(), SteadyPoint::max());
    auto const known = co_await world.directory.fetch_vault_host(vault(), SteadyPoint::max());
    CO_ASSERT(found.has_value() && known.has_value());
    EXPECT_EQ(*found, "contoso.vault.azure.net");
    EXPECT_EQ(*known, "contoso.vault.azure.net");

    co_await clock().sleep_for(61min);
    world.transport.expect(Method::get, url)
        .answer(200, R"({"properties":{"vaultUri":"https://demo.vault.localhost:8443"}})");
    auto const again = co_await world.directory.fetch_vault_host(vault(), SteadyPoint::max());
    CO_ASSERT(again.has_value());
    EXPECT_EQ(*again, "demo.vault.localhost:8443");
}

CORO_TEST(VaultDirectory, TakesNoAnswerWithoutAHost) {
    constexpr std::string_view bodies[] = {"", "{}", R"({"properties":{}})",
                                           R"({"properties":{"vaultUri":"contoso.vault.azure.net"}})",
                                           R"({"properties":{"vaultUri":"http://contoso.vault.azure.net"}})"};
    for (auto const body : bodies) EXPECT_FALSE(parse_vault_host_answer(body).has_value()) << body;
    World world(clock());
    auto const no_vault = co_await world.directory.fetch_vault_host(account(), SteadyPoint::max());
    CO_ASSERT(!no_vault.has_value());
    EXPECT_EQ(no_vault.error().code(), Errc::invalid_argument);
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
