#include "azure/graph.h"

#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/scripted_tokens.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;
using http::Method;

constexpr auto id = "765eb0e3-acb3-475d-9a98-ee6892f081c8";
constexpr auto key = "73c912d2-fd2d-42a0-b3ae-2e45d006b8bc";
std::string const url = "https://graph.microsoft.com/v1.0/applications/" + std::string(id);
std::string const list_url = url + "?$select=id,appId,passwordCredentials";

std::string application(std::string const& passwords) {
    return R"({"id":")" + std::string(id) + R"(","appId":"a","passwordCredentials":)" + passwords + "}";
}

TEST(GraphApplication, IsReadWithWhateverIsNull) {
    auto const parsed = parse_application(
        application(R"([{"keyId":"k1","displayName":null,"customKeyIdentifier":"AAEC","hint":null,"secretText":null,)"
                    R"("startDateTime":"2022-05-07T06:52:46.1234567Z","endDateTime":"2299-12-31T00:00:00Z"},)"
                    R"({"keyId":"k2","displayName":"kssedr demo/web","hint":"yXo","startDateTime":null}])"),
        "765EB0E3-ACB3-475D-9A98-EE6892F081C8");
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
    EXPECT_EQ(parsed->app_id, "a");
    rotation::CredentialList const wanted{
        {"k1", "", "", parse_rfc3339("2022-05-07T06:52:46.123Z"), parse_rfc3339("2299-12-31T00:00:00Z")},
        {"k2", "kssedr demo/web", "yXo", std::nullopt, std::nullopt}};
    EXPECT_EQ(parsed->passwords, wanted);
    EXPECT_TRUE(parse_application(application("[]"), id)->passwords.empty());
}

TEST(GraphApplication, IsRefusedWholeWhereAPartCanNotBeRead) {
    for (std::string const& body : {
             std::string("no JSON"),
             std::string("[]"),
             std::string(R"({"id":"another","appId":"a","passwordCredentials":[]})"),
             R"({"id":")" + std::string(id) + R"(","passwordCredentials":[]})",
             R"({"id":")" + std::string(id) + R"(","appId":"a"})",
             application("{}"),
             application(R"([{"displayName":"no id"}])"),
             application(R"([{"keyId":7}])"),
             application(R"([{"keyId":"k","endDateTime":"tomorrow"}])"),
             application(R"([{"keyId":"k","startDateTime":7}])"),
             application(R"([{"keyId":"k"},null])"),
         }) {
        SCOPED_TRACE(body);
        auto const parsed = parse_application(body, id);
        ASSERT_FALSE(parsed.has_value());
        EXPECT_EQ(parsed.error().code(), Errc::corrupt);
    }
}

TEST(GraphBodies, AreWhatGraphTakes) {
    auto const ends = *parse_rfc3339("2026-04-15T09:30:00.750Z");
    EXPECT_EQ(format_add_password("kssedr \"x\"/y", ends).expose(),
              R"({"passwordCredential":{"displayName":"kssedr \"x\"/y","endDateTime":"2026-04-15T09:30:00Z"}})");
    EXPECT_EQ(format_remove_password("a\\b").expose(), R"({"keyId":"a\\b"})");
}

struct World {
    explicit World(Clock& clock, std::string_view cloud = "public")
        : transport(clock), graph(transport, tokens, random, *rotation::find_cloud(cloud)) {}

    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    GraphClient graph;
};

std::string refusal(std::string const& code, std::string const& message) {
    return R"({"error":{"code":")" + code + R"(","message":")" + message + "\"}}";
}

CORO_TEST(Graph, IsCalledWhereTheCloudSays) {
    for (auto const& [cloud, host] :
         {std::pair{"usgovernment", "graph.microsoft.us"}, {"china", "microsoftgraph.chinacloudapi.cn"}}) {
        World world(clock(), cloud);
        world.transport.expect(Method::get, "https://" + std::string(host) + list_url.substr(27))
            .answer(200, application("[]"));
        auto const listed = co_await world.graph.fetch_application(id, SteadyPoint::max());
        EXPECT_TRUE(listed.has_value());
        EXPECT_EQ(world.tokens.audiences, std::vector<std::string>{"https://" + std::string(host)});
    }
    rotation::Cloud local = *rotation::find_cloud("public");
    local.graph = "https://graph.localhost:8443/";
    EXPECT_EQ(local.graph_audience(), "https://graph.localhost");
    World world(clock());
    GraphClient graph(world.transport, world.tokens, world.random, local);
    world.transport.expect(Method::get, "https://graph.localhost:8443" + list_url.substr(27)).answer(404, "{}");
    auto const listed = co_await graph.fetch_application(id, SteadyPoint::max());
    CO_ASSERT(!listed.has_value());
    EXPECT_EQ(listed.error().code(), Errc::not_found);
}

CORO_TEST(Graph, AnAdditionOfWhichNoValueIsSeenIsOfUnknownOutcome) {
    struct Case {
        long status;
        std::string body;
        std::string code;
    };
    for (auto const& c : std::vector<Case>{
             {200, "", "outcome_unknown"},
             {200, R"({"keyId":"k","secretText":null})", "outcome_unknown"},
             {200, R"({"secretText":"s"})", "outcome_unknown"},
             {502, "", "outcome_unknown"},
             {429, "", "throttled"},
             {403, refusal("Authorization_RequestDenied", "Insufficient privileges"), "permission_denied"},
             {404, refusal("Request_ResourceNotFound", "no such"), "not_found"},
             {403, refusal("Directory_QuotaExceeded", "The directory object quota"), "invalid_argument"},
             {400, refusal("CredentialTypeNotAllowedAsPerAppPolicy", "no"), "invalid_argument"},
             {409, refusal("Directory_ConcurrencyViolation", "again"), "conflict"},
         }) {
        SCOPED_TRACE(c.body);
        World world(clock());
        world.transport.expect(Method::post, url + "/addPassword")
            .with_body(R"({"passwordCredential":{"displayName":"m","endDateTime":"1970-01-02T00:00:00Z"}})")
            .answer(c.status, c.body, {{"retry-after", "7"}});
        auto const added = co_await world.graph.add_password(id, "m", TimePoint{24h}, SteadyPoint::max());
        CO_ASSERT(!added.has_value());
        EXPECT_EQ(to_string(added.error().code()), c.code) << added.error().message();
        if (c.status != 200) {
            EXPECT_EQ(added.error().retry_after(), Duration(7s));
        }
        EXPECT_FALSE(world.transport.sent().front().repeatable);
    }
    World world(clock());
    world.transport.expect(Method::post, url + "/addPassword").fails(Errc::corrupt);
    auto const cut = co_await world.graph.add_password(id, "m", TimePoint{24h}, SteadyPoint::max());
    CO_ASSERT(!cut.has_value());
    EXPECT_EQ(cut.error().code(), Errc::outcome_unknown);
}

CORO_TEST(Graph, ARemovalOfWhatIsNotThereIsWell) {
    struct Case {
        long status;
        std::string body;
        std::string code;  // empty: well
    };
    for (auto const& c : std::vector<Case>{
             {204, "", ""},
             {400, refusal("Request_BadRequest", "No password credential found with keyId '73c9'."), ""},
             {404, refusal("Request_ResourceNotFound", "No password credential found with keyId 73c9"), ""},
             {400, refusal("Request_BadRequest", "Something else"), "invalid_argument"},
             {404, refusal("Request_ResourceNotFound", "Resource '765e' does not exist"), "not_found"},
             {403, refusal("Authorization_RequestDenied", "No password credential found with keyId"),
              "permission_denied"},
             {503, "", "unavailable"},
         }) {
        SCOPED_TRACE(c.body);
        World world(clock());
        world.transport.expect(Method::post, url + "/removePassword")
            .with_body(R"({"keyId":")" + std::string(key) + "\"}")
            .answer(c.status, c.body);
        auto const removed = co_await world.graph.remove_password(id, key, SteadyPoint::max());
        EXPECT_EQ(removed.has_value() ? "" : std::string(to_string(removed.error().code())), c.code);
        EXPECT_TRUE(world.transport.sent().front().repeatable);
    }
}

}  // namespace
}  // namespace kssedr::azure
