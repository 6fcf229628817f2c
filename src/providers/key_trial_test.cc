#include "providers/key_trial.h"

#include "providers/catalogue_slots.h"
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

constexpr std::string_view scope = "/subscriptions/s/resourceGroups/g/providers/";
constexpr auto stats = "https://shop.search.example/stats";
constexpr auto models = "https://shop.search.example/models";
constexpr auto keys = R"({"key1":"one","key2":"two"})";

rotation::CatalogueEntry search() {
    rotation::CatalogueEntry entry;
    entry.id = "search";
    entry.title = "Search";
    entry.type = "Contoso.Search/services";
    entry.api_version = "2025-05-01";
    entry.list = {"POST", "listKeys", ""};
    entry.slots = {{"key1", "key1", "key1", "", "", ""}, {"key2", "key2", "key2", "", "", ""}};
    entry.hosts = {{"public", {"{name}.search.example", "{name}.*.search.example"}}};
    rotation::EntryTrial trial;
    trial.method = "GET";
    trial.target = "/stats";
    trial.header = "api-key";
    entry.trials = {trial};
    return entry;
}

// A second request for kinds of account that do not have the first.
rotation::CatalogueEntry two_ways() {
    auto entry = search();
    entry.trials.push_back(entry.trials[0]);
    entry.trials[1].target = "/models";
    return entry;
}

rotation::CatalogueEntry told() {
    auto entry = search();
    entry.endpoint = "properties.endpoint";
    return entry;
}

struct World {
    World(Clock& clock, rotation::CatalogueEntry entry, std::string cloud = "public")
        : transport(clock),
          arm(transport, tokens, random, *rotation::find_cloud("public")),
          catalogue(rotation::Catalogue({std::move(entry)})),
          provider(transport, arm, clock, random, catalogue, *rotation::find_cloud(cloud)) {}

    Task<ports::TrialResult> verify(std::string_view key = "two") {
        auto const credential = SecretString::copy_of(key);
        // Whatever the value names, nobody is asked because of it.
        auto const value = SecretString::copy_of("Endpoint=https://evil.example;Key=two");
        co_return co_await provider.verify(owner, credential, value, SteadyPoint::max());
    }
    void expect_listing(long status = 200, std::string_view body = keys) {
        auto const url = "https://management.azure.com" + owner.resource()->text() + "/listKeys?api-version=2025-05-01";
        transport.expect(Method::post, url).answer(status, std::string(body));
    }
    void expect_resource(long status, std::string body) {
        auto const url = "https://management.azure.com" + owner.resource()->text() + "?api-version=2025-05-01";
        transport.expect(Method::get, url).answer(status, std::move(body));
    }

    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    azure::ArmClient arm;
    rotation::LazyCatalogue catalogue;
    CatalogueSlots provider;
    rotation::OwnerId owner = *rotation::ArmId::parse(std::string(scope) + "Contoso.Search/services/shop");
};

CORO_TEST(KeyTrial, AsksTheOwnersHostOnceWhereTheKeyIsTaken) {
    World world(clock(), search());
    EXPECT_TRUE(world.provider.may_try(world.owner));
    world.transport.expect(Method::get, stats).answer(200, "{}");
    auto const result = co_await world.verify();
    EXPECT_EQ(result.trial, Trial::accepted);
    EXPECT_EQ(result.why, "");
    CO_ASSERT(world.transport.sent().size() == 1);
    EXPECT_EQ(world.transport.sent()[0].header("api-key"), "two");
}

CORO_TEST(KeyTrial, IsRejectedWhereAnotherKeyOfTheOwnersIsTaken) {
    World world(clock(), search());
    world.transport.expect(Method::get, stats).answer(401, "");
    world.expect_listing();
    world.transport.expect(Method::get, stats).answer(200, "{}");
    auto const result = co_await world.verify();
    EXPECT_EQ(result.trial, Trial::rejected);
    EXPECT_EQ(result.why, "shop.search.example answered 401");
    CO_ASSERT(world.transport.sent().size() == 3);
    EXPECT_EQ(world.transport.sent()[2].header("api-key"), "one") << "the other, not the same once more";
}

CORO_TEST(KeyTrial, IsInconclusiveWhereNoOtherKeyIsTakenEither) {
    for (long const status : {401L, 403L, 500L}) {
        World world(clock(), search());
        world.transport.expect(Method::get, stats).answer(401, "");
        world.expect_listing();
        world.transport.expect(Method::get, stats).answer(status, "");
        auto const result = co_await world.verify();
        EXPECT_EQ(result.trial, Trial::inconclusive) << status;
        EXPECT_NE(result.why.find("another key"), std::string::npos) << result.why;
    }
    World alone(clock(), search());
    alone.transport.expect(Method::get, stats).answer(401, "");
    alone.expect_listing(200, R"({"key1":"two","key2":"two"})");
    auto const lonely = co_await alone.verify();
    EXPECT_EQ(lonely.trial, Trial::inconclusive);

    World unlisted(clock(), search());
    unlisted.transport.expect(Method::get, stats).answer(401, "");
    unlisted.expect_listing(503, "");
    auto const unknown = co_await unlisted.verify();
    EXPECT_EQ(unknown.trial, Trial::inconclusive);
}

CORO_TEST(KeyTrial, IsInconclusiveWhereNobodyWeighedTheKey) {
    for (long const status : {204L, 302L, 400L, 403L, 404L, 429L, 500L, 503L}) {
        World world(clock(), search());
        world.transport.expect(Method::get, stats).answer(status, "");
        auto const result = co_await world.verify();
        EXPECT_EQ(result.trial, Trial::inconclusive) << status;
        EXPECT_NE(result.why.find(std::to_string(status)), std::string::npos) << result.why;
    }
    for (auto const failure : {Errc::unavailable, Errc::outcome_unknown, Errc::deadline_exceeded, Errc::corrupt}) {
        World world(clock(), two_ways());
        world.transport.expect(Method::get, stats).fails(failure);
        auto const result = co_await world.verify();
        EXPECT_EQ(result.trial, Trial::inconclusive);
        EXPECT_EQ(world.transport.sent().size(), 1U) << "behind a private network one time-out is enough";
    }
    World elsewhere(clock(), search(), "china");
    auto const result = co_await elsewhere.verify();
    EXPECT_EQ(result.trial, Trial::inconclusive);
    EXPECT_EQ(elsewhere.transport.sent().size(), 0U);
}

CORO_TEST(KeyTrial, ASecondRequestSaysWhatTheFirstDoesNot) {
    struct Case {
        long first, second;
        Trial trial;
    };
    for (auto const& c :
         {Case{404, 200, Trial::accepted}, Case{401, 200, Trial::accepted}, Case{404, 401, Trial::rejected},
          Case{401, 404, Trial::rejected}, Case{404, 404, Trial::inconclusive}}) {
        World world(clock(), two_ways());
        world.transport.expect(Method::get, stats).answer(c.first, "");
        world.transport.expect(Method::get, models).answer(c.second, "");
        if (c.trial == Trial::rejected) {
            world.expect_listing();
            world.transport.expect(Method::get, stats).answer(404, "");
            world.transport.expect(Method::get, models).answer(200, "");
        }
        auto const result = co_await world.verify();
        EXPECT_EQ(result.trial, c.trial) << c.first << ' ' << c.second;
    }
}

CORO_TEST(KeyTrial, GoesWhereTheResourceSaysAndNowhereElse) {
    struct Case {
        std::string_view endpoint, host;
    };
    for (auto const& c : {Case{"https://shop.search.example/", "shop.search.example"},
                          Case{"SHOP.z9.search.example", "shop.z9.search.example"},
                          Case{"https://shop.search.example:443/x", "shop.search.example"}}) {
        World world(clock(), told());
        world.expect_resource(200, R"({"properties":{"endpoint":")" + std::string(c.endpoint) + "\"}}");
        for (int i = 0; i < 2; ++i) {
            world.transport.expect(Method::get, "https://" + std::string(c.host) + "/stats").answer(200, "{}");
            auto const result = co_await world.verify();
            EXPECT_EQ(result.trial, Trial::accepted) << result.why;
        }
    }
    for (std::string const endpoint : {"https://evil.example/", "http://shop.search.example/", "other.search.example",
                                       "shop.search.example.evil.example", "https://u@shop.search.example", ""}) {
        World world(clock(), told());
        world.expect_resource(200, R"({"properties":{"endpoint":")" + endpoint + "\"}}");
        auto const result = co_await world.verify();
        EXPECT_EQ(result.trial, Trial::inconclusive) << endpoint;
        EXPECT_EQ(world.transport.sent().size(), 1U) << endpoint;
    }
    World denied(clock(), told());
    denied.expect_resource(403, "{}");
    auto const result = co_await denied.verify();
    EXPECT_EQ(result.trial, Trial::inconclusive);
    EXPECT_NE(result.why.find("endpoint of Search"), std::string::npos) << result.why;
}

}  // namespace
}  // namespace kssedr::providers
