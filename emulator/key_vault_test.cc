#include "test/local_azure/test_world.h"

#include <boost/json/array.hpp>

namespace kssedr::emulator {
namespace {

using namespace std::chrono_literals;

class KeyVaultTest : public ::testing::Test {
protected:
    TestWorld t;
};

TEST_F(KeyVaultTest, ChallengesAsRecorded) {
    auto const response =
        t.ask({.method = "PUT", .host = "demo.vault.azure.net", .target = "/secrets/a?api-version=7.4"});
    EXPECT_EQ(response.status, 401U);
    EXPECT_EQ(to_text(response, "WWW-Authenticate"), "Bearer authorization=\"https://login.microsoftonline.com/" +
                                                         t.app().tenant + "\", resource=\"https://vault.azure.net\"");
    EXPECT_EQ(text_of(member(response, "error.code")), "Unauthorized");
    EXPECT_FALSE(response.headers.find("x-ms-keyvault-rbac-assignment-id"));
}

TEST_F(KeyVaultTest, TheChallengeOfALocalNameHasNoPortInItsResource) {
    auto const response = t.ask({.host = "demo.vault.localhost:8443", .target = "/secrets?api-version=7.4"});
    EXPECT_EQ(to_text(response, "WWW-Authenticate"), "Bearer authorization=\"https://login.localhost:8443/" +
                                                         t.app().tenant + "\", resource=\"https://vault.localhost\"");
}

TEST_F(KeyVaultTest, TakesOnlyTokensMadeForIt) {
    auto const wrong = t.token_for("https://management.localhost");
    auto const other_cloud = t.token_for("https://vault.azure.net");
    for (auto const& token :
         {wrong, other_cloud, std::string("nonsense"), t.token_for("https://vault.localhost") + "x"}) {
        auto const response =
            t.ask({.host = "demo.vault.localhost:8443", .target = "/secrets?api-version=7.4", .token = token});
        EXPECT_EQ(response.status, 401U) << token.substr(0, 10);
    }
}

TEST_F(KeyVaultTest, TakesNoTokenOfAnotherTenant) {
    t.admin("PUT", "tenants", R"({"id":"22222222-0000-4000-8000-000000000002"})");
    t.admin("PUT", "apps",
            R"({"clientId":"stranger","tenant":"22222222-0000-4000-8000-000000000002","clientSecrets":["s"]})");
    auto const token = t.ask({.method = "POST",
                              .host = "login.localhost:8443",
                              .target = "/22222222-0000-4000-8000-000000000002/oauth2/v2.0/token",
                              .body = "grant_type=client_credentials&client_id=stranger&client_secret=s&scope="
                                      "https%3A%2F%2Fvault.localhost%2F.default"});
    ASSERT_EQ(token.status, 200U) << token.body;
    auto const response = t.ask({.host = "demo.vault.localhost:8443",
                                 .target = "/secrets?api-version=7.4",
                                 .token = text_of(member(token, "access_token"))});
    EXPECT_EQ(response.status, 401U);
    EXPECT_NE(response.body.find("AKV10032"), std::string::npos) << response.body;
}

TEST_F(KeyVaultTest, TokensEndWithTheEmulatedHour) {
    auto const token = t.token_for("https://vault.localhost");
    auto const list = [&] {
        return t.ask({.host = "demo.vault.localhost:8443", .target = "/secrets?api-version=7.4", .token = token})
            .status;
    };
    EXPECT_EQ(list(), 200U);
    t.clock.advance(59min);
    EXPECT_EQ(list(), 200U);
    t.clock.advance(2min);
    EXPECT_EQ(list(), 401U);
}

TEST_F(KeyVaultTest, NeedsAKnownApiVersion) {
    auto const token = t.token_for("https://vault.localhost");
    for (auto const* query : {"", "?api-version=6.0", "?api-version="}) {
        auto const response =
            t.ask({.host = "demo.vault.localhost:8443", .target = std::string("/secrets") + query, .token = token});
        EXPECT_EQ(response.status, 400U) << query;
        EXPECT_EQ(text_of(member(response, "error.code")), "BadParameter") << query;
    }
}

TEST_F(KeyVaultTest, ABundleHasWholeSecondsAndLeavesOutWhatIsNotSet) {
    auto const response = t.vault("PUT", "/secrets/Name", R"({"value":"v","attributes":{"exp":1900000000}})");
    ASSERT_EQ(response.status, 200U) << response.body;
    EXPECT_EQ(member(response, "attributes.exp"), json::value(1900000000));
    EXPECT_EQ(member(response, "attributes.created"), json::value(1768469400));
    EXPECT_TRUE(member(response, "attributes.nbf").is_null());
    EXPECT_EQ(response.body.find("nbf"), std::string::npos);
    EXPECT_EQ(response.body.find("tags"), std::string::npos);
    EXPECT_EQ(response.body.find("contentType"), std::string::npos);
    EXPECT_TRUE(text_of(member(response, "id")).starts_with("https://demo.vault.localhost:8443/secrets/Name/"));
    EXPECT_EQ(text_of(member(response, "attributes.recoveryLevel")), "Recoverable+Purgeable");
}

TEST_F(KeyVaultTest, RefusesBodiesThatAreNone) {
    for (auto const* body :
         {"", "[]", "{", R"({"value":1})", R"({"tags":{}})", R"({"value":"v","tags":{"a":1}})",
          R"({"value":"v","attributes":{"exp":"soon"}})", R"({"value":"v","attributes":{"exp":1.5}})",
          R"({"value":"v","attributes":7})", R"({"value":"v","attributes":{"enabled":"yes"}})"}) {
        auto const response = t.vault("PUT", "/secrets/a", body);
        EXPECT_EQ(response.status, 400U) << body;
        EXPECT_EQ(text_of(member(response, "error.code")), "BadParameter") << body;
    }
    EXPECT_EQ(t.world.vaults.find("demo")->second.secrets.size(), 0U);
}

TEST_F(KeyVaultTest, ListsInPagesWithBaseIdsAndAPortInTheLink) {
    for (int i = 0; i < 5; ++i) t.vault("PUT", "/secrets/s" + std::to_string(i), R"({"value":"v"})");
    std::vector<std::string> ids;
    std::string target = "/secrets?maxresults=2";
    auto const token = t.token_for("https://vault.azure.net");
    target += "&api-version=7.4";
    for (int page = 0; page < 5 && !target.empty(); ++page) {
        auto const response = t.ask({.host = "demo.vault.azure.net", .target = target, .token = token});
        ASSERT_EQ(response.status, 200U) << response.body;
        auto const items = member(response, "value");
        EXPECT_LE(items.get_array().size(), 2U);
        for (auto const& item : items.get_array()) ids.push_back(text_of(member(item, "id")));
        auto const next = member(response, "nextLink");
        std::string const start = "https://demo.vault.azure.net:443";
        EXPECT_TRUE(next.is_null() || text_of(next).starts_with(start)) << text_of(next);
        target = next.is_null() ? "" : text_of(next).substr(start.size());
    }
    EXPECT_EQ(ids, (std::vector<std::string>{
                       "https://demo.vault.azure.net/secrets/s0", "https://demo.vault.azure.net/secrets/s1",
                       "https://demo.vault.azure.net/secrets/s2", "https://demo.vault.azure.net/secrets/s3",
                       "https://demo.vault.azure.net/secrets/s4"}));
    EXPECT_EQ(t.vault("GET", "/secrets?maxresults=26").status, 400U);
    EXPECT_EQ(t.vault("GET", "/secrets?maxresults=0").status, 400U);
    EXPECT_EQ(t.vault("GET", "/secrets?$skiptoken=zzz").status, 400U);
}

TEST_F(KeyVaultTest, AnEmptyPageIsFollowedByWhatItHeldBack) {
    t.vault("PUT", "/secrets/a", R"({"value":"v"})");
    t.admin("POST", "faults", R"({"match":{"operation":"secret.list"},"action":{"emptyPage":true}})");
    auto const empty = t.vault("GET", "/secrets");
    EXPECT_EQ(member(empty, "value"), json::value(json::array()));
    auto const link = text_of(member(empty, "nextLink"));
    ASSERT_TRUE(link.starts_with("https://demo.vault.localhost:8443/secrets?")) << link;
    auto const next = t.ask({.host = "demo.vault.localhost:8443",
                             .target = link.substr(std::string("https://demo.vault.localhost:8443").size()),
                             .token = t.token_for("https://vault.localhost")});
    EXPECT_EQ(member(next, "value").get_array().size(), 1U) << next.body;
}

TEST_F(KeyVaultTest, TheThrottleLetsThreeHundredCreationsThrough) {
    auto const token = t.token_for("https://vault.localhost");
    auto const put = [&] {
        return t.ask({.method = "PUT",
                      .host = "demo.vault.localhost:8443",
                      .target = "/secrets/a?api-version=7.4",
                      .body = R"({"value":"v"})",
                      .token = token});
    };
    for (int i = 0; i < 300; ++i) ASSERT_EQ(put().status, 200U) << i;
    auto const refused = put();
    EXPECT_EQ(refused.status, 429U);
    EXPECT_EQ(text_of(member(refused, "error.code")), "Throttled");
    EXPECT_NE(text_of(member(refused, "error.message")).find("VaultRequestTypeLimitReached"), std::string::npos);
    t.admin("POST", "throttle", R"({"enabled":false})");
    EXPECT_EQ(put().status, 200U);
}

TEST_F(KeyVaultTest, ADeniedAppIsForbiddenByRbac) {
    t.admin(
        "PUT", "apps",
        R"({"clientId":")" + t.app().client_id + R"(","deny":[{"operation":"secret.set","resource":"demo/locked"}]})");
    auto const refused = t.vault("PUT", "/secrets/Locked", R"({"value":"v"})");
    EXPECT_EQ(refused.status, 403U);
    EXPECT_EQ(text_of(member(refused, "error.innererror.code")), "ForbiddenByRbac");
    EXPECT_EQ(t.vault("PUT", "/secrets/open", R"({"value":"v"})").status, 200U);
    EXPECT_EQ(t.vault("GET", "/secrets/locked").status, 404U);
}

TEST_F(KeyVaultTest, UnknownPathsAndVaultsAreNotFound) {
    EXPECT_EQ(t.vault("GET", "/keys").status, 404U);
    EXPECT_EQ(t.vault("DELETE", "/secrets").status, 404U);
    EXPECT_EQ(t.ask({.host = "other.vault.localhost:8443", .target = "/secrets?api-version=7.4"}).status, 404U);
    EXPECT_EQ(t.ask({.host = "nonsense", .target = "/"}).status, 404U);
}

TEST_F(KeyVaultTest, TheDateIsTheEmulatedOne) {
    t.admin("POST", "clock", R"({"set":"2027-03-04T05:06:07Z"})");
    EXPECT_EQ(to_text(t.vault("GET", "/secrets"), "Date"), "Thu, 04 Mar 2027 05:06:07 GMT");
}

}  // namespace
}  // namespace kssedr::emulator
