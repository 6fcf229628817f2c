#include "emulator/base64url.h"
#include "test/local_azure/test_world.h"

#include <boost/json/array.hpp>

namespace kssedr::emulator {
namespace {

class EntraTest : public ::testing::Test {
protected:
    listen::Response post(std::string const& path, std::string const& form) {
        return t.ask({.method = "POST", .host = "login.localhost:8443", .target = path, .body = form});
    }
    std::string form(std::string const& end) {
        return "grant_type=client_credentials&client_id=" + t.app().client_id +
               "&client_secret=" + TestWorld::format_percent(t.app().secrets[0]) + "&" + end;
    }
    std::string v2() { return "/" + t.app().tenant + "/oauth2/v2.0/token"; }
    std::string v1() { return "/" + t.app().tenant + "/oauth2/token"; }

    static json::value claims(std::string const& token) {
        auto const parts = split(token, '.');
        auto const payload = parts.size() == 3 ? parse_base64url(parts[1]) : std::nullopt;
        return payload ? parse_json(*payload).value_or(json::value()) : json::value();
    }
    TestWorld t;
};

TEST_F(EntraTest, NumbersAreNumbersInV2AndTextsInV1) {
    auto const two = post(v2(), form("scope=https%3A%2F%2Fvault.azure.net%2F.default"));
    ASSERT_EQ(two.status, 200U) << two.body;
    EXPECT_EQ(member(two, "expires_in"), json::value(3599));
    auto const one = post(v1(), form("resource=https%3A%2F%2Fmanagement.core.windows.net%2F"));
    ASSERT_EQ(one.status, 200U) << one.body;
    EXPECT_EQ(member(one, "expires_in"), json::value("3599"));
    EXPECT_EQ(member(one, "expires_on"), json::value("1768472999"));
    EXPECT_EQ(member(one, "resource"), json::value("https://management.core.windows.net/"));
}

TEST_F(EntraTest, ADoubleSlashAsksForAnAudienceThatEndsInOne) {
    auto const response =
        post(v2(), form("scope=https%3A%2F%2Fmanagement.core.windows.net%2F%2F.default+offline_access"));
    auto const token = claims(text_of(member(response, "access_token")));
    EXPECT_EQ(member(token, "aud"), json::value("https://management.core.windows.net/"));
    EXPECT_EQ(member(token, "appid"), json::value(t.app().client_id));
    EXPECT_EQ(member(token, "oid"), json::value(t.app().object_id));
    EXPECT_EQ(member(token, "tid"), json::value(t.app().tenant));
    EXPECT_EQ(member(token, "iss"), json::value("https://sts.windows.net/" + t.app().tenant + "/"));
    EXPECT_EQ(member(token, "ver"), json::value("1.0"));
}

TEST_F(EntraTest, AnAppOfVersionTwoGetsItsOwnIdAsAudience) {
    t.admin("PUT", "apps",
            R"({"clientId":"11111111-0000-4000-8000-000000000001","identifierUris":["api://hook"],"tokenVersion":2})");
    auto const response = post(v2(), form("scope=api%3A%2F%2Fhook%2F.default"));
    auto const token = claims(text_of(member(response, "access_token")));
    EXPECT_EQ(member(token, "aud"), json::value("11111111-0000-4000-8000-000000000001"));
    EXPECT_EQ(member(token, "azp"), json::value(t.app().client_id));
    EXPECT_EQ(member(token, "iss"), json::value("https://login.localhost:8443/" + t.app().tenant + "/v2.0"));
}

TEST_F(EntraTest, RefusesAsEntraDoes) {
    struct Case {
        char const* name;
        std::string path;
        std::string form;
        unsigned status;
        std::int64_t code;
        char const* error;
    };
    std::string const scope = "scope=https%3A%2F%2Fx%2F.default";
    auto const other = "grant_type=client_credentials&client_id=nobody&client_secret=x&" + scope;
    auto const wrong = "grant_type=client_credentials&client_id=" + t.app().client_id + "&client_secret=x&" + scope;
    auto const none = "grant_type=client_credentials&client_id=" + t.app().client_id + "&" + scope;
    std::vector<Case> const cases = {
        {"unknown tenant", "/nowhere/oauth2/v2.0/token", form(scope), 400, 90002, "invalid_request"},
        {"unknown app", v2(), other, 400, 700016, "unauthorized_client"},
        {"wrong secret", v2(), wrong, 401, 7000215, "invalid_client"},
        {"no secret", v2(), none, 401, 7000216, "invalid_client"},
        {"no scope", v2(), form(""), 400, 900144, "invalid_request"},
        {"no resource", v1(), form(scope), 400, 900144, "invalid_request"},
        {"a scope without .default", v2(), form("scope=https%3A%2F%2Fvault.azure.net"), 400, 70011, "invalid_scope"},
        {"another grant", v2(), "grant_type=password&client_id=a&" + scope, 400, 70003, "unsupported_grant_type"},
        {"nothing", v2(), "", 400, 900144, "invalid_request"},
    };
    for (auto const& one : cases) {
        auto const response = post(one.path, one.form);
        EXPECT_EQ(response.status, one.status) << one.name;
        EXPECT_EQ(member(response, "error"), json::value(one.error)) << one.name;
        EXPECT_EQ(member(response, "error_codes"), json::value(json::array{one.code})) << one.name;
        EXPECT_TRUE(
            text_of(member(response, "error_description")).starts_with("AADSTS" + std::to_string(one.code) + ": "));
        EXPECT_EQ(text_of(member(response, "timestamp")), "2026-01-15 09:30:00Z") << one.name;
        EXPECT_EQ(text_of(member(response, "trace_id")).size(), 36U) << one.name;
    }
}

TEST_F(EntraTest, TheDocumentsNameTheHostThatWasAsked) {
    auto const get = [&](std::string const& target) {
        return t.ask({.host = "login.microsoftonline.com", .target = target});
    };
    auto const base = "https://login.microsoftonline.com/" + t.app().tenant;
    auto const configuration = get("/" + t.app().tenant + "/v2.0/.well-known/openid-configuration");
    EXPECT_EQ(text_of(member(configuration, "issuer")), base + "/v2.0");
    EXPECT_EQ(text_of(member(configuration, "token_endpoint")), base + "/oauth2/v2.0/token");
    EXPECT_EQ(text_of(member(configuration, "jwks_uri")), base + "/discovery/v2.0/keys");
    auto const keys = get("/" + t.app().tenant + "/discovery/v2.0/keys");
    EXPECT_EQ(member(keys, "keys").get_array().size(), 1U);
    auto const discovery =
        get("/common/discovery/"
            "instance?api-version=1.1&authorization_endpoint=https%3A%2F%2Flogin.localhost%3A8443%2Ft%2Foauth2");
    EXPECT_EQ(text_of(member(discovery, "tenant_discovery_endpoint")),
              "https://login.localhost:8443/t/v2.0/.well-known/openid-configuration");
}

TEST_F(EntraTest, ASignatureOfAnotherKeyIsRefused) {
    TokenSigner const stranger;
    Token token;
    token.audience = "https://vault.localhost";
    token.tenant = t.app().tenant;
    token.issued = token.issued_unhurried = t.clock.now();
    auto const forged = stranger.sign(token, t.real.now());
    EXPECT_TRUE(stranger.verify(forged, t.clock.now()));
    auto const verdict = t.tokens.verify(forged, t.clock.now());
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error(), TokenSigner::Fault::bad_signature);
    for (auto const* text : {"", ".", "..", "a.b.c", "e30.e30.e30", "!.!.!"})
        EXPECT_FALSE(t.tokens.verify(text, t.clock.now())) << text;
}

TEST_F(EntraTest, AHurriedClockDoesNotShortenATokensLife) {
    t.clock.set_speed(86'400);
    auto const token = t.token_for("https://vault.localhost");
    auto const start = t.clock.now();
    asio::co_spawn(t.loop, t.real.sleep_for(Duration{60'000}), [](std::exception_ptr) {});
    t.real.run();
    EXPECT_GT(t.clock.now() - start, std::chrono::days(59));
    EXPECT_TRUE(t.tokens.verify(token, t.clock.unhurried_now()));
    t.clock.advance(std::chrono::hours(1));
    EXPECT_FALSE(t.tokens.verify(token, t.clock.unhurried_now()));
}

}  // namespace
}  // namespace kssedr::emulator
