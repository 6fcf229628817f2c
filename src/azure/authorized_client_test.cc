#include "azure/authorized_client.h"

#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/scripted_tokens.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;
using http::Method;

constexpr auto url = "https://contoso.vault.azure.net/secrets/web?api-version=7.4";
constexpr auto audience = "https://vault.azure.net";

Service service() {
    return {"contoso.vault.azure.net", audience};
}
Call reading() {
    return {.operation = "reading", .url = url};
}
Call writing() {
    return {.operation = "writing",
            .effect = Effect::happens,
            .method = Method::put,
            .url = url,
            .body = SecretString::copy_of("{}")};
}

struct World {
    explicit World(Clock& clock) : transport(clock), client(transport, tokens, random) {}
    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    AuthorizedClient client;
};

CORO_TEST(AuthorizedClient, SendsATokenAndAnIdOfItsOwn) {
    World world(clock());
    world.transport.expect(Method::get, url).with_token("token-1").answer(200, "{}");
    auto const answer = co_await world.client.send(service(), reading(), SteadyPoint::max());
    EXPECT_TRUE(answer.has_value());
    auto const& sent = world.transport.sent().at(0);
    EXPECT_EQ(sent.header("x-ms-client-request-id").size(), 36U);
    EXPECT_EQ(sent.header("Accept"), "application/json");
    EXPECT_EQ(sent.header("Content-Type"), "");
    EXPECT_TRUE(sent.repeatable);
    EXPECT_EQ(world.tokens.audiences, std::vector<std::string>{audience});
}

CORO_TEST(AuthorizedClient, AWriteIsNeverRepeatable) {
    World world(clock());
    world.transport.expect(Method::put, url).with_token("token-1").with_body("{}").answer(200, "{}");
    auto const answer = co_await world.client.send(service(), writing(), SteadyPoint::max());
    EXPECT_TRUE(answer.has_value());
    EXPECT_FALSE(world.transport.sent().at(0).repeatable);
    EXPECT_EQ(world.transport.sent().at(0).header("Content-Type"), "application/json");
}

CORO_TEST(AuthorizedClient, SendsNoTokenToAnotherHost) {
    constexpr std::string_view urls[] = {
        "https://evil.example/secrets/web",
        "https://other.vault.azure.net/secrets/web",
        "https://contoso.vault.azure.net.evil.example/",
        "https://contoso.vault.azure.net@evil.example/",
        "https://contoso.vault.azure.net:8443/",
        "http://contoso.vault.azure.net/",
    };
    for (auto const elsewhere : urls) {
        World world(clock());
        auto call = reading();
        call.url = elsewhere;
        auto const answer = co_await world.client.send(service(), std::move(call), SteadyPoint::max());
        CO_ASSERT(!answer.has_value());
        EXPECT_EQ(answer.error().code(), Errc::invalid_argument) << elsewhere;
        EXPECT_TRUE(world.transport.sent().empty());
        EXPECT_TRUE(world.tokens.audiences.empty());
    }
}

CORO_TEST(AuthorizedClient, ARefusedTokenIsReplacedOnce) {
    struct Case {
        std::string_view name;
        bool is_write;
        std::string_view header;
    };
    constexpr Case cases[] = {
        {"the vault's challenge", false,
         R"(Bearer authorization="https://login.microsoftonline.com/t-1", resource="https://vault.azure.net")"},
        {"Resource Manager's expired token", false,
         R"(Bearer authorization_uri="https://login.windows.net/", error="invalid_token", error_description="The access token has expired.")"},
        {"no challenge", false, ""},
        {"a write: a 401 says that nothing was done", true, ""},
    };
    for (auto const& [name, is_write, header] : cases) {
        SCOPED_TRACE(name);
        World world(clock());
        auto const method = is_write ? Method::put : Method::get;
        world.transport.expect(method, url)
            .with_token("token-1")
            .answer(401, "", {{"www-authenticate", std::string(header)}});
        world.transport.expect(method, url).with_token("token-2").with_body(is_write ? "{}" : "").answer(200, "ok");
        auto const answer = co_await world.client.send(service(), is_write ? writing() : reading(), SteadyPoint::max());
        CO_ASSERT(answer.has_value());
        EXPECT_TRUE(answer->body.equals("ok"));
    }
}

CORO_TEST(AuthorizedClient, ASecondRefusalIsTheAnswer) {
    World world(clock());
    http::Header const challenge{
        "www-authenticate",
        R"(Bearer authorization="https://login.microsoftonline.com/tenant-b", resource="https://vault.azure.net")"};
    world.transport.expect(Method::get, url).answer(401, "", {challenge});
    world.transport.expect(Method::get, url)
        .answer(401, R"({"error":{"code":"Unauthorized","message":"AKV10032: Invalid issuer."}})", {challenge});
    auto const answer = co_await world.client.send(service(), reading(), SteadyPoint::max());
    CO_ASSERT(!answer.has_value());
    EXPECT_EQ(answer.error().code(), Errc::permission_denied);
    EXPECT_EQ(answer.error().service_code(), "Unauthorized");
    EXPECT_NE(answer.error().message().find("tenant-b"), std::string::npos) << answer.error().message();
}

CORO_TEST(AuthorizedClient, AChallengeMayNameOnlyWhatIsAboveTheService) {
    struct Case {
        std::string_view name;
        std::string_view resource;
        std::string_view asked;  // the audience of the second token
    };
    constexpr Case cases[] = {
        {"the service's parent", "https://azure.net", "https://azure.net"},
        {"with a slash", "https://vault.azure.net/", "https://vault.azure.net"},
        {"somebody else", "https://graph.microsoft.com", audience},
        {"a name that ends alike", "https://lt.azure.net", audience},
        {"no URL", "vault.azure.net", audience},
    };
    for (auto const& [name, resource, asked] : cases) {
        SCOPED_TRACE(name);
        World world(clock());
        auto const header =
            R"(Bearer authorization="https://login.microsoftonline.com/t", resource=")" + std::string(resource) + '"';
        world.transport.expect(Method::get, url).answer(401, "", {{"www-authenticate", header}});
        world.transport.expect(Method::get, url).answer(200, "");
        auto const answer = co_await world.client.send(service(), reading(), SteadyPoint::max());
        EXPECT_TRUE(answer.has_value());
        EXPECT_EQ(world.tokens.audiences.back(), asked);
    }
}

CORO_TEST(AuthorizedClient, SaysWhatWasBeingDone) {
    World no_token(clock());
    no_token.tokens.failure = Errc::permission_denied;
    auto const without = co_await no_token.client.send(service(), writing(), SteadyPoint::max());
    CO_ASSERT(!without.has_value());
    EXPECT_EQ(without.error().message(), "writing: no token, as the test wants");

    World silent(clock());
    silent.transport.expect(Method::get, url).after(1min);
    auto const late = co_await silent.client.send(service(), reading(), clock().steady_now() + 10s);
    CO_ASSERT(!late.has_value());
    EXPECT_EQ(late.error().code(), Errc::unavailable);
    EXPECT_EQ(late.error().message(), "reading: no answer in time");

    World lost(clock());
    lost.transport.expect(Method::put, url).fails(Errc::outcome_unknown);
    auto const unknown = co_await lost.client.send(service(), writing(), SteadyPoint::max());
    CO_ASSERT(!unknown.has_value());
    EXPECT_EQ(unknown.error().code(), Errc::outcome_unknown);
}

TEST(ParseChallenge, ReadsWhatServicesWrite) {
    struct Case {
        std::string_view header;
        std::optional<Challenge> challenge;
    };
    Case const cases[] = {
        {R"(Bearer authorization="https://login.microsoftonline.com/t-1", resource="https://vault.azure.net")",
         Challenge{"t-1", "https://vault.azure.net"}},
        {R"(Bearer authorization="https://login.windows.net/t-1",resource="https://vault.azure.net/")",
         Challenge{"t-1", "https://vault.azure.net"}},
        {R"(bearer   resource=https://vault.azure.net ,  authorization=https://login.example/t-1/oauth2)",
         Challenge{"t-1", "https://vault.azure.net"}},
        {R"(Bearer authorization_uri="https://login.windows.net/", error="invalid_token", error_description="a, b=c")",
         Challenge{"", ""}},
        {R"(Bearer authorization="https://login.example/t-1", scope="https://managedhsm.azure.net/.default")",
         Challenge{"t-1", "https://managedhsm.azure.net"}},
        {"Bearer", Challenge{}},
        {R"(Bearer authorization="https://login.example/t-1)", Challenge{"t-1", ""}},
        {"Bearer realm", Challenge{}},
        {"Bearer =,=,==", Challenge{}},
        {"Basic realm=x", {}},
        {"BearerX a=b", {}},
        {"", {}},
    };
    for (auto const& [header, challenge] : cases) {
        auto const parsed = parse_challenge(header);
        ASSERT_EQ(parsed.has_value(), challenge.has_value()) << header;
        if (parsed) {
            EXPECT_EQ(parsed->tenant, challenge->tenant) << header;
            EXPECT_EQ(parsed->resource, challenge->resource) << header;
        }
    }
}

}  // namespace
}  // namespace kssedr::azure
