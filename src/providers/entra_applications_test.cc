#include "providers/entra_applications.h"

#include "formats/value_form.h"
#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/scripted_tokens.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

namespace kssedr::providers {
namespace {

using namespace std::chrono_literals;
using formats::ValueKind;
using http::Method;
using ports::Trial;

constexpr auto object_id = "0a000000-0000-4000-8000-00000000000b";
constexpr auto app_id = "0c000000-0000-4000-8000-00000000000d";
std::string const graph_url = "https://graph.microsoft.com/v1.0/applications/" + std::string(object_id);
std::string const list_url = graph_url + "?$select=id,appId,passwordCredentials";
constexpr auto token_url = "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token";
constexpr std::string_view secret = "yXo8Q~0123456789abcdefghijklmnop.-_ABCDE";
constexpr std::string_view other = "jis8Q~ABCDE_-.ponmlkjihgfedcba9876543210";

rotation::OwnerId owner() {
    return *rotation::OwnerId::find_application(object_id);
}

std::string listing() {
    return R"({"id":")" + std::string(object_id) + R"(","appId":")" + app_id +
           R"(","passwordCredentials":[{"keyId":"k","displayName":"kssedr demo/web","hint":"yXo",)"
           R"("startDateTime":"2026-01-01T00:00:00Z","endDateTime":"2026-04-01T00:00:00Z"}]})";
}

std::string refusal(int code, std::string const& error = "invalid_client") {
    auto const number = std::to_string(code);
    return R"({"error":")" + error + R"(","error_description":"AADSTS)" + number + R"(: words","error_codes":[)" +
           number + "]}";
}

struct World {
    explicit World(Clock& clock, std::string tenant = "contoso.example")
        : transport(clock), applications(transport, graph, *rotation::find_cloud("public"), std::move(tenant)) {}

    Task<ports::TrialResult> verify(SteadyPoint deadline = SteadyPoint::max()) {
        auto const credential = SecretString::copy_of(secret);
        auto const value = SecretString::copy_of("x");
        co_return co_await applications.verify(owner(), credential, value, deadline);
    }

    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    azure::GraphClient graph{transport, tokens, random, *rotation::find_cloud("public")};
    EntraApplications applications;
};

CORO_TEST(EntraApplications, ListAddAndRemove) {
    World world(clock());
    EXPECT_TRUE(world.applications.serves(owner()));
    EXPECT_FALSE(world.applications.serves(*rotation::OwnerId::parse("postgresql://host/login")));
    world.transport.expect(Method::get, list_url).answer(200, listing());
    auto const listed = co_await world.applications.list(owner(), SteadyPoint::max());
    CO_ASSERT(listed.has_value() && listed->size() == 1);
    EXPECT_EQ(listed->front().mark, "kssedr demo/web");
    world.transport.expect(Method::post, graph_url + "/addPassword")
        .answer(200, R"({"keyId":"n","secretText":")" + std::string(other) + "\"}");
    auto const added = co_await world.applications.add(owner(), "m", TimePoint{}, SteadyPoint::max());
    CO_ASSERT(added.has_value());
    EXPECT_TRUE(added->value.equals(other));
    world.transport.expect(Method::post, graph_url + "/removePassword").with_body(R"({"keyId":"k"})").answer(204, "");
    auto const removed = co_await world.applications.remove(owner(), "k", SteadyPoint::max());
    EXPECT_TRUE(removed.has_value());
}

// Whoever writes a secret could else have another application's value overwritten.
CORO_TEST(EntraApplications, OnceListedAValueThatNamesAnotherApplicationIsRefused) {
    World world(clock());
    auto const is_taken = [&](std::string const& client_id) {
        auto const value =
            SecretString::absorb(R"({"client_id":")" + client_id + R"(","password":")" + std::string(secret) + "\"}");
        return formats::parse_value_form(value, world.applications.shape(owner())).has_value();
    };
    EXPECT_TRUE(is_taken("0e000000-0000-4000-8000-00000000000f")) << "not known yet";
    world.transport.expect(Method::get, list_url).answer(200, listing());
    auto const listed = co_await world.applications.list(owner(), SteadyPoint::max());
    CO_ASSERT(listed.has_value());
    EXPECT_TRUE(is_taken(app_id));
    EXPECT_FALSE(is_taken("0e000000-0000-4000-8000-00000000000f"));
}

CORO_TEST(EntraApplications, ASecretIsTriedByATokenOfItsOwn) {
    World world(clock());
    world.transport.expect(Method::get, list_url).answer(200, listing());
    world.transport.expect(Method::post, token_url)
        .with_body("grant_type=client_credentials&client_id=" + std::string(app_id) +
                   "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_secret=" + std::string(secret))
        .answer(200, R"({"access_token":"t","expires_in":3599})");
    auto const first = co_await world.verify();
    EXPECT_EQ(first.trial, Trial::accepted) << first.why;
    EXPECT_EQ(world.tokens.audiences.size(), 1U) << "the listing alone is kssedr's own call";
    // What the application signs in by is known now, and no token was kept.
    world.transport.expect(Method::post, token_url).answer(401, refusal(7000215));
    auto const second = co_await world.verify();
    EXPECT_EQ(second.trial, Trial::rejected);
    EXPECT_EQ(second.why, "Entra answered AADSTS7000215");
}

CORO_TEST(EntraApplications, OnlyAWrongSecretIsARejection) {
    struct Case {
        long status;
        std::string body;
        Trial trial;
        std::string says;
    };
    for (auto const& c : std::vector<Case>{
             {401, refusal(7000222), Trial::rejected, "AADSTS7000222"},
             {401, R"({"error":"invalid_client"})", Trial::rejected, "invalid_client"},
             {400, refusal(700016, "unauthorized_client"), Trial::inconclusive, "not known in kssedr's tenant"},
             {400, refusal(90002, "invalid_request"), Trial::inconclusive, "no tenant"},
             {400, refusal(53003, "access_denied"), Trial::inconclusive, "Conditional Access"},
             {401, refusal(7000112, "unauthorized_client"), Trial::inconclusive, "disabled"},
             {401, refusal(7654321), Trial::inconclusive, "AADSTS7654321"},
             {429, "{}", Trial::inconclusive, "429"},
             {503, "<html>", Trial::inconclusive, "503"},
             {200, "{}", Trial::inconclusive, "access_token"},
         }) {
        SCOPED_TRACE(c.body);
        World world(clock());
        world.transport.expect(Method::get, list_url).answer(200, listing());
        world.transport.expect(Method::post, token_url).answer(c.status, c.body);
        auto const result = co_await world.verify();
        EXPECT_EQ(result.trial, c.trial);
        EXPECT_TRUE(result.why.contains(c.says)) << result.why;
        EXPECT_FALSE(result.why.contains(secret));
    }
}

CORO_TEST(EntraApplications, ATrialIsInconclusiveWhereNobodyCouldBeAsked) {
    World without_tenant(clock(), "");
    auto const unset = co_await without_tenant.verify();
    EXPECT_EQ(unset.trial, Trial::inconclusive);
    EXPECT_TRUE(unset.why.contains("set tenantId")) << unset.why;

    World world(clock());
    world.transport.expect(Method::get, list_url).answer(404, "{}");
    auto const unknown = co_await world.verify();
    EXPECT_EQ(unknown.trial, Trial::inconclusive);
    world.transport.expect(Method::get, list_url).answer(200, listing());
    world.transport.expect(Method::post, token_url).after(1min);
    auto const late = co_await world.verify({10s});
    EXPECT_EQ(late.trial, Trial::inconclusive);
    EXPECT_TRUE(late.why.contains("no answer in time")) << late.why;
}

struct Form {
    char const* name;
    std::string before;
    std::string after;
    ValueKind kind;
};

std::vector<Form> const forms{
    {"bare", "", "\n", ValueKind::raw},
    {"a document of create-for-rbac",
     R"({"appId":"0c000000-0000-4000-8000-00000000000d","displayName":"shop-web-production",
"password":")",
     R"(","tenant":"0d000000-0000-4000-8000-00000000000e"})", ValueKind::json},
    {"a document of SDKs", R"({"clientId":"0c000000-0000-4000-8000-00000000000d","clientSecret":")",
     R"(","subscriptionId":"0d000000-0000-4000-8000-00000000000e","tenantId":"contoso.onmicrosoft.com",
"activeDirectoryEndpointUrl":"https://login.microsoftonline.com","resourceManagerEndpointUrl":"https://management.azure.com/",
"activeDirectoryGraphResourceId":"https://graph.windows.net/",
"sqlManagementEndpointUrl":"https://management.core.windows.net:8443/",
"galleryEndpointUrl":"https://gallery.azure.com/","managementEndpointUrl":"https://management.core.windows.net/"})",
     ValueKind::json},
    {"variables of the environment",
     R"({"AZURE_CLIENT_ID":"0c000000-0000-4000-8000-00000000000d","AZURE_CLIENT_SECRET":")", "\"}", ValueKind::json},
    {"settings in a list",
     R"([{"name":"AZURE_TENANT_ID","value":"a-text-like-a-client-secret"},{"name":"AZURE_CLIENT_SECRET","value":")",
     R"("}])", ValueKind::json},
    {"AzureAd of ASP.NET",
     R"({"AzureAd":{"Instance":"https://login.microsoftonline.com/","Domain":"contoso.onmicrosoft.com","ClientSecret":")",
     R"(","CallbackPath":"/signin-oidc"}})", ValueKind::json},
    {"an authentication string", "RunAs=App;AppId=0c000000-0000-4000-8000-00000000000d;TenantId=x;AppKey=", "",
     ValueKind::connection_string},
    {"ADO",
     "Server=tcp:shop.database.windows.net,1433;Database=d;Authentication=Active Directory Service Principal;"
     "User Id=0c000000-0000-4000-8000-00000000000d;Password=",
     ";Encrypt=True", ValueKind::connection_string},
    {"ADO, other spellings",
     "Data Source=shop.database.windows.net;authentication=ActiveDirectoryServicePrincipal;UID=x;pwd=", "",
     ValueKind::connection_string},
    {"ADO in a document",
     R"({"db":"Server=shop.database.windows.net;Authentication=Active Directory Service Principal;Password=)",
     R"(;User Id=x"})", ValueKind::json},
};

TEST(ClientSecretShape, FindsTheSecretInItsForms) {
    auto const shape = client_secret_shape(owner(), *rotation::find_cloud("public"));
    for (auto const& form : forms) {
        SCOPED_TRACE(form.name);
        auto const value = SecretString::copy_of(form.before + std::string(secret) + form.after);
        auto const found = formats::parse_value_form(value, shape);
        ASSERT_TRUE(found.has_value()) << found.error().message();
        EXPECT_EQ(found->kind, form.kind);
        EXPECT_EQ(found->offset, form.before.size());
        EXPECT_TRUE(formats::credential_in(value, *found).equals(secret));
        auto const replaced = formats::replace_credential(value, *found, SecretString::copy_of(other));
        EXPECT_TRUE(replaced.equals(form.before + std::string(other) + form.after));
    }
    EXPECT_TRUE(formats::parse_value_form(SecretString::copy_of("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), shape))
        << "an old one";
}

TEST(ClientSecretShape, RefusesWhatMayBeSomethingElse) {
    auto const shape = client_secret_shape(owner(), *rotation::find_cloud("public"));
    std::string const s(secret);
    for (auto const& [name, value] : std::vector<std::pair<std::string, std::string>>{
             {"its id in its place", "73c912d2-fd2d-42a0-b3ae-2e45d006b8bc"},
             {"a word", "short"},
             {"a sentence", "not a secret at all, but words"},
             {"a login of the database's own", "Server=shop.database.windows.net;User Id=sa;Password=" + s},
             {"another host's server",
              "Server=db.evil.example;Authentication=Active Directory Service Principal;Password=" + s},
             {"another host's endpoint", R"({"clientSecret":")" + s + R"(","authority":"https://evil.example/"})"},
             {"a host that looks like a secret", R"({"clientSecret":")" + s + R"(","to":"collector.evil.example"})"},
             {"a member of no known name", R"({"note":")" + s + "\"}"},
             {"two of them", R"({"clientSecret":")" + s + R"(","password":")" + std::string(other) + "\"}"},
             {"a second copy", R"({"clientSecret":")" + s + R"(","note":")" + s + "\"}"},
             {"a reference in its place", R"({"clientSecret":"@Microsoft.KeyVault: x"})"},
             {"a storage account's", "AccountName=a;AccountKey=" + s},
             {"no application", "RunAs=App;AppKey=" + s},
         }) {
        SCOPED_TRACE(name);
        auto const found = formats::parse_value_form(SecretString::copy_of(value), shape);
        ASSERT_FALSE(found.has_value());
        EXPECT_FALSE(found.error().message().contains(s));
    }
}

}  // namespace
}  // namespace kssedr::providers
