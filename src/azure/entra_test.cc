#include "azure/entra.h"

#include "azure/managed_identity.h"
#include "support/coro_test.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;
using http::Method;
using test::ScriptedTransport;

EntraApplication application() {
    return {"https://login.example/", "contoso.example", "app-1"};
}
constexpr auto url = "https://login.example/contoso.example/oauth2/v2.0/token";
constexpr auto vault = "https://vault.azure.net";

CORO_TEST(Entra, AsksWithTheClientSecret) {
    ScriptedTransport transport(clock());
    ClientSecretIssuer issuer(transport, application(), SecretString::copy_of("p w+d&=~/\xc3\xa4"));
    transport.expect(Method::post, url)
        .with_body(
            "grant_type=client_credentials&client_id=app-1&scope=https%3A%2F%2Fvault.azure.net%2F.default"
            "&client_secret=p%20w%2Bd%26%3D~%2F%C3%A4")
        .answer(200, R"({"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"t.o.k"})");
    auto const token = co_await issuer.fetch_token(vault, SteadyPoint::max());
    CO_ASSERT(token.has_value());
    EXPECT_TRUE(token->value.equals("t.o.k"));
    EXPECT_EQ(token->lifetime, 3599s);
    auto const& sent = transport.sent().at(0);
    EXPECT_EQ(sent.header("Content-Type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(sent.authorization, "");
    EXPECT_TRUE(sent.repeatable);
}

CORO_TEST(Entra, ReadsThePlatformsTokenEachTime) {
    auto const file = std::filesystem::path(::testing::TempDir()) / "kssedr-federated-token";
    ScriptedTransport transport(clock());
    WorkloadIdentityIssuer issuer(transport, application(), file.string());
    constexpr auto form =
        "grant_type=client_credentials&client_id=app-1&scope=https%3A%2F%2Fvault.azure.net%2F.default&client_assertion_"
        "type="
        "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=";
    for (std::string const jwt : {"e.y.1", "e.y.2"}) {
        std::ofstream(file) << jwt << "\n";
        transport.expect(Method::post, url)
            .with_body(form + jwt)
            .answer(200, R"({"expires_in":"3599","access_token":"t"})");
        auto const token = co_await issuer.fetch_token(vault, SteadyPoint::max());
        EXPECT_TRUE(token.has_value());
    }
    std::filesystem::remove(file);
    auto const gone = co_await issuer.fetch_token(vault, SteadyPoint::max());
    CO_ASSERT(!gone.has_value());
    EXPECT_EQ(gone.error().code(), Errc::unavailable);
    EXPECT_NE(gone.error().message().find("AZURE_FEDERATED_TOKEN_FILE"), std::string::npos);
}

CORO_TEST(Entra, SaysWhatIsSetWrongly) {
    struct Case {
        std::string_view name;
        long status;
        std::string_view body;
        Errc code;
        std::string_view service_code;
        std::string_view says;
    };
    constexpr Case cases[] = {
        {"wrong secret", 401,
         R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x","error_codes":[7000215],"trace_id":"tr-1"})",
         Errc::permission_denied, "AADSTS7000215",
         "\"AADSTS7000215: Invalid client secret provided.\"; clientSecret is not a secret of the application"},
        {"expired secret", 401, R"({"error":"invalid_client","error_codes":[7000222]})", Errc::permission_denied,
         "AADSTS7000222", "clientSecret has expired"},
        {"unknown application", 400, R"({"error":"unauthorized_client","error_codes":[700016]})",
         Errc::permission_denied, "AADSTS700016", "clientId names no application"},
        {"unknown tenant", 400, R"({"error":"invalid_request","error_codes":[90002]})", Errc::invalid_argument,
         "AADSTS90002", "tenantId names no tenant"},
        {"codes as text", 400, R"({"error":"invalid_request","error_codes":["90002"]})", Errc::invalid_argument,
         "AADSTS90002", "tenantId names no tenant"},
        {"something new", 400, R"({"error":"invalid_grant","error_codes":[1]})", Errc::permission_denied, "AADSTS1",
         "invalid_grant"},
        {"a gateway's echo", 400, R"({"error":"s3cret","error_description":"client_secret=s3cret"})",
         Errc::permission_denied, "", "answered 400"},
        {"busy", 429, R"({"error":"temporarily_unavailable"})", Errc::throttled, "temporarily_unavailable", ""},
        {"broken in a way that passes", 400, R"({"error":"temporarily_unavailable"})", Errc::unavailable,
         "temporarily_unavailable", ""},
        {"down", 503, "<html>", Errc::unavailable, "", ""},
        {"a proxy's page", 302, "", Errc::invalid_argument, "", "a redirect, which is not followed"},
        {"nothing that may be", 204, "", Errc::unavailable, "", ""},
    };
    for (auto const& [name, status, body, code, service_code, says] : cases) {
        SCOPED_TRACE(name);
        ScriptedTransport transport(clock());
        ClientSecretIssuer issuer(transport, application(), SecretString::copy_of("s3cret"));
        transport.expect(Method::post, url).answer(status, std::string(body), {{"retry-after", "7"}});
        auto const token = co_await issuer.fetch_token(vault, SteadyPoint::max());
        CO_ASSERT(!token.has_value());
        EXPECT_EQ(to_string(token.error().code()), to_string(code));
        EXPECT_EQ(token.error().service_code(), service_code);
        EXPECT_EQ(token.error().retry_after(), 7s);
        EXPECT_NE(token.error().message().find(says), std::string::npos) << token.error().message();
        EXPECT_EQ(token.error().message().find("s3cret"), std::string::npos);
    }
}

CORO_TEST(Entra, TakesNoAnswerThatHoldsNoToken) {
    constexpr std::string_view bodies[] = {
        "",
        "{}",
        "[]",
        R"({"access_token":"t"})",
        R"({"access_token":"","expires_in":1})",
        R"({"access_token":"t","expires_in":0})",
        R"({"access_token":"t","expires_in":-5})",
        R"({"access_token":5,"expires_in":1})",
        R"({"access_token":"t","expires_in":"soon"})",
    };
    for (auto const body : bodies) {
        ScriptedTransport transport(clock());
        ClientSecretIssuer issuer(transport, application(), SecretString::copy_of("s"));
        transport.expect(Method::post, url).answer(200, std::string(body));
        auto const token = co_await issuer.fetch_token(vault, SteadyPoint::max());
        CO_ASSERT(!token.has_value());
        EXPECT_EQ(token.error().code(), Errc::corrupt) << body;
    }
}

CORO_TEST(Entra, SendsNoSecretWhereItIsToldNonsense) {
    EntraApplication const wrong[] = {
        {"http://login.example", "contoso.example", "app-1"},
        {"https://user@login.example", "contoso.example", "app-1"},
        {"https://login.example", "../common", "app-1"},
        {"https://login.example", "", "app-1"},
        {"https://login.example", "a/b?c", "app-1"},
    };
    for (auto const& one : wrong) {
        ScriptedTransport transport(clock());
        ClientSecretIssuer issuer(transport, one, SecretString::copy_of("s"));
        auto const token = co_await issuer.fetch_token(vault, SteadyPoint::max());
        CO_ASSERT(!token.has_value());
        EXPECT_EQ(token.error().code(), Errc::invalid_argument);
        EXPECT_TRUE(transport.sent().empty());
    }
}

CORO_TEST(Entra, NoAnswerIsNoTokenAndNoMore) {
    ScriptedTransport transport(clock());
    ClientSecretIssuer issuer(transport, application(), SecretString::copy_of("s"));
    transport.expect(Method::post, url).fails(Errc::outcome_unknown);
    auto const token = co_await issuer.fetch_token(vault, SteadyPoint::max());
    CO_ASSERT(!token.has_value());
    EXPECT_EQ(token.error().code(), Errc::unavailable);
}

CORO_TEST(ManagedIdentity, AsksTheEndpointBesideTheProgram) {
    ScriptedTransport transport(clock());
    ManagedIdentityIssuer issuer(transport, clock(), "http://127.0.0.1:41741/msi/token/",
                                 SecretString::copy_of("inside"), "client 1");
    transport
        .expect(Method::get,
                "http://127.0.0.1:41741/msi/token/"
                "?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net&client_id=client%201")
        .answer(
            200,
            R"({"access_token":"t","expires_on":"1768473000","resource":"https://vault.azure.net","token_type":"Bearer"})");
    auto const token = co_await issuer.fetch_token(vault, SteadyPoint::max());
    CO_ASSERT(token.has_value());
    EXPECT_EQ(token->lifetime, 1h);  // from the tests' epoch, 2026-01-15T09:30:00Z
    auto const& sent = transport.sent().at(0);
    EXPECT_EQ(sent.header("X-IDENTITY-HEADER"), "inside");
    EXPECT_FALSE(sent.use_proxy);
}

TEST(ManagedIdentity, ReadsEveryWayOfSayingHowLong) {
    constexpr TimePoint now{std::chrono::seconds(1'768'469'400)};
    struct Case {
        std::string_view body;
        std::optional<Duration> lifetime;
    };
    constexpr Case cases[] = {
        {R"({"access_token":"t","expires_in":"300"})", 300s},
        {R"({"access_token":"t","expires_in":300})", 300s},
        {R"({"access_token":"t","expires_on":"1768469700"})", 300s},
        {R"({"access_token":"t","expires_on":1768469700})", 300s},
        {R"({"access_token":"t","expires_in":"","expires_on":"1768469700"})", 300s},
        {R"({"access_token":"t","expires_on":"1768469400"})", {}},
        {R"({"access_token":"t"})", {}},
        {R"({"expires_in":"300"})", {}},
        {"no", {}},
    };
    for (auto const& [body, lifetime] : cases) {
        auto const token = parse_managed_identity_answer(body, now);
        EXPECT_EQ(token.has_value(), lifetime.has_value()) << body;
        if (token && lifetime) {
            EXPECT_EQ(token->lifetime, *lifetime) << body;
        }
    }
}

CORO_TEST(ManagedIdentity, SaysWhyThereIsNoToken) {
    ScriptedTransport transport(clock());
    ManagedIdentityIssuer issuer(transport, clock(), "http://127.0.0.1:41741/msi/token",
                                 SecretString::copy_of("inside"), "");
    transport
        .expect(Method::get,
                "http://127.0.0.1:41741/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net")
        .answer(400, R"({"statusCode":400,"message":"No User Assigned or Delegated Managed Identity found"})");
    auto const token = co_await issuer.fetch_token(vault, SteadyPoint::max());
    CO_ASSERT(!token.has_value());
    EXPECT_EQ(token.error().code(), Errc::invalid_argument);
    EXPECT_NE(token.error().message().find("No User Assigned"), std::string::npos);
}

}  // namespace
}  // namespace kssedr::azure
