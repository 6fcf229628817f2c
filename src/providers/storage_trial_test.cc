#include "providers/storage_trial.h"

#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/scripted_tokens.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>

namespace kssedr::providers {
namespace {

using namespace std::chrono_literals;
using http::Method;
using ports::Trial;

constexpr auto id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/Demo";
constexpr auto account_url =
    "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/Demo"
    "?api-version=2023-05-01";
constexpr auto trial_url = "https://demo.blob.core.windows.net/?comp=list&maxresults=1";
// Signed by the program of test/vectors/azure for the date at which the tests' worlds begin.
constexpr auto key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";

std::string account_at(std::string const& blob) {
    return R"({"properties":{"primaryEndpoints":{"blob":")" + blob + "\"}}}";
}
std::vector<http::Header> code(std::string value) {
    return {{"x-ms-error-code", std::move(value)}};
}

struct World {
    explicit World(Clock& clock)
        : transport(clock),
          arm(transport, tokens, random, *rotation::find_cloud("public")),
          trial(transport, arm, clock, random, "core.windows.net") {}

    Task<ports::TrialResult> run(std::string value = "x", std::string_view credential = key,
                                 SteadyPoint deadline = {10s}) {
        auto const account = *rotation::ArmId::parse(id);
        auto const secret = SecretString::copy_of(credential);
        auto const text = SecretString::copy_of(value);
        co_return co_await trial.run(account, secret, text, deadline);
    }

    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    azure::ArmClient arm;
    StorageTrial trial;
};

CORO_TEST(StorageTrial, SignsOneRequestThatChangesNothing) {
    World world(clock());
    world.transport.expect(Method::get, account_url).answer(200, account_at("https://demo.blob.core.windows.net/"));
    world.transport.expect(Method::get, trial_url).answer(200, "<EnumerationResults/>");
    auto const result = co_await world.run();
    EXPECT_EQ(result.trial, Trial::accepted);
    EXPECT_EQ(result.why, "");
    CO_ASSERT(world.transport.sent().size() == 2);
    auto const& sent = world.transport.sent()[1];
    EXPECT_EQ(sent.header("x-ms-date"), "Thu, 15 Jan 2026 09:30:00 GMT");
    EXPECT_EQ(sent.header("x-ms-version"), "2021-08-06");
    EXPECT_EQ(sent.header("x-ms-client-request-id").size(), 36U);
    EXPECT_TRUE(sent.authorization.starts_with("SharedKey demo:")) << sent.authorization;
    EXPECT_EQ(sent.body, "");
}

struct Where {
    std::string name, endpoint, value, host;
};

CORO_TEST(StorageTrial, GoesToTheAccountsOwnEndpoint) {
    std::string const named = "AccountName=demo;AccountKey=k;BlobEndpoint=";
    for (auto const& where : std::vector<Where>{
             {"a zone", "https://demo.z9.blob.storage.azure.net/", "x", "demo.z9.blob.storage.azure.net"},
             {"by suffix", "denied", "x", "demo.blob.core.windows.net"},
             {"by suffix, after silence", "no answer", "x", "demo.blob.core.windows.net"},
             {"by value", "denied", named + "https://demo.z1.blob.storage.azure.net/;X=y",
              "demo.z1.blob.storage.azure.net"},
             {"by value, in JSON", "denied", R"({"c":")" + named + R"(https://demo.z1.blob.storage.azure.net"})",
              "demo.z1.blob.storage.azure.net"},
             {"another's host", "https://evil.example/", "x", "demo.blob.core.windows.net"},
             {"another's host in the value", "denied", named + "https://evil.blob.core.windows.net",
              "demo.blob.core.windows.net"},
             {"in the clear", "http://demo.blob.core.windows.net/", named + "http://demo.blob.core.windows.net/",
              "demo.blob.core.windows.net"},
         }) {
        SCOPED_TRACE(where.name);
        World world(clock());
        auto& asked = world.transport.expect(Method::get, account_url);
        if (where.endpoint == "denied") {
            asked.answer(403, "{}");
        } else if (where.endpoint == "no answer") {
            asked.after(1h);
        } else {
            asked.answer(200, account_at(where.endpoint));
        }
        world.transport.expect(Method::get, "https://" + where.host + "/?comp=list&maxresults=1").answer(200, "");
        auto const before = clock().steady_now();
        auto const result = co_await world.run(where.value, key, before + 10s);
        EXPECT_EQ(result.trial, Trial::accepted) << result.why;
        EXPECT_LE(clock().steady_now() - before, 4s) << "asking where to ask took the time for asking";
    }
}

CORO_TEST(StorageTrial, IsInconclusiveWhereNobodyCouldBeAsked) {
    World world(clock());
    world.transport.expect(Method::get, account_url).answer(200, R"({"properties":{"primaryEndpoints":{}}})");
    auto const without = co_await world.run();
    EXPECT_EQ(without.trial, Trial::inconclusive);
    EXPECT_NE(without.why.find("no blob service"), std::string::npos) << without.why;

    co_await clock().sleep_for(1h);
    world.transport.expect(Method::get, account_url).answer(403, "{}");
    auto const bare = co_await world.run("x", "not base64", SteadyPoint{2h});
    EXPECT_EQ(bare.trial, Trial::inconclusive);
    EXPECT_NE(bare.why.find("base64"), std::string::npos) << bare.why;

    for (auto const failure : {Errc::unavailable, Errc::outcome_unknown, Errc::deadline_exceeded, Errc::corrupt}) {
        world.transport.expect(Method::get, trial_url).fails(failure);
        auto const silent = co_await world.run("x", key, SteadyPoint{2h});
        EXPECT_EQ(silent.trial, Trial::inconclusive);
        EXPECT_EQ(silent.why, "as the test wants");
    }
    world.transport.expect(Method::get, trial_url).after(1min);
    auto const late = co_await world.run("x", key, SteadyPoint{clock().steady_now().since_start + 10s});
    EXPECT_EQ(late.trial, Trial::inconclusive);
}

TEST(TrialAnswer, OnlyAWrongSignatureIsARejection) {
    struct Case {
        long status;
        std::string code, body;
        Trial trial;
        std::string says;
    };
    for (auto const& c : std::vector<Case>{
             {200, "", "", Trial::accepted, ""},
             {206, "", "", Trial::accepted, ""},
             {403, "AuthenticationFailed", "<Error>…signature</Error>", Trial::rejected, "403 AuthenticationFailed"},
             {403, "AuthenticationFailed", "<AuthenticationErrorDetail>Request date header too old: 'x'",
              Trial::inconclusive, "clock"},
             {403, "KeyBasedAuthenticationNotPermitted", "", Trial::inconclusive, "switched off"},
             {403, "AuthorizationFailure", "", Trial::inconclusive, "network rules"},
             {403, "SomethingNew", "", Trial::inconclusive, "403 SomethingNew"},
             {403, "", "", Trial::inconclusive, "403"},
             {401, "NoAuthenticationInformation", "", Trial::inconclusive, "401"},
             {400, "InvalidHeaderValue", "", Trial::inconclusive, "400"},
             {404, "ResourceNotFound", "", Trial::inconclusive, "404"},
             {409, "AccountIsDisabled", "", Trial::inconclusive, "disabled"},
             {429, "", "", Trial::inconclusive, "429"},
             {500, "InternalError", "", Trial::inconclusive, "500"},
             {503, "ServerBusy", "", Trial::inconclusive, "503 ServerBusy"},
             {302, "", "", Trial::inconclusive, "302"},
         }) {
        SCOPED_TRACE(std::to_string(c.status) + c.code);
        http::Response answer;
        answer.status = c.status;
        answer.headers = code(c.code);
        answer.body = SecretString::copy_of(c.body);
        auto const result = judge_trial(answer, "demo.blob.core.windows.net");
        EXPECT_EQ(result.trial, c.trial);
        EXPECT_NE(result.why.find(c.says), std::string::npos) << result.why;
        EXPECT_EQ(result.why.find("signature"), std::string::npos) << "the body may quote what was signed";
    }
}

}  // namespace
}  // namespace kssedr::providers
