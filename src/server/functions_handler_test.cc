// The custom handler as the Functions host asks it, in virtual time, over a vault and an account in memory.

#include "server/functions_handler.h"

#include "base/encoding.h"
#include "engine/in_process_lock.h"
#include "support/coro_test.h"
#include "support/fake_azure.h"
#include "support/seeded_random.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace kssedr::server {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using test::FakeAzure;
namespace json = boost::json;

constexpr std::string_view account =
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acct";

class Host {
public:
    explicit Host(Clock& clock)
        : clock(clock),
          azure(clock, random),
          lock(clock),
          rotator({azure, azure, azure, lock, clock, random, log}, policy()),
          intake(rotator, clock, log, "vault.azure.net"),
          sweeper(rotator, {azure, azure, azure, lock, clock, random, log}),
          handler(intake, sweeper, clock, log, {.version = "1.2.3", .region_name = "West Europe", .has_vaults = true}) {
        for (std::string const slot : {"key1", "key2"}) azure.keys[slot] = {azure.new_key(), clock.now() - days{300}};
        rotation::SecretProperties properties;
        properties.content_type = account;
        properties.expires = std::chrono::floor<std::chrono::seconds>(clock.now()) + days{29};
        azure.add_version(properties, azure.keys["key1"].value);
        azure.versions[0].properties.created -= days{61};
    }
    static rotation::Policy policy() {
        rotation::Policy policy;
        policy.vaults = {{{"demo.vault.azure.net"}}};
        policy.allowed = rotation::AllowedTargets({*rotation::AllowedTarget::parse("/", "vault.azure.net")});
        return policy;
    }

    std::string event(std::string id = "e1", std::string type = "Microsoft.KeyVault.SecretNearExpiry") const {
        return R"({"id":")" + id +
               R"(","source":"/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/demo","type":")" +
               type + R"(","specversion":"1.0","data":{"Id":"https://demo.vault.azure.net/secrets/web/)" +
               azure.versions[0].properties.version +
               R"(","VaultName":"demo","ObjectType":"Secret","ObjectName":"web","NBF":null,"EXP":1}})";
    }
    Task<listen::Response> ask(std::string method, std::string target, std::string body = {}) {
        listen::Request request;
        request.method = std::move(method);
        request.target = std::move(target);
        request.host = "app.example";
        request.body = SecretString::copy_of(body);
        co_return co_await handler.handle(request);
    }
    /// Delivers messages as the host does with dataType binary.
    Task<listen::Response> deliver(std::vector<std::string> messages, std::string retry = {}) {
        json::array elements;
        for (auto const& message : messages) elements.emplace_back(format_base64(message));
        json::object envelope{{"Data", {{"events", json::serialize(elements)}}}};
        json::object metadata{{"sys", {{"MethodName", "EventHubTriggerFunction"}}}};
        if (!retry.empty()) metadata["RetryContext"] = json::parse(retry);
        envelope["Metadata"] = metadata;
        co_return co_await ask("POST", "/EventHubTriggerFunction", json::serialize(envelope));
    }

    Clock& clock;
    test::SeededRandom random{1};
    NullLog log;
    FakeAzure azure;
    engine::InProcessLock lock;
    engine::Rotator rotator;
    engine::Intake intake;
    engine::Sweeper sweeper;
    FunctionsHandler handler;
};

std::vector<std::string> outcomes_of(listen::Response const& response) {
    std::vector<std::string> outcomes;
    for (auto const& outcome : json::parse(response.body).at("ReturnValue").as_array())
        outcomes.emplace_back(outcome.at("outcome").as_string());
    return outcomes;
}

std::size_t poison_count(listen::Response const& response) {
    auto const body = json::parse(response.body);
    auto const* poison = body.at("Outputs").as_object().if_contains("poison");
    return poison == nullptr ? 0 : poison->as_array().size();
}

constexpr std::string_view first_of_six = R"({"RetryCount":0,"MaxRetryCount":5,"Exception":null})";
constexpr std::string_view last_of_six = R"({"RetryCount":5,"MaxRetryCount":5,"Exception":{"Message":"x"}})";

CORO_TEST(FunctionsHandler, RotatesWhatTheHostDelivers) {
    Host host(clock());
    auto const response = co_await host.deliver({host.event()});
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(*response.headers.find("content-type"), "application/json; charset=utf-8");
    EXPECT_EQ(outcomes_of(response), (std::vector<std::string>{"rotated"}));
    EXPECT_EQ(poison_count(response), 0U);
    auto const body = json::parse(response.body);
    EXPECT_EQ(body.at("Logs").as_array().size(), 1U);
    for (auto const& [slot, key] : host.azure.keys)
        EXPECT_EQ(response.body.find(key.value), std::string::npos) << "no value in an answer";
}

CORO_TEST(FunctionsHandler, EveryEventHasItsOutcomeInOrder) {
    Host host(clock());
    auto const response = co_await host.deliver(
        {host.event("a"), "nonsense",
         "[" + host.event("b", "Microsoft.KeyVault.SecretNewVersionCreated") + "," + host.event("c") + "]", "[]"});
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(outcomes_of(response), (std::vector<std::string>{"rotated", "refused", "ignored", "superseded"}));
    EXPECT_EQ(poison_count(response), 1U) << "the refused one, and it alone";
}

CORO_TEST(FunctionsHandler, AnInvocationWithoutABodyIsNoSuccess) {
    Host host(clock());
    for (std::string const body : {"", " \r\n"}) {
        auto const response = co_await host.ask("POST", "/EventHubTriggerFunction", body);
        EXPECT_EQ(response.status, 400U) << "the host still has the events: it must not take them for handled";
        EXPECT_FALSE(response.body.empty());
    }
}

CORO_TEST(FunctionsHandler, LogsNameAnEventByItsIdWhereItHasOne) {
    Host host(clock());
    auto const response = co_await host.deliver({"{}", R"({"id":"e7"})"});
    auto const body = json::parse(response.body);
    auto const& logs = body.at("Logs").as_array();
    EXPECT_TRUE(std::string_view(logs.at(0).as_string()).starts_with("event (malformed) refused: ")) << logs;
    EXPECT_TRUE(std::string_view(logs.at(1).as_string()).starts_with("event e7 (malformed) refused: ")) << logs;
}

CORO_TEST(FunctionsHandler, ATransientFaultComesAgainUntilTheLastAttempt) {
    Host host(clock());
    host.azure.script = [](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "keys.list") event.error_before = Error(Errc::unavailable, "503");
        return event;
    };
    auto response = co_await host.deliver({host.event(), "nonsense"}, std::string(first_of_six));
    EXPECT_EQ(response.status, 500U);
    EXPECT_FALSE(response.body.empty());
    EXPECT_EQ(poison_count(response), 0U) << "the whole batch comes again: nothing of it is parked yet";

    response = co_await host.deliver({host.event(), "nonsense"}, std::string(last_of_six));
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(outcomes_of(response), (std::vector<std::string>{"failed", "refused"}));
    EXPECT_EQ(poison_count(response), 2U);

    response = co_await host.deliver({host.event()});
    EXPECT_EQ(response.status, 200U) << "no retry policy: this was the only attempt";
    EXPECT_EQ(poison_count(response), 1U);

    host.azure.script = nullptr;
    // Who has not answered so often is spared for half a minute (engine/circuit.h).
    co_await clock().sleep_for(std::chrono::seconds{30});
    response = co_await host.deliver({host.event(), "nonsense"}, R"({"RetryCount":1,"MaxRetryCount":5})");
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(outcomes_of(response), (std::vector<std::string>{"rotated", "refused"}));
    EXPECT_EQ(poison_count(response), 1U);
}

CORO_TEST(FunctionsHandler, WhatDoesNotFitIntoTheBudgetComesAgain) {
    Host host(clock());
    host.azure.script = [](int, std::string_view) { return FakeAzure::Event{.takes = 29s}; };
    std::vector<std::string> many(200, host.event());
    auto const response = co_await host.deliver(many, std::string(first_of_six));
    EXPECT_EQ(response.status, 500U);
    EXPECT_LT(clock().steady_now().since_start, 5min) << "the host's own time-out";
    auto const outcomes = outcomes_of(response);
    EXPECT_EQ(outcomes.size(), many.size());
    EXPECT_GT(std::ranges::count(outcomes, "failed"), 0);
}

CORO_TEST(FunctionsHandler, NeverAnEmptyOrForeignAnswer) {
    Host host(clock());
    for (std::string const body :
         {"null", "[]", "{}", "nonsense", R"({"Data":null})", R"({"Data":{"events":"[]"}})",
          R"({"Data":{"events":[]}})", R"({"Data":{"events":"["}})", R"({"Data":{"events":5}})"}) {
        SCOPED_TRACE(body);
        auto const response = co_await host.ask("POST", "/EventHubTriggerFunction", body);
        EXPECT_EQ(response.status, 200U);
        EXPECT_TRUE(json::parse(response.body).is_object());
    }
}

CORO_TEST(FunctionsHandler, AnswersIsAliveInBothForwardingModes) {
    Host host(clock());
    auto response = co_await host.ask("GET", "/api/IsAlive?x=1");
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(
        response.body,
        R"({"version":"1.2.3","timestamp":"2026-01-15T09:30:00.0000000+00:00","isAlive":true,"regionName":"West Europe"})");
    response = co_await host.ask(
        "POST", "/IsAlive",
        R"({"Data":{"req":{"Url":"http://app.example/api/IsAlive","Method":"GET","Query":{},"Headers":{}}},"Metadata":{}})");
    auto const body = json::parse(response.body);
    EXPECT_EQ(body.at("Outputs").at("res").at("statusCode").as_int64(), 200);
    EXPECT_TRUE(body.at("Outputs").at("res").at("body").is_string());
    EXPECT_EQ(json::parse(body.at("Outputs").at("res").at("body").as_string()).at("regionName"), "West Europe");
}

CORO_TEST(FunctionsHandler, DescribesItselfOnTheOriginalsRoutes) {
    Host host(clock());
    auto response = co_await host.ask("GET", "/api/swagger.json");
    auto const swagger = json::parse(response.body);
    EXPECT_EQ(swagger.at("swagger"), "2.0");
    EXPECT_EQ(swagger.at("host"), "app.example");
    EXPECT_EQ(swagger.at("basePath"), "/api");
    EXPECT_TRUE(swagger.at("paths").as_object().contains("/IsAlive"));
    auto const schema_of = [](json::value const& document, std::string const& path) {
        return document.at("paths").at(path).at("get").at("responses").at("200");
    };
    EXPECT_EQ(schema_of(swagger, "/swagger.json").at("schema").at("type"), "object");
    EXPECT_EQ(schema_of(swagger, "/swagger/ui").at("schema").at("type"), "string");
    EXPECT_EQ(response.body.find("\"nullable\""), std::string::npos) << "not of 2.0";
    EXPECT_NE(response.body.find("\"x-nullable\":true"), std::string::npos);
    response = co_await host.ask("GET", "/prefix/openapi/v3.json");
    auto const openapi = json::parse(response.body);
    EXPECT_EQ(openapi.at("openapi"), "3.0.1");
    auto const described = schema_of(openapi, "/openapi/v3.json").at("content").at("application/json");
    EXPECT_EQ(described.at("schema").at("type"), "object");
    EXPECT_NE(response.body.find("\"nullable\":true"), std::string::npos);
    EXPECT_EQ(openapi.at("servers").at(0).at("url"), "https://app.example/prefix");
    response = co_await host.ask("GET", "/api/swagger/ui");
    EXPECT_TRUE(response.headers.find("content-type")->starts_with("text/html"));
    EXPECT_EQ(response.body.find("http://"), std::string::npos) << "loads nothing from elsewhere";
    EXPECT_EQ(response.body.find("https://"), std::string::npos);
}

CORO_TEST(FunctionsHandler, AHostHeaderIsNotBelieved) {
    Host host(clock());
    listen::Request request;
    request.method = "GET";
    request.target = "/api/swagger.json";
    request.host = R"(evil"/><script>)";
    auto const response = co_await host.handler.handle(request);
    EXPECT_FALSE(json::parse(response.body).as_object().contains("host"));
}

CORO_TEST(FunctionsHandler, ThePingTheTimerAndTheRest) {
    Host host(clock());
    auto response = co_await host.ask("GET", "/");
    EXPECT_EQ(response.status, 200U);
    EXPECT_LT(response.body.size(), 100U);
    response = co_await host.ask("POST", "/Sweep", R"({"Data":{"timer":{}},"Metadata":{}})");
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(json::parse(response.body).at("Logs").as_array().size(), 2U) << "what it did, and the sum";
    EXPECT_EQ(host.azure.regenerations, 1);
    response = co_await host.ask("GET", "/api/nothing");
    EXPECT_EQ(response.status, 404U);
    response = co_await host.ask("DELETE", "/");
    EXPECT_EQ(response.status, 404U);
}

}  // namespace
}  // namespace kssedr::server
