// The clients themselves, with Azure's recorded answers to what its own clients asked.

#include "azure/graph.h"
#include "azure/key_vault.h"
#include "azure/url.h"
#include "providers/catalogue_slots.h"
#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/own_catalogue.h"
#include "test/conformance/recording.h"
#include "test/conformance/scripted_tokens.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

// GTEST_SKIP returns, which a coroutine may not do.
#define KSSEDR_CO_RECORDING(calls, name)                                                                \
    auto const calls##_read = ::kssedr::test::read_recording(name);                                     \
    if (!calls##_read) {                                                                                \
        GTEST_MESSAGE_("no samples here (KSSEDR_SHARED names them)", ::testing::TestPartResult::kSkip); \
        co_return;                                                                                      \
    }                                                                                                   \
    auto const& calls = *calls##_read

namespace kssedr::azure {
namespace {

using http::Method;

struct World {
    explicit World(Clock& clock)
        : transport(clock),
          vault(transport, tokens, clock, random, *rotation::find_cloud("public")),
          arm(transport, tokens, random, *rotation::find_cloud("public")),
          graph(transport, tokens, random, *rotation::find_cloud("public")),
          keys(transport, arm, clock, random, catalogue, *rotation::find_cloud("public")) {}

    /// Expects the call as we make it, and gives the answer that was recorded.
    test::Expectation& replay(Method method, std::string url, test::RecordedCall const& call) {
        return transport.expect(method, std::move(url))
            .answer(call.answer.status, std::string(call.answer.body.expose()), call.answer.headers);
    }

    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    KeyVault vault;
    ArmClient arm;
    GraphClient graph;
    rotation::LazyCatalogue catalogue{test::own_catalogue()};
    providers::CatalogueSlots keys;
};

CORO_TEST(RecordedKeyVault, AnswersTheChallengeAndPublishes) {
    KSSEDR_CO_RECORDING(calls, "keyvault-secrets-2026-api20250701");
    World world(clock());
    rotation::SecretRef const secret{{"kv-agt-260615134651.vault.azure.net"}, "501508151"};
    std::string const url = secret.url() + "?api-version=7.4";
    world.replay(Method::put, url, calls.at(0)).with_token("token-1");
    world.replay(Method::put, url, calls.at(1)).with_token("token-2");
    rotation::SecretDraft draft;
    draft.value = SecretString::copy_of("value");
    auto const published = co_await world.vault.publish(secret, draft, SteadyPoint::max());
    CO_ASSERT(published.has_value());
    EXPECT_TRUE(rotation::is_secret_version(published->version));
}

CORO_TEST(RecordedKeyVault, ReadsWhatWasSetWithEverything) {
    KSSEDR_CO_RECORDING(calls, "keyvault-secrets-2022-api73-tags");
    World world(clock());
    rotation::SecretRef const secret{{"heathskeyvault.vault.azure.net"}, "1924275838"};
    world.replay(Method::get, secret.url() + "?api-version=7.4", calls.at(2));
    auto const fetched = co_await world.vault.fetch(secret, "", SteadyPoint::max());
    CO_ASSERT(fetched.has_value());
    EXPECT_FALSE(fetched->properties.content_type.empty());
    EXPECT_FALSE(fetched->properties.tags.empty());
    EXPECT_TRUE(fetched->properties.not_before && fetched->properties.expires);
    EXPECT_EQ(fetched->seen_at, parse_http_date(calls.at(2).answer.header("date")).value_or(clock().now()));
}

CORO_TEST(RecordedKeyVault, FollowsTheLinksThatTheVaultWrote) {
    KSSEDR_CO_RECORDING(calls, "keyvault-secrets-2018-api70");
    World world(clock());
    rotation::VaultHost const vault{"sdktestvault74.vault.azure.net"};
    std::vector<test::RecordedCall const*> pages;
    for (auto const& call : calls)
        if (call.url.find("maxresults=2") != std::string::npos) pages.push_back(&call);
    CO_ASSERT(pages.size() == 4);
    world.replay(Method::get, "https://" + vault.text + "/secrets?api-version=7.4", *pages[0]);
    for (std::size_t i = 1; i < pages.size(); ++i) {
        // The client names the port as the vault did; the recorder left it out.
        std::string url = pages[i]->url;
        url.insert(url.find("/secrets"), ":443");
        world.replay(Method::get, url, *pages[i]);
    }
    auto const listed = co_await world.vault.list_secrets(vault, SteadyPoint::max());
    CO_ASSERT(listed.has_value());
    EXPECT_EQ(listed->secrets.size(), 7U);
    EXPECT_EQ(
        std::ranges::count_if(listed->secrets, [](rotation::ListedSecret const& secret) { return secret->managed; }),
        5);
}

CORO_TEST(RecordedKeyVault, ListsVersions) {
    KSSEDR_CO_RECORDING(calls, "keyvault-secrets-2018-api70");
    World world(clock());
    rotation::SecretRef const secret{{"sdktestvault74.vault.azure.net"}, "nodeSecret"};
    world.replay(Method::get, secret.url() + "/versions?api-version=7.4", calls.back());
    auto const versions = co_await world.vault.list_versions(secret, SteadyPoint::max());
    CO_ASSERT(versions.has_value());
    EXPECT_GE(versions->size(), 2U);
}

CORO_TEST(RecordedKeyVault, ADisabledSecretAndOneThatComesBack) {
    KSSEDR_CO_RECORDING(calls, "keyvault-secrets-2024-api76");
    World world(clock());
    rotation::SecretRef const disabled{{"tb0f745ebb7bfae58.vault.azure.net"}, "47549855"};
    world.replay(Method::get, disabled.url() + "?api-version=7.4", calls.at(6));
    auto const refused = co_await world.vault.fetch(disabled, "", SteadyPoint::max());
    CO_ASSERT(!refused.has_value());
    EXPECT_EQ(refused.error().service_code(), "SecretDisabled");

    rotation::SecretRef const recovered{{"tb0f745ebb7bfae58.vault.azure.net"}, "222766711"};
    std::vector<std::string> seen;
    for (std::size_t i = 12; i <= 14; ++i) {
        world.replay(Method::get, recovered.url() + "?api-version=7.4", calls.at(i));
        auto const fetched = co_await world.vault.fetch(recovered, "", SteadyPoint::max());
        seen.push_back(fetched ? "read" : fetched.error().service_code());
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"SecretNotFound", "SecretNotFound", "read"}));
}

CORO_TEST(RecordedKeyVault, ChangesAVersion) {
    KSSEDR_CO_RECORDING(calls, "keyvault-secrets-2024-api76");
    World world(clock());
    auto const our_version = [](std::string url) { return url.replace(url.find("7.6-preview.1"), 13, "7.4"); };
    auto const ask = [&](std::size_t i) -> std::string {
        auto const url = our_version(calls.at(i).url);
        world.replay(Method::patch, url, calls.at(i)).with_body(calls.at(i).request_body);
        return url;
    };
    for (std::size_t const i : {2U, 5U, 7U}) {
        auto const url = rotation::parse_secret_url(ask(i).substr(0, calls.at(i).url.find('?')), "vault.azure.net");
        CO_ASSERT(url.has_value());
        SecretChange change;
        change.enabled = i != 5;
        if (i == 2) change.expires = TimePoint(std::chrono::seconds(1724187166));
        auto const changed = co_await world.vault.update(url->secret, url->version, change, SteadyPoint::max());
        CO_ASSERT(changed.has_value());
        EXPECT_EQ(changed->enabled, change.enabled);
        EXPECT_EQ(changed->expires, change.expires);
    }
    KSSEDR_CO_RECORDING(older, "keyvault-secrets-2018-api70");
    rotation::SecretRef const secret{{"sdktestvault74.vault.azure.net"}, "nodeSecret"};
    std::string const version = "f2a1f3f8421a4673a96033d2cd23923d";
    world.replay(Method::patch, secret.url() + '/' + version + "?api-version=7.4", older.at(4));
    auto const changed =
        co_await world.vault.update(secret, version, {.content_type = "text/plain"}, SteadyPoint::max());
    CO_ASSERT(changed.has_value());
    EXPECT_EQ(changed->tags.size(), 1U);
}

CORO_TEST(RecordedStorage, ListsAndRegenerates) {
    KSSEDR_CO_RECORDING(calls, "arm-storage-keys-2022");
    World world(clock());
    auto const newer_version = [](std::string url) { return url.replace(url.find("2022-09-01"), 10, "2023-05-01"); };
    world.replay(Method::post, newer_version(calls.at(0).url), calls.at(0));
    // The body is as their client sent it.
    world.replay(Method::post, newer_version(calls.at(1).url), calls.at(1)).with_body(calls.at(1).request_body);
    auto const account = *rotation::ArmId::parse(
        "/subscriptions/45b60d85-fd72-427a-a708-f994d26e593e/resourceGroups/teststorageRG-6181/providers/"
        "Microsoft.Storage/"
        "storageAccounts/teststoragemgmt6092");
    auto const listed = co_await world.keys.list(account, SteadyPoint::max());
    auto const made = co_await world.keys.regenerate(account, "key2", SteadyPoint::max());
    CO_ASSERT(listed.has_value() && made.has_value());
    EXPECT_GT(made->find("key2")->made, listed->find("key2")->made);
}

CORO_TEST(RecordedGraph, AddsListsAndRemovesClientSecrets) {
    KSSEDR_CO_RECORDING(calls, "graph-app-passwords");
    World world(clock());
    std::string const id = "765eb0e3-acb3-475d-9a98-ee6892f081c8";
    std::string const url = "https://graph.microsoft.com/v1.0/applications/" + id;
    world.replay(Method::post, url + "/addPassword", calls.at(0));
    auto const ends = parse_rfc3339("2024-05-07T06:52:43Z");
    auto const added = co_await world.graph.add_password(id, "key1", *ends, SteadyPoint::max());
    CO_ASSERT(added.has_value());
    EXPECT_EQ(added->id, "73c912d2-fd2d-42a0-b3ae-2e45d006b8bc");
    EXPECT_TRUE(added->value.equals("replaced-microsoft-graph-password"));
    EXPECT_EQ(world.transport.sent()[0].header("Content-Type"), "application/json");

    world.replay(Method::get, url + "?$select=id,appId,passwordCredentials", calls.at(1));
    auto const listed = co_await world.graph.fetch_application(id, SteadyPoint::max());
    CO_ASSERT(listed.has_value());
    EXPECT_EQ(listed->app_id, "afb85a07-e312-4d49-b75b-9db4e2d683cd");
    CO_ASSERT(listed->passwords.size() == 2);
    rotation::ListedCredential const wanted{added->id, "key1", "yXo", parse_rfc3339("2022-05-07T06:52:43Z"), ends};
    EXPECT_EQ(listed->passwords[1], wanted);

    world.replay(Method::post, url + "/removePassword", calls.at(2)).with_body(calls.at(2).request_body);
    auto const removed = co_await world.graph.remove_password(id, added->id, SteadyPoint::max());
    EXPECT_TRUE(removed.has_value());

    world.replay(Method::get, url + "?$select=id,appId,passwordCredentials", calls.at(3));
    auto const denied = co_await world.graph.fetch_application(id, SteadyPoint::max());
    CO_ASSERT(!denied.has_value());
    EXPECT_EQ(denied.error().code(), Errc::permission_denied);
    EXPECT_EQ(denied.error().service_code(), "Authorization_RequestDenied");
    EXPECT_TRUE(denied.error().message().contains("Application.ReadWrite.OwnedBy")) << denied.error().message();
}

}  // namespace
}  // namespace kssedr::azure
