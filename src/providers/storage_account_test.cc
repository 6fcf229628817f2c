#include "providers/storage_account.h"

#include "formats/value_form.h"
#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/scripted_tokens.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

namespace kssedr::providers {
namespace {

rotation::ArmId id(std::string_view text) {
    return *rotation::ArmId::parse(text);
}

struct World {
    explicit World(Clock& clock)
        : transport(clock),
          arm(transport, tokens, random, *rotation::find_cloud("public")),
          provider(transport, arm, clock, random, "core.windows.net") {}
    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    azure::ArmClient arm;
    StorageAccount provider;
    rotation::ArmId account =
        id("/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/contoso");
};

CORO_TEST(StorageAccount, ServesStorageAccountsOnly) {
    World world(clock());
    EXPECT_TRUE(world.provider.serves(world.account));
    EXPECT_TRUE(
        world.provider.serves(id("/subscriptions/s/resourcegroups/g/providers/microsoft.storage/STORAGEACCOUNTS/x")));
    EXPECT_FALSE(world.provider.serves(
        id("/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/x/localUsers/u")));
    EXPECT_FALSE(world.provider.serves(id("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/x")));
    EXPECT_FALSE(world.provider.serves(id("/subscriptions/s/resourceGroups/g")));
    co_return;
}

// The shape is data; what it says is seen by what is found with it.
CORO_TEST(StorageAccount, ItsShapeFindsItsKeysInValues) {
    World world(clock());
    std::string const key(86, 'A');
    struct Case {
        std::string_view name;
        std::string value;  // %: the key
        bool is_understood;
    };
    Case const cases[] = {
        {"a bare key", "%==", true},
        {"as the portal writes it",
         "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=%==;EndpointSuffix=core.windows.net", true},
        {"with endpoints",
         "AccountName=contoso;AccountKey=%==;BlobEndpoint=https://contoso.blob.core.windows.net/"
         ";QueueSecondaryEndpoint=https://contoso-secondary.queue.core.windows.net/",
         true},
        {"of another account", "AccountName=fabrikam;AccountKey=%==", false},
        {"for another host", "AccountName=contoso;AccountKey=%==;TableEndpoint=https://contoso.table.evil.example/",
         false},
        {"for another cloud", "AccountName=contoso;AccountKey=%==;EndpointSuffix=core.chinacloudapi.cn", false},
        {"a shared access signature", "BlobEndpoint=https://contoso.blob.core.windows.net/;SharedAccessSignature=sv=1",
         false},
    };
    for (auto const& [name, value, is_understood] : cases) {
        SCOPED_TRACE(name);
        std::string filled = value;
        if (auto const at = filled.find('%'); at != std::string::npos) filled.replace(at, 1, key);
        auto const form = formats::parse_value_form(SecretString::copy_of(filled), world.provider.shape(world.account));
        EXPECT_EQ(form.has_value(), is_understood) << form.error().message();
    }
    co_return;
}

CORO_TEST(StorageAccount, ListsAndRegenerates) {
    World world(clock());
    std::string const url =
        "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/"
        "contoso";
    std::string const keys = R"({"keys":[{"keyName":"key1","value":"a"},{"keyName":"key2","value":"b"}]})";
    world.transport.expect(http::Method::post, url + "/listKeys?api-version=2023-05-01").answer(200, keys);
    world.transport.expect(http::Method::post, url + "/regenerateKey?api-version=2023-05-01")
        .with_body(R"({"keyName":"key1"})")
        .answer(200, keys);
    auto const listed = co_await world.provider.list(world.account, SteadyPoint::max());
    auto const made = co_await world.provider.regenerate(world.account, "key1", SteadyPoint::max());
    CO_ASSERT(listed.has_value() && made.has_value());
    EXPECT_EQ(listed->slots.at(0).slot, "key1");
    EXPECT_EQ(made->slots.at(1).slot, "key2");
}

}  // namespace
}  // namespace kssedr::providers
