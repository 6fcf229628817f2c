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
rotation::ArmId vault() {
    return id("/subscriptions/s-1/resourceGroups/rg/providers/microsoft.keyvault/Vaults/contoso");
}

struct World {
    explicit World(Clock& clock)
        : transport(clock),
          arm(transport, tokens, random, *rotation::find_cloud("public")),
          directory(arm, clock, "vault.azure.net") {}
    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    ArmClient arm;
    VaultDirectory directory;
};

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
    auto const no_vault =
        co_await world.directory.fetch_vault_host(id("/subscriptions/s-1/resourceGroups/rg"), SteadyPoint::max());
    CO_ASSERT(!no_vault.has_value());
    EXPECT_EQ(no_vault.error().code(), Errc::invalid_argument);
}

CORO_TEST(VaultDirectory, ListsTheVaultsOfAScopePageByPage) {
    struct Case {
        std::string_view scope;
        std::string url;
    };
    std::string const arm = "https://management.azure.com";
    for (auto const& [scope, url] : std::vector<Case>{
             {"/subscriptions/s-1", arm + "/subscriptions/s-1/providers/Microsoft.KeyVault/vaults"},
             {"/subscriptions/s-1/resourceGroups/rg",
              arm + "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults"},
         }) {
        SCOPED_TRACE(scope);
        World world(clock());
        std::string const next = url + "?api-version=2026-02-01&$skiptoken=aBc%3D";
        world.transport.expect(Method::get, url + "?api-version=2026-02-01")
            .answer(200, R"({"value":[{"properties":{"vaultUri":"https://One.vault.azure.net/"}},)"
                         R"({"properties":{"vaultUri":"https://other.vault.azure.cn/"}},)"
                         R"({"properties":{}}],"nextLink":")" +
                             next + "\"}");
        world.transport.expect(Method::get, next)
            .answer(200, R"({"value":[{"properties":{"vaultUri":"https://two.vault.azure.net"}}]})");
        auto const found = co_await world.directory.list_vaults(id(scope), SteadyPoint::max());
        CO_ASSERT(found.has_value());
        EXPECT_EQ(*found, (std::vector<rotation::VaultHost>{{"one.vault.azure.net"}, {"two.vault.azure.net"}}));
    }
}

CORO_TEST(VaultDirectory, AScopeMayBeOneVault) {
    World world(clock());
    world.transport
        .expect(Method::get,
                "https://management.azure.com/subscriptions/s-1/resourceGroups/rg/providers/microsoft.keyvault/Vaults/"
                "contoso?api-version=2026-02-01")
        .answer(200, R"({"properties":{"vaultUri":"https://contoso.vault.azure.net/"}})");
    auto const found = co_await world.directory.list_vaults(vault(), SteadyPoint::max());
    CO_ASSERT(found.has_value());
    EXPECT_EQ(*found, (std::vector<rotation::VaultHost>{{"contoso.vault.azure.net"}}));
}

CORO_TEST(VaultDirectory, FollowsAListingNowhereElse) {
    for (std::string const next : {"https://evil.example/subscriptions", "https://management.azure.com.evil.example/",
                                   "http://management.azure.com/", "https://management.azure.com:8443/"}) {
        SCOPED_TRACE(next);
        World world(clock());
        world.transport
            .expect(Method::get,
                    "https://management.azure.com/subscriptions/s-1/providers/Microsoft.KeyVault/vaults"
                    "?api-version=2026-02-01")
            .answer(200, R"({"value":[],"nextLink":")" + next + "\"}");
        auto const found = co_await world.directory.list_vaults(id("/subscriptions/s-1"), SteadyPoint::max());
        CO_ASSERT(!found.has_value());
        EXPECT_EQ(found.error().code(), Errc::invalid_argument);
        EXPECT_EQ(world.transport.sent().size(), 1U);
    }
    EXPECT_EQ(parse_vault_page(R"({"error":{}})", "vault.azure.net").error().code(), Errc::corrupt);
}

}  // namespace
}  // namespace kssedr::azure
