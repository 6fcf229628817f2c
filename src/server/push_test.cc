// Event push: who may, what is kept, and what is answered.

#include "test/daemon/test_daemon.h"

namespace kssedr::server {
namespace {

using namespace std::chrono_literals;
using Headers = TestDaemon::Headers;

std::string const event =
    R"({"id":"1","source":"/s","type":"Microsoft.KeyVault.SecretNearExpiry","specversion":"1.0"})";
std::string const validation =
    R"([{"id":"2","topic":"/s","subject":"","data":{"validationCode":"512d-38b6","validationUrl":"https://evil.example"},)"
    R"("eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","dataVersion":"1"}])";

Headers good(std::string_view type = "application/cloudevents+json") {
    return {{"X-Kssedr-Key", std::string(push_secret)}, {"Content-Type", std::string(type)}};
}

CORO_TEST(PushEndpoint, KeepsBeforeItAnswers) {
    TestDaemon daemon(executor(), clock());
    auto const response = co_await daemon.ask("POST", "/api/events", good(), event);
    EXPECT_EQ(response.status, 200U);
    CO_ASSERT(daemon.inbox.messages.size() == 1);
    EXPECT_EQ(daemon.inbox.messages[0].source, "push");
    EXPECT_EQ(daemon.inbox.messages[0].message, event);
    EXPECT_EQ(daemon.accepted, 1);
}

CORO_TEST(PushEndpoint, IsToldToSendAgainWhatCouldNotBeKept) {
    TestDaemon daemon(executor(), clock());
    daemon.inbox.trouble = "the disk is full; make room";
    auto const response = co_await daemon.ask("POST", "/api/events", good(), event);
    EXPECT_EQ(response.status, 503U);
    EXPECT_EQ(*response.headers.find("Retry-After"), "30");
    EXPECT_EQ(daemon.accepted, 0);
}

CORO_TEST(PushEndpoint, AnswersAValidationAndKeepsNothing) {
    TestDaemon daemon(executor(), clock());
    auto const response = co_await daemon.ask("POST", "/api/events", good("application/json"), validation);
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(response.body, R"({"validationResponse":"512d-38b6"})");
    EXPECT_TRUE(daemon.inbox.messages.empty());
}

CORO_TEST(PushEndpoint, ConsentsToCloudEvents) {
    TestDaemon daemon(executor(), clock());
    auto headers = good();
    headers.emplace_back("WebHook-Request-Origin", "eventgrid.azure.net");
    headers.emplace_back("WebHook-Request-Callback", "https://evil.example/");
    auto const response = co_await daemon.ask("OPTIONS", "/api/events", headers);
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(*response.headers.find("WebHook-Allowed-Origin"), "eventgrid.azure.net");
    EXPECT_EQ(*response.headers.find("WebHook-Allowed-Rate"), "*");
    EXPECT_EQ(*response.headers.find("Allow"), "OPTIONS, POST");
    auto const without = co_await daemon.ask("OPTIONS", "/api/events", good());
    EXPECT_EQ(without.status, 400U);
    headers[2].second = "a\r\nSet-Cookie: b";
    auto const hostile = co_await daemon.ask("OPTIONS", "/api/events", headers);
    EXPECT_EQ(hostile.status, 400U);
}

CORO_TEST(PushEndpoint, RefusesForGoodOnlyWhatIsWrongForGood) {
    struct Case {
        char const* name;
        Headers headers;
        std::string body;
        unsigned status;
    };
    auto const bearer = [](std::string_view token) {
        return Headers{{"Authorization", "Bearer " + std::string(token)}, {"Content-Type", "application/json"}};
    };
    auto wrong = good();
    wrong[0].second.back() = 'x';
    auto longer = good();
    longer[0].second += 'x';
    auto shorter = good();
    shorter[0].second.pop_back();
    std::vector<Case> const cases = {
        {"the secret", good(), event, 200},
        {"Event Grid's token", bearer("grid"), event, 200},
        {"Event Grid's token over a validation", bearer("grid"), validation, 200},
        {"the scheme in another case", {{"Authorization", "bearer grid"}}, event, 200},
        {"another application's token", bearer("other"), event, 403},
        {"a token that is none", bearer("forged"), event, 401},
        {"the secret as a token", bearer(push_secret), event, 401},
        {"the API's token", bearer(api_token), event, 401},
        {"another scheme", {{"Authorization", "Basic grid"}}, event, 401},
        {"nothing", {}, event, 401},
        {"nothing, over a validation", {}, validation, 401},
        {"a wrong secret", wrong, event, 401},
        {"a longer one", longer, event, 401},
        {"a shorter one", shorter, event, 401},
        {"an empty one", {{"x-kssedr-key", ""}}, event, 401},
        {"broken JSON", good(), "{", 400},
        {"broken JSON of nobody", {}, "{", 401},
        {"no body", good(), "", 400},
    };
    for (auto const& one : cases) {
        SCOPED_TRACE(one.name);
        TestDaemon daemon(executor(), clock());
        daemon.check->principals["grid"] = {std::string(event_grid), "", {}};
        daemon.check->principals["other"] = {"00000000-0000-4000-8000-000000000009", "", {"Owner"}};
        auto const response = co_await daemon.ask("POST", "/api/events", one.headers, one.body);
        EXPECT_EQ(response.status, one.status) << response.body;
        EXPECT_EQ(response.headers.find("WWW-Authenticate").has_value(), one.status == 401);
        EXPECT_EQ(daemon.inbox.messages.size(), one.status == 200 && one.body == event ? 1U : 0U);
        EXPECT_FALSE(response.body.contains(push_secret));
    }
}

CORO_TEST(PushEndpoint, WhatMayPassIsNoRefusal) {
    TestDaemon daemon(executor(), clock());
    daemon.check->failure = Error(Errc::unavailable, "the keys can not be had").with_retry_after(300s);
    auto const response = co_await daemon.ask("POST", "/api/events", {{"Authorization", "Bearer new"}}, event);
    EXPECT_EQ(response.status, 503U);
    EXPECT_EQ(*response.headers.find("Retry-After"), "300");
}

CORO_TEST(Gate, FailuresAreManyAndLoggedFew) {
    TestDaemon daemon(executor(), clock());
    std::map<unsigned, int> answers;
    for (int i = 0; i < 100; ++i) {
        auto const response = co_await daemon.ask("POST", "/api/events", {{"X-Kssedr-Key", "guess"}}, event);
        ++answers[response.status];
    }
    EXPECT_EQ(answers, (std::map<unsigned, int>{{401, 20}, {429, 80}}));
    EXPECT_EQ(daemon.log.lines["gate.refused"], 20);
    auto const right = co_await daemon.ask("POST", "/api/events", good(), event);
    EXPECT_EQ(right.status, 200U) << "nobody locks others out";
    auto const other_gate = co_await daemon.ask_api("GET", "/api/v1/status");
    EXPECT_EQ(other_gate.status, 200U);
    co_await clock().sleep_for(30s);
    auto const later = co_await daemon.ask("POST", "/api/events", {}, event);
    EXPECT_EQ(later.status, 401U);
}

}  // namespace
}  // namespace kssedr::server
