#include "emulator/graph.h"

#include "test/local_azure/test_world.h"

#include <boost/json/array.hpp>

namespace kssedr::emulator {
namespace {

class GraphTest : public ::testing::Test {
protected:
    GraphTest() {
        auto const made = t.admin("PUT", "apps", R"({"clientId":"0a000000-0000-4000-8000-000000000002",
            "applicationObjectId":"0a000000-0000-4000-8000-000000000003","name":"shop","passwordCredentials":[
            {"keyId":"0b000000-0000-4000-8000-000000000001","displayName":"by hand","secretText":"by-hand-0123456789",
             "startDateTime":"2025-01-01T00:00:00Z","endDateTime":"2027-01-01T00:00:00Z"}]})");
        EXPECT_EQ(made.status, 200U) << made.body;
    }
    listen::Response graph(std::string const& method, std::string const& behind, std::string const& body = {}) {
        return t.ask({.method = method,
                      .host = "graph.localhost:8443",
                      .target = "/v1.0/applications/0a000000-0000-4000-8000-000000000003" + behind,
                      .body = body,
                      .token = t.token_for("https://graph.localhost")});
    }
    std::string add(std::string const& name, std::string const& ends = "2026-04-15T09:30:00Z") {
        auto const made =
            graph("POST", "/addPassword",
                  R"({"passwordCredential":{"displayName":")" + name + R"(","endDateTime":")" + ends + "\"}}");
        EXPECT_EQ(made.status, 200U) << made.body;
        last_id = text_of(member(made, "keyId"));
        return text_of(member(made, "secretText"));
    }
    listen::Response remove(std::string const& id) {
        return graph("POST", "/removePassword", R"({"keyId":")" + id + "\"}");
    }
    // The code of Entra's refusal; 0 where a token is given.
    std::int64_t sign_in(std::string const& secret) {
        auto const response = t.ask(
            {.method = "POST",
             .host = "login.localhost:8443",
             .target = "/" + t.app().tenant + "/oauth2/v2.0/token",
             .body = "grant_type=client_credentials&client_id=0a000000-0000-4000-8000-000000000002&client_secret=" +
                     TestWorld::format_percent(secret) + "&scope=https%3A%2F%2Fgraph.localhost%2F.default"});
        if (response.status == 200) return 0;
        return member(response, "error_codes").get_array().at(0).to_number<std::int64_t>();
    }
    json::array listed() {
        return member(graph("GET", "?$select=id,passwordCredentials"), "passwordCredentials").get_array();
    }
    std::string last_id;
    TestWorld t;
};

TEST_F(GraphTest, AddsListsAndRemoves) {
    EXPECT_EQ(sign_in("by-hand-0123456789"), 0);
    auto const before = listed().size();
    auto const secret = add("kssedr demo/web");
    EXPECT_EQ(secret.size(), 40U);
    EXPECT_EQ(sign_in(secret), 0);
    auto const all = listed();
    ASSERT_EQ(all.size(), before + 1);
    auto const& entry = all.back();
    EXPECT_EQ(text_of(member(entry, "keyId")), last_id);
    EXPECT_EQ(text_of(member(entry, "displayName")), "kssedr demo/web");
    EXPECT_EQ(text_of(member(entry, "hint")), secret.substr(0, 3));
    EXPECT_EQ(text_of(member(entry, "startDateTime")), "2026-01-15T09:30:00.0000000Z");
    EXPECT_EQ(text_of(member(entry, "endDateTime")), "2026-04-15T09:30:00Z");
    EXPECT_TRUE(member(entry, "secretText").is_null());

    auto const removed = remove(last_id);
    EXPECT_EQ(removed.status, 204U);
    EXPECT_EQ(removed.body, "");
    EXPECT_EQ(sign_in(secret), 7000215);
    EXPECT_EQ(listed().size(), before);
    auto const again = remove(last_id);
    EXPECT_EQ(again.status, 400U);
    EXPECT_EQ(text_of(member(again, "error.message")), "No password credential found with keyId '" + last_id + "'.");
    EXPECT_EQ(sign_in("by-hand-0123456789"), 0) << "another's was touched";
}

TEST_F(GraphTest, SelectsMembers) {
    auto const some = graph("GET", "?$select=id,appId,passwordCredentials");
    ASSERT_EQ(some.status, 200U);
    EXPECT_EQ(text_of(member(some, "appId")), "0a000000-0000-4000-8000-000000000002");
    EXPECT_TRUE(member(some, "signInAudience").is_null());
    EXPECT_EQ(text_of(member(graph("GET", ""), "signInAudience")), "AzureADMyOrg");
    auto const by_app_id = t.ask({.host = "graph.localhost:8443",
                                  .target = "/v1.0/applications(appId='0a000000-0000-4000-8000-000000000002')",
                                  .token = t.token_for("https://graph.localhost")});
    EXPECT_EQ(text_of(member(by_app_id, "id")), "0a000000-0000-4000-8000-000000000003");
}

TEST_F(GraphTest, AChangeIsHeardOfLater) {
    t.admin("PUT", "apps", R"({"clientId":"0a000000-0000-4000-8000-000000000002","propagationDelay":"PT30S",
        "listingDelay":"PT10S"})");
    auto const before = listed().size();
    auto const secret = add("m");
    EXPECT_EQ(sign_in(secret), 7000215);
    EXPECT_EQ(listed().size(), before);
    t.admin("POST", "clock", R"({"advance":"PT10S"})");
    EXPECT_EQ(listed().size(), before + 1);
    EXPECT_EQ(sign_in(secret), 7000215);
    t.admin("POST", "clock", R"({"advance":"PT20S"})");
    EXPECT_EQ(sign_in(secret), 0);
    EXPECT_EQ(remove(last_id).status, 204U);
    EXPECT_EQ(sign_in(secret), 0);
    EXPECT_EQ(listed().size(), before + 1);
    t.admin("POST", "clock", R"({"advance":"PT30S"})");
    EXPECT_EQ(sign_in(secret), 7000215);
    EXPECT_EQ(listed().size(), before);
}

TEST_F(GraphTest, AnEndedSecretIsRefusedAsSuch) {
    auto const secret = add("m", "2026-01-15T10:00:00Z");
    EXPECT_EQ(sign_in(secret), 0);
    t.admin("POST", "clock", R"({"advance":"PT30M"})");
    EXPECT_EQ(sign_in(secret), 7000222);
}

TEST_F(GraphTest, RefusesAsGraphDoes) {
    struct Case {
        char const* name;
        TestWorld::Ask ask;
        unsigned status;
        char const* code;
    };
    auto const token = t.token_for("https://graph.localhost");
    auto const arm_token = t.token_for("https://management.localhost");
    std::string const host = "graph.localhost:8443";
    std::string const here = "/v1.0/applications/0a000000-0000-4000-8000-000000000003";
    std::vector<Case> const cases = {
        {"no token", {.host = host, .target = here}, 401, "InvalidAuthenticationToken"},
        {"no such token", {.host = host, .target = here, .token = "x"}, 401, "InvalidAuthenticationToken"},
        {"a token for another", {.host = host, .target = here, .token = arm_token}, 401, "InvalidAuthenticationToken"},
        {"no such application",
         {.host = host, .target = "/v1.0/applications/x", .token = token},
         404,
         "Request_ResourceNotFound"},
        {"the client id in its place",
         {.host = host, .target = "/v1.0/applications/0a000000-0000-4000-8000-000000000002", .token = token},
         404,
         "Request_ResourceNotFound"},
        {"another thing", {.host = host, .target = "/v1.0/users", .token = token}, 400, "BadRequest"},
        {"no JSON",
         {.method = "POST", .host = host, .target = here + "/addPassword", .body = "{", .token = token},
         400,
         "Request_BadRequest"},
        {"no key id",
         {.method = "POST", .host = host, .target = here + "/removePassword", .body = "{}", .token = token},
         400,
         "Request_BadRequest"},
        {"an end before the beginning",
         {.method = "POST",
          .host = host,
          .target = here + "/addPassword",
          .body = R"({"passwordCredential":{"endDateTime":"2020-01-01T00:00:00Z"}})",
          .token = token},
         400,
         "Request_BadRequest"},
    };
    for (auto const& one : cases) {
        auto const response = t.ask(one.ask);
        EXPECT_EQ(response.status, one.status) << one.name << response.body;
        EXPECT_EQ(text_of(member(response, "error.code")), one.code) << one.name;
    }
    t.admin("PUT", "apps", R"({"clientId":")" + t.app().client_id + R"(","deny":["password.*"]})");
    EXPECT_EQ(graph("GET", "").status, 200U);
    auto const denied = remove("x");
    EXPECT_EQ(denied.status, 403U);
    EXPECT_EQ(text_of(member(denied, "error.code")), "Authorization_RequestDenied");
}

TEST_F(GraphTest, AnApplicationForPersonsHasTwo) {
    t.admin("PUT", "apps", R"({"clientId":"0a000000-0000-4000-8000-000000000002",
        "signInAudience":"AzureADandPersonalMicrosoftAccount","clientSecrets":["one-0123456789-one"]})");
    add("second");
    auto const third = graph("POST", "/addPassword", "{}");
    EXPECT_EQ(third.status, 400U) << third.body;
    EXPECT_EQ(remove(last_id).status, 204U);
    add("second");
}

TEST_F(GraphTest, CallsAreCountedAndMetByFaults) {
    t.admin("DELETE", "calls");
    t.admin("POST", "faults", R"({"match":{"service":"graph","operation":"password.add"},
        "action":{"status":429,"headers":{"Retry-After":"3"}}})");
    auto const refused = graph("POST", "/addPassword", "{}");
    EXPECT_EQ(refused.status, 429U);
    EXPECT_EQ(to_text(refused, "Retry-After"), "3");
    add("m");
    auto const calls = t.admin("GET", "calls");
    EXPECT_TRUE(calls.body.contains(R"("service":"graph","operation":"password.add")")) << calls.body;
    EXPECT_FALSE(calls.body.contains("by-hand"));
    auto const shown = t.admin("GET", "applications");
    EXPECT_TRUE(shown.body.contains("by-hand-0123456789"));
    EXPECT_FALSE(t.admin("GET", "state").body.contains("by-hand-0123456789"));
}

}  // namespace
}  // namespace kssedr::emulator
