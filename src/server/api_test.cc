// The API: what it shows, what it changes, and how it says what is wrong.

#include "test/daemon/test_daemon.h"

namespace kssedr::server {
namespace {

using namespace std::chrono_literals;

ports::ParkedEvent parked(std::string secret, std::string event) {
    ports::ParkedEvent entry;
    entry.vault = "shop.vault.azure.net";
    entry.secret = std::move(secret);
    entry.code = "not-permitted";
    entry.outcome = "refused";
    entry.reason = "policy forbids it";
    entry.source = "hub";
    entry.sha256 = event.empty() ? "" : format_hex(sha256(event));
    entry.event = std::move(event);
    return entry;
}

CORO_TEST(Api, LetsInWhoHasTheTokenOrTheRole) {
    struct Case {
        char const* name;
        std::string authorization;
        unsigned status;
    };
    std::string const right(api_token);
    std::vector<Case> const cases = {
        {"the token", "Bearer " + right, 200},
        {"the scheme in another case", "bearer " + right, 200},
        {"a role's token", "Bearer operator", 200},
        {"a token without the role", "Bearer reader", 403},
        {"the role in another case", "Bearer lower", 403},
        {"Event Grid's", "Bearer grid", 403},
        {"nothing behind it", "Bearer ", 401},
        {"nothing", "", 401},
        {"a beginning", "Bearer " + right.substr(0, 31), 401},
        {"more", "Bearer " + right + "0", 401},
        {"the push's secret", "Bearer " + std::string(push_secret), 401},
        {"Basic", "Basic " + right, 401},
    };
    for (auto const& one : cases) {
        SCOPED_TRACE(one.name);
        TestDaemon daemon(executor(), clock());
        daemon.check->principals = {{"operator", {"app-1", "", {"Kssedr.Operate"}}},
                                    {"reader", {"app-2", "", {"Kssedr.Read"}}},
                                    {"lower", {"app-2", "", {"kssedr.operate"}}},
                                    {"grid", {std::string(event_grid), "", {}}}};
        TestDaemon::Headers headers;
        if (!one.authorization.empty()) headers.emplace_back("Authorization", one.authorization);
        auto const response = co_await daemon.ask("GET", "/api/v1/status", headers);
        EXPECT_EQ(response.status, one.status);
        EXPECT_EQ(response.headers.find("WWW-Authenticate").has_value(), one.status == 401);
    }
}

CORO_TEST(Api, ShowsTheStatus) {
    TestDaemon daemon(executor(), clock());
    auto& snapshot = daemon.status.snapshot;
    snapshot.sources = {{"hub", {ports::SourceState::retrying, "no route", clock().now(), 17}}};
    snapshot.vaults = {{"shop.vault.azure.net", {true, "", {}}}};
    engine::SweepSummary summary;
    summary.due = 3;
    summary.done = 2;
    summary.soonest = {{"shop.vault.azure.net", "web", clock().now() + 24h}};
    snapshot.last_sweep = {clock().now(), summary};
    daemon.store.events = {parked("web", "{}")};
    auto const body = json_of(co_await daemon.ask_api("GET", "/api/v1/status"));
    EXPECT_FALSE(body.at("ready").as_bool());
    EXPECT_EQ(body.at("sources").at(0).at("state").as_string(), "retrying");
    EXPECT_EQ(body.at("sources").at(0).at("backlog").as_int64(), 17);
    EXPECT_EQ(body.at("soonest").at(0).at("secret").as_string(), "web");
    EXPECT_EQ(body.at("sweep").at("due").to_number<int>(), 3);
    EXPECT_EQ(body.at("parked").to_number<int>(), 1);
    // A store that can not be asked spoils two numbers, and no more.
    daemon.store.trouble = "the disk is gone";
    auto const less = json_of(co_await daemon.ask_api("GET", "/api/v1/status"));
    EXPECT_TRUE(less.at("parked").is_null());
    EXPECT_EQ(less.at("mode").as_string(), "rotate");
}

CORO_TEST(Api, AsksTheHistoryAsItIsAsked) {
    TestDaemon daemon(executor(), clock());
    auto const appended = co_await daemon.store.append(
        {{clock().now(), "failed", "unavailable", "shop.vault.azure.net", "web", R"({"outcome":"failed"})"},
         {clock().now(), "failed", "unavailable", "shop.vault.azure.net", "web", "somebody changed this"}},
        clock().steady_now() + 1s);
    CO_ASSERT(appended.has_value());
    auto const body = json_of(co_await daemon.ask_api(
        "GET",
        "/api/v1/history?vault=Shop.vault.azure.net&secret=web&outcome=failed&since=2026-01-01T00%3A00:00Z&"
        "until=2026-02-01T00:00:00Z&before=9&limit=2"));
    auto const& asked = daemon.store.asked;
    EXPECT_EQ(asked.vault, "shop.vault.azure.net");
    EXPECT_EQ(asked.secret, "web");
    EXPECT_EQ(asked.outcome, "failed");
    EXPECT_EQ(asked.since, parse_rfc3339("2026-01-01T00:00:00Z"));
    EXPECT_EQ(asked.until, parse_rfc3339("2026-02-01T00:00:00Z"));
    EXPECT_EQ(asked.before, 9U);
    EXPECT_EQ(asked.limit, 2U);
    EXPECT_EQ(body.at("entries").at(0).at("outcome").at("outcome").as_string(), "failed");
    EXPECT_EQ(body.at("entries").at(1).at("outcome").as_string(), "somebody changed this");
    // The next page is asked for as this one was.
    std::string const next(body.at("next").as_string());
    auto const following = co_await daemon.ask_api("GET", "/api/v1/history" + next);
    EXPECT_EQ(following.status, 200U);
    EXPECT_EQ(daemon.store.asked.before, 2U);
    EXPECT_EQ(daemon.store.asked.vault, "shop.vault.azure.net");
    EXPECT_EQ(daemon.store.asked.since, parse_rfc3339("2026-01-01T00:00:00Z"));
    auto const last = json_of(co_await daemon.ask_api("GET", "/api/v1/history"));
    EXPECT_TRUE(last.at("next").is_null());
    EXPECT_EQ(daemon.store.asked.limit, 100U);
}

CORO_TEST(Api, SaysWhichParameterIsWrong) {
    std::vector<std::string> const targets = {
        "/api/v1/history?limit=0",
        "/api/v1/history?limit=501",
        "/api/v1/history?limit=-1",
        "/api/v1/history?limit=1x",
        "/api/v1/history?limit=9999999999999999999999",
        "/api/v1/history?before=x",
        "/api/v1/history?since=today",
        "/api/v1/history?secrte=web",
        "/api/v1/history?limit=1&limit=2",
        "/api/v1/history?vault=%2",
        "/api/v1/history?vault=%zz",
        "/api/v1/parked?after=-1",
        "/api/v1/parked?limit=1000",
        "/api/v1/parked?vault=x",
    };
    TestDaemon daemon(executor(), clock());
    for (auto const& target : targets) {
        SCOPED_TRACE(target);
        auto const response = co_await daemon.ask_api("GET", target);
        EXPECT_EQ(response.status, 400U);
        EXPECT_EQ(error_code_of(response), "BadRequest");
    }
}

CORO_TEST(Api, ListsRequeuesAndDropsWhatIsParked) {
    TestDaemon daemon(executor(), clock());
    std::string const whole = R"({"id":"1"})";
    auto large = parked("large", "{}");
    large.sha256 = std::string(64, '0');
    auto const kept =
        co_await daemon.store.park({parked("web", whole), parked("swept", ""), large}, clock().steady_now() + 1s);
    CO_ASSERT(kept.has_value());
    auto const page = json_of(co_await daemon.ask_api("GET", "/api/v1/parked?limit=2"));
    EXPECT_EQ(page.at("entries").as_array().size(), 2U);
    EXPECT_FALSE(page.at("entries").at(0).as_object().contains("event")) << "of one entry alone";
    auto const rest =
        json_of(co_await daemon.ask_api("GET", "/api/v1/parked" + std::string(page.at("next").as_string())));
    EXPECT_EQ(rest.at("entries").at(0).at("secret").as_string(), "large");
    EXPECT_TRUE(rest.at("next").is_null());
    auto const one = json_of(co_await daemon.ask_api("GET", "/api/v1/parked/1"));
    EXPECT_EQ(one.at("event").as_string(), whole);
    struct Case {
        char const* method;
        char const* target;
        unsigned status;
    };
    std::vector<Case> const cases = {
        {"POST", "/api/v1/parked/1/requeue", 202}, {"POST", "/api/v1/parked/2/requeue", 409},
        {"POST", "/api/v1/parked/3/requeue", 409}, {"POST", "/api/v1/parked/4/requeue", 404},
        {"POST", "/api/v1/parked/x/requeue", 404}, {"GET", "/api/v1/parked/99999999999999999999", 404},
        {"DELETE", "/api/v1/parked/-1", 404},      {"DELETE", "/api/v1/parked/2", 204},
        {"DELETE", "/api/v1/parked/2", 404},
    };
    for (auto const& [method, target, status] : cases) {
        SCOPED_TRACE(std::string(method) + ' ' + target);
        auto const response = co_await daemon.ask_api(method, target);
        EXPECT_EQ(response.status, status);
    }
    CO_ASSERT(daemon.inbox.messages.size() == 1);
    EXPECT_EQ(daemon.inbox.messages[0].message, whole);
    EXPECT_EQ(daemon.inbox.messages[0].source, "parked");
    EXPECT_EQ(daemon.store.events.size(), 2U) << "it stays until its secret comes to another outcome";
    EXPECT_EQ(daemon.accepted, 1);
}

CORO_TEST(Api, RotatesNow) {
    TestDaemon daemon(executor(), clock());
    auto const response =
        co_await daemon.ask_api("POST", "/api/v1/rotate",
                                R"({"secret":"https://shop.vault.azure.net/secrets/web","force":true,"dryRun":false})");
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(json_of(response).at("outcome").as_string(), "rotated");
    CO_ASSERT(daemon.rotations.asked.size() == 1);
    EXPECT_EQ(daemon.rotations.asked[0].secret.name, "web");
    EXPECT_TRUE(daemon.rotations.asked[0].force);
    EXPECT_FALSE(daemon.rotations.asked[0].dry_run);
    co_await daemon.handler.close();
}

CORO_TEST(Api, ASlowRotationIsAskedForLater) {
    TestDaemon daemon(executor(), clock());
    daemon.rotations.takes = 25s;
    auto const began = clock().steady_now();
    auto const response =
        co_await daemon.ask_api("POST", "/api/v1/rotate", R"({"secret":"https://shop.vault.azure.net/secrets/web"})");
    EXPECT_EQ(response.status, 202U);
    EXPECT_EQ(clock().steady_now() - began, 10s);
    std::string const location(*response.headers.find("Location"));
    auto const running = co_await daemon.ask_api("GET", location);
    EXPECT_EQ(running.status, 202U);
    co_await clock().sleep_for(15s);
    auto const ended = co_await daemon.ask_api("GET", location);
    EXPECT_EQ(ended.status, 200U);
    EXPECT_EQ(json_of(ended).at("outcome").as_string(), "rotated");
    auto const other = co_await daemon.ask_api("GET", "/api/v1/rotations/2");
    EXPECT_EQ(other.status, 404U);
    co_await daemon.handler.close();
}

CORO_TEST(Api, BoundsRotationsThatAreUnderWay) {
    TestDaemon daemon(executor(), clock());
    daemon.rotations.takes = 1h;
    std::map<unsigned, int> answers;
    for (int i = 0; i < 17; ++i) {
        auto const response = co_await daemon.ask_api("POST", "/api/v1/rotate",
                                                      R"({"secret":"https://shop.vault.azure.net/secrets/web"})");
        ++answers[response.status];
    }
    EXPECT_EQ(answers, (std::map<unsigned, int>{{202, 16}, {429, 1}}));
    co_await daemon.handler.close();
}

CORO_TEST(Api, SaysWhatIsWrongWithARequestToRotate) {
    std::vector<std::string> const bodies = {
        "",
        "[]",
        "{}",
        R"("https://shop.vault.azure.net/secrets/web")",
        R"({"secret":7})",
        R"({"secret":"web"})",
        R"({"secret":"http://shop.vault.azure.net/secrets/web"})",
        R"({"secret":"https://evil.example/secrets/web"})",
        R"({"secret":"https://shop.vault.azure.net/secrets/web/ee059b2bb5bc48398a53b168c6cdcb10"})",
        R"({"secret":"https://shop.vault.azure.net/secrets/web","force":"true"})",
        R"({"secret":"https://shop.vault.azure.net/secrets/web","compromised":true})",
        R"({"secret":"https://shop.vault.azure.net/secrets/web"} x)",
        R"({"secret":"https://shop.vault.azure.net/secrets/web")" + std::string(5000, ' ') + "}",
    };
    TestDaemon daemon(executor(), clock());
    for (auto const& body : bodies) {
        SCOPED_TRACE(body.substr(0, 100));
        auto const response = co_await daemon.ask_api("POST", "/api/v1/rotate", body);
        EXPECT_EQ(response.status, 400U);
        EXPECT_EQ(error_code_of(response), "BadRequest");
    }
    EXPECT_TRUE(daemon.rotations.asked.empty());
}

CORO_TEST(Api, AStoreThatCanNotBeAskedIsNoError) {
    TestDaemon daemon(executor(), clock());
    daemon.store.trouble = "the disk is full; make room";
    auto const response = co_await daemon.ask_api("GET", "/api/v1/history");
    EXPECT_EQ(response.status, 503U);
    EXPECT_EQ(json_of(response).at("error").at("message").as_string(), "the disk is full; make room");
}

}  // namespace
}  // namespace kssedr::server
