#include "azure/storage_endpoints.h"

#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/scripted_tokens.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;
using http::Method;

constexpr auto id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/demo";
constexpr auto url =
    "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/demo"
    "?api-version=2023-05-01";
constexpr auto account_body = R"({"properties":{"primaryEndpoints":{"blob":"https://demo.blob.core.windows.net/"}}})";

struct World {
    explicit World(Clock& clock)
        : transport(clock), arm(transport, tokens, random, *rotation::find_cloud("public")), endpoints(arm, clock) {}
    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    ArmClient arm;
    StorageEndpoints endpoints;
};

CORO_TEST(StorageEndpoints, AreAskedForOnceAnHour) {
    World world(clock());
    auto const account = *rotation::ArmId::parse(id);
    for (int hour = 0; hour < 2; ++hour) {
        world.transport.expect(Method::get, url).answer(200, account_body);
        for (int i = 0; i < 3; ++i) {
            auto const found = co_await world.endpoints.find_blob(account, SteadyPoint::max());
            EXPECT_EQ(found, "https://demo.blob.core.windows.net/");
        }
        co_await clock().sleep_for(1h);
    }
}

CORO_TEST(StorageEndpoints, ARefusalIsNotAskedForAgainEither) {
    World world(clock());
    auto const account = *rotation::ArmId::parse(id);
    for (long const status : {403L, 404L, 503L}) {
        world.transport.expect(Method::get, url).answer(status, "{}");
        for (int i = 0; i < 2; ++i) {
            auto const found = co_await world.endpoints.find_blob(account, SteadyPoint::max());
            EXPECT_EQ(found, std::nullopt) << status;
        }
        co_await clock().sleep_for(1h);
    }
}

TEST(BlobEndpointAnswer, TellsAnAccountWithoutBlobsFromNoAnswer) {
    EXPECT_EQ(parse_blob_endpoint_answer(account_body).value(), "https://demo.blob.core.windows.net/");
    EXPECT_EQ(parse_blob_endpoint_answer(R"({"properties":{"primaryEndpoints":{"file":"https://x/"}}})").value(), "");
    for (auto const* const wrong : {"", "{}", "[]", R"({"properties":{"primaryEndpoints":null}})"})
        EXPECT_FALSE(parse_blob_endpoint_answer(wrong)) << wrong;
}

TEST(AccountAuthority, IsTheAccountsOwnOrNone) {
    struct Case {
        std::string url, suffix, authority;
    };
    std::string const public_cloud = "core.windows.net";
    for (auto const& c : std::vector<Case>{
             {"https://demo.blob.core.windows.net/", public_cloud, "demo.blob.core.windows.net"},
             {"https://Demo.Blob.Core.Windows.Net:443", public_cloud, "demo.blob.core.windows.net"},
             {"https://demo.z42.blob.storage.azure.net/", public_cloud, "demo.z42.blob.storage.azure.net"},
             {"https://demo.blob.storage.localhost:8443/", "storage.localhost:8443",
              "demo.blob.storage.localhost:8443"},
             {"https://demo.blob.storage.localhost/", "storage.localhost:8443", ""},
             {"http://demo.blob.core.windows.net/", public_cloud, ""},
             {"https://other.blob.core.windows.net/", public_cloud, ""},
             {"https://demo.core.windows.net/", public_cloud, ""},
             {"https://demo..core.windows.net/", public_cloud, ""},
             {"https://demoblob.core.windows.net/", public_cloud, ""},
             {"https://blob.demo.core.windows.net/", public_cloud, ""},
             {"https://demo.blob.evilcore.windows.net/", public_cloud, ""},
             {"https://demo.blob.core.windows.net.evil.example/", public_cloud, ""},
             {"https://demo.blob.core.windows.net@evil.example/", public_cloud, ""},
             {"https://evil.example/?demo.blob.core.windows.net", public_cloud, ""},
             {"https://demo.blob.core.windows.net:444/", public_cloud, ""},
             {"https://demo.blob./", "", ""},
             {"", public_cloud, ""},
         }) {
        SCOPED_TRACE(c.url);
        EXPECT_EQ(find_account_authority(c.url, "demo", c.suffix).value_or(""), c.authority);
    }
    EXPECT_EQ(find_account_authority("https://.blob.core.windows.net/", "", public_cloud), std::nullopt);
}

}  // namespace
}  // namespace kssedr::azure
