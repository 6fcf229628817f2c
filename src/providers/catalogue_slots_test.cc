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
using rotation::CatalogueEntry;
using rotation::RegenerateAnswer;

rotation::ArmId id(std::string_view text) {
    return *rotation::ArmId::parse("/subscriptions/s/resourceGroups/g/providers/" + std::string(text));
}

CatalogueEntry storage() {
    CatalogueEntry entry;
    entry.id = "storage";
    entry.title = "Storage account";
    entry.type = "Microsoft.Storage/storageAccounts";
    entry.api_version = "2023-05-01";
    entry.list = {"POST", "listKeys", ""};
    entry.regenerate = {"POST", "regenerateKey", R"({"keyName":"{slot}"})"};
    entry.answer = RegenerateAnswer::keys;
    entry.slots = {{"key1", "key1", "keys[keyName=key1].value", "keys[keyName=key1].creationTime", "", ""},
                   {"key2", "key2", "keys[keyName=key2].value", "keys[keyName=key2].creationTime", "", ""}};
    entry.keys = {{}};
    entry.trial = "storage-blob";
    return entry;
}

// Its regeneration goes on after the answer, and shows nothing.
CatalogueEntry slow() {
    auto entry = storage();
    entry.id = entry.title = "slow";
    entry.type = "Contoso.Slow/things";
    entry.answer = RegenerateAnswer::nothing;
    entry.is_long_running = true;
    entry.trial.clear();
    return entry;
}

// Two verbs, no body, no answer.
CatalogueEntry verbs() {
    auto entry = slow();
    entry.id = entry.title = "verbs";
    entry.type = "Contoso.Api/service/subscriptions";
    entry.regenerate = {"POST", "{slot}", ""};
    entry.slots[0].asks = "regeneratePrimaryKey";
    entry.slots[1].asks = "regenerateSecondaryKey";
    return entry;
}

// Keys have ids, which the listing tells.
CatalogueEntry ids() {
    auto entry = slow();
    entry.id = entry.title = "ids";
    entry.type = "Contoso.Config/stores";
    entry.regenerate.body = R"({"id":"{slot}"})";
    for (auto& slot : entry.slots) slot.asks_for = "keys[keyName=" + slot.name + "].id";
    return entry;
}

// The owner is a policy of a resource, which is written back as a whole.
CatalogueEntry policies() {
    auto entry = slow();
    entry.id = entry.title = "policies";
    entry.type = "Contoso.Devices/hubs/keys";
    entry.list = {"POST", "listkeys", ""};
    entry.regenerate = {"PUT", "", ""};
    entry.policies = "authorizationPolicies";
    entry.slots = {{"primary", "primaryKey", "primaryKey", "", "", ""},
                   {"secondary", "secondaryKey", "secondaryKey", "", "", ""}};
    entry.keys = {{.least = 32, .most = 32}};
    return entry;
}

// Whoever asks says what the key is to be.
CatalogueEntry chosen() {
    auto entry = storage();
    entry.id = entry.title = "chosen";
    entry.type = "Contoso.Bus/rules";
    entry.regenerate.body = R"({"keyType":"{slot}","key":"{key}"})";
    entry.trial.clear();
    return entry;
}

// The resource itself tells when its keys were made.
CatalogueEntry dated() {
    auto entry = storage();
    entry.id = entry.title = "dated";
    entry.type = "Contoso.Documents/accounts";
    entry.is_made_in_resource = true;
    for (auto& slot : entry.slots) slot.made = "properties.made." + slot.name;
    entry.trial.clear();
    return entry;
}

CatalogueEntry retired() {
    CatalogueEntry entry;
    entry.id = "old";
    entry.title = "Old service";
    entry.type = "Contoso.Old/things";
    entry.shape = rotation::EntryShape::retired;
    entry.reason = "the service has been retired";
    entry.instead = "remove the secret";
    return entry;
}

constexpr auto keys = R"({"keys":[{"creationTime":"2022-11-18T04:03:39Z","keyName":"key1","value":"one","id":"i\"1"},)"
                      R"({"keyName":"key2","value":"two","id":"i2"}]})";
constexpr std::string_view base = "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/";
constexpr std::string_view version = "?api-version=2023-05-01";

struct World {
    explicit World(Clock& clock)
        : transport(clock),
          arm(transport, tokens, random, *rotation::find_cloud("public")),
          catalogue(rotation::Catalogue({storage(), slow(), verbs(), ids(), policies(), chosen(), dated(), retired()})),
          provider(transport, arm, clock, random, catalogue, *rotation::find_cloud("public")) {}

    test::Expectation& expect(std::string_view tail, Method method = Method::post) {
        return transport.expect(method, std::string(base) + std::string(tail) + std::string(version));
    }

    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    azure::ArmClient arm;
    rotation::LazyCatalogue catalogue;
    CatalogueSlots provider;
    rotation::ArmId account = id("Microsoft.Storage/storageAccounts/contoso");
    rotation::ArmId thing = id("Contoso.Slow/things/t");
};

CORO_TEST(CatalogueSlots, ServesWhatHasSlots) {
    World world(clock());
    EXPECT_TRUE(world.provider.serves(world.account));
    EXPECT_TRUE(world.provider.serves(id("microsoft.storage/STORAGEACCOUNTS/x")));
    EXPECT_FALSE(world.provider.serves(id("Microsoft.Storage/storageAccounts/x/localUsers/u")));
    EXPECT_FALSE(world.provider.serves(id("Contoso.Old/things/t")));
    EXPECT_NE(world.provider.explain_unserved(id("Contoso.Old/things/t")).find("retired; remove the secret"),
              std::string::npos);
    EXPECT_NE(world.provider.explain_unserved(id("Contoso.Slow/thing/t")).find("the nearest it has is Contoso.Slow"),
              std::string::npos);
    auto const listed = co_await world.provider.list(id("Contoso.Old/things/t"), SteadyPoint::max());
    CO_ASSERT(!listed.has_value());
    EXPECT_EQ(listed.error().code(), Errc::invalid_argument);
}

CORO_TEST(CatalogueSlots, ListsByACallThatChangesNothing) {
    World world(clock());
    world.expect("Microsoft.Storage/storageAccounts/contoso/listKeys")
        .with_body("")
        .answer(200, keys, {{"x-ms-ratelimit-remaining-subscription-resource-requests", "149"}});
    auto const listed = co_await world.provider.list(world.account, SteadyPoint::max());
    CO_ASSERT(listed.has_value());
    EXPECT_EQ(listed->slots.at(0).slot, "key1");
    EXPECT_EQ(listed->slots.at(0).made, parse_rfc3339("2022-11-18T04:03:39Z"));
    EXPECT_TRUE(listed->find("key2")->value.equals("two"));
    EXPECT_EQ(listed->calls_left, 149);
    EXPECT_TRUE(world.transport.sent().at(0).repeatable);
}

CORO_TEST(CatalogueSlots, RegeneratesByOneCallWhereItsAnswerShowsAll) {
    World world(clock());
    world.expect("Microsoft.Storage/storageAccounts/contoso/regenerateKey")
        .with_body(R"({"keyName":"key2"})")
        .answer(200, keys);
    auto const made = co_await world.provider.regenerate(world.account, "key2", SteadyPoint::max());
    CO_ASSERT(made.has_value());
    EXPECT_EQ(made->slots.size(), 2U);
    EXPECT_FALSE(world.transport.sent().at(0).repeatable);
    for (std::string const slot : {"kerb1", "Key1", "", "key1\",\"x\":\""}) {
        auto const refused = co_await world.provider.regenerate(world.account, slot, SteadyPoint::max());
        CO_ASSERT(!refused.has_value());
        EXPECT_EQ(refused.error().code(), Errc::invalid_argument);
    }
}

CORO_TEST(CatalogueSlots, ARegenerationMayHaveHappenedWhereTheAnswerDoesNotSay) {
    struct Case {
        std::string_view name;
        long status;
        std::string_view body;
        std::optional<Errc> failure;
        Errc code;
    };
    constexpr Case cases[] = {
        {"no answer", 0, "", Errc::outcome_unknown, Errc::outcome_unknown},
        {"an answer over its limit", 0, "", Errc::corrupt, Errc::outcome_unknown},
        {"never sent", 0, "", Errc::unavailable, Errc::unavailable},
        {"broken", 200, "{", {}, Errc::outcome_unknown},
        {"accepted only", 202, "", {}, Errc::outcome_unknown},
        {"internal", 500, R"({"error":{"code":"InternalServerError"}})", {}, Errc::outcome_unknown},
        {"gateway", 503, "", {}, Errc::outcome_unknown},
        {"timed out there", 408, "", {}, Errc::outcome_unknown},
        {"throttled", 429, R"({"error":{"code":"TooManyRequests"}})", {}, Errc::throttled},
        {"locked", 409, R"({"error":{"code":"ScopeLocked"}})", {}, Errc::invalid_argument},
        {"denied", 403, R"({"error":{"code":"AuthorizationFailed"}})", {}, Errc::permission_denied},
        {"gone", 404, R"({"error":{"code":"ResourceNotFound"}})", {}, Errc::not_found},
        {"in use by another", 409, R"({"error":{"code":"StorageAccountOperationInProgress"}})", {}, Errc::conflict},
    };
    for (auto const& [name, status, body, failure, code] : cases) {
        SCOPED_TRACE(name);
        World world(clock());
        auto& expected = world.expect("Microsoft.Storage/storageAccounts/contoso/regenerateKey");
        if (failure) {
            expected.fails(*failure);
        } else {
            expected.answer(status, std::string(body));
        }
        auto const made = co_await world.provider.regenerate(world.account, "key1", SteadyPoint::max());
        CO_ASSERT(!made.has_value());
        EXPECT_EQ(to_string(made.error().code()), to_string(code));
        EXPECT_NE(made.error().message().find("regenerating key1 of Storage account contoso"), std::string::npos);
    }
}

CORO_TEST(CatalogueSlots, ListsWhereTheAnswerShowsNothing) {
    World world(clock());
    auto const owner = id("Contoso.Api/service/shop/subscriptions/web");
    world.expect("Contoso.Api/service/shop/subscriptions/web/regenerateSecondaryKey").with_body("").answer(204, "");
    world.expect("Contoso.Api/service/shop/subscriptions/web/listKeys").answer(200, keys);
    auto const made = co_await world.provider.regenerate(owner, "key2", SteadyPoint::max());
    CO_ASSERT(made.has_value());
    EXPECT_TRUE(made->find("key2")->value.equals("two"));

    world.expect("Contoso.Api/service/shop/subscriptions/web/regeneratePrimaryKey").answer(204, "");
    world.expect("Contoso.Api/service/shop/subscriptions/web/listKeys").answer(503, "");
    auto const unseen = co_await world.provider.regenerate(owner, "key1", SteadyPoint::max());
    CO_ASSERT(!unseen.has_value());
    EXPECT_EQ(unseen.error().code(), Errc::outcome_unknown) << "it was done";
}

CORO_TEST(CatalogueSlots, AsksForTheIdOfAKeyFirst) {
    World world(clock());
    auto const owner = id("Contoso.Config/stores/shop");
    world.expect("Contoso.Config/stores/shop/listKeys").answer(200, keys);
    world.expect("Contoso.Config/stores/shop/regenerateKey").with_body(R"({"id":"i\"1"})").answer(200, "{}");
    world.expect("Contoso.Config/stores/shop/listKeys").answer(200, keys);
    auto const made = co_await world.provider.regenerate(owner, "key1", SteadyPoint::max());
    EXPECT_TRUE(made.has_value());

    world.expect("Contoso.Config/stores/shop/listKeys").answer(200, R"({"keys":[{"keyName":"key2","id":"i2"}]})");
    auto const unknown = co_await world.provider.regenerate(owner, "key1", SteadyPoint::max());
    CO_ASSERT(!unknown.has_value());
    EXPECT_EQ(unknown.error().code(), Errc::corrupt);
}

CORO_TEST(CatalogueSlots, WritesAPolicyBackWithItsResource) {
    auto const policy = id("Contoso.Devices/hubs/hub/keys/service");
    std::string const resource = R"({"etag":"AA=","location":"westus","properties":{"sku":1}})";
    std::string const listing = R"({"value":[{"keyName":"service","primaryKey":"p","secondaryKey":"s"}]})";
    World world(clock());
    world.expect("Contoso.Devices/hubs/hub", Method::get).answer(200, resource);
    world.expect("Contoso.Devices/hubs/hub/listkeys").answer(200, listing);
    world.expect("Contoso.Devices/hubs/hub", Method::put)
        .answer(201, "{}", {{"azure-asyncoperation", "https://management.azure.com/o"}});
    world.transport.expect(Method::get, "https://management.azure.com/o").answer(200, R"({"status":"Succeeded"})");
    world.expect("Contoso.Devices/hubs/hub/keys/service/listkeys")
        .answer(200, R"({"primaryKey":"p","secondaryKey":"n"})");
    auto const made = co_await world.provider.regenerate(policy, "secondary", SteadyPoint::max());
    CO_ASSERT(made.has_value());
    EXPECT_TRUE(made->find("secondary")->value.equals("n"));
    auto const& written = world.transport.sent().at(2);
    EXPECT_EQ(written.header("If-Match"), "AA=");
    EXPECT_FALSE(written.repeatable);
    std::string const before =
        R"({"etag":"AA=","location":"westus","properties":{"authorizationPolicies":[{"keyName":"service",)"
        R"("primaryKey":"p","secondaryKey":")";
    CO_ASSERT(written.body.starts_with(before));
    EXPECT_TRUE(written.body.ends_with(R"("}],"sku":1}})")) << written.body;
    EXPECT_EQ(written.body.substr(before.size()).find('"'), 44U) << "32 bytes in base64";

    // Somebody else was at it; nothing was done.
    world.expect("Contoso.Devices/hubs/hub", Method::get).answer(200, resource);
    world.expect("Contoso.Devices/hubs/hub/listkeys").answer(200, listing);
    world.expect("Contoso.Devices/hubs/hub", Method::put).answer(412, R"({"Code":"EtagMismatch"})");
    auto const changed = co_await world.provider.regenerate(policy, "primary", SteadyPoint::max());
    CO_ASSERT(!changed.has_value());
    EXPECT_EQ(changed.error().code(), Errc::conflict);

    world.expect("Contoso.Devices/hubs/hub", Method::get).answer(200, R"({"properties":{}})");
    world.expect("Contoso.Devices/hubs/hub/listkeys").answer(200, listing);
    auto const loose = co_await world.provider.regenerate(policy, "primary", SteadyPoint::max());
    CO_ASSERT(!loose.has_value());
    EXPECT_EQ(loose.error().code(), Errc::corrupt) << "without an etag nothing is written";
}

// A service that lets few calls through: the first of several would take the turn of the next, each time.
CORO_TEST(CatalogueSlots, GoesOnWhereItWasToldToComeLater) {
    auto const policy = id("Contoso.Devices/hubs/hub/keys/service");
    std::string const resource = R"({"etag":"AA=","properties":{}})";
    std::string const listing = R"({"value":[{"keyName":"service","primaryKey":"p","secondaryKey":"s"}]})";
    World world(clock());
    world.expect("Contoso.Devices/hubs/hub", Method::get).answer(200, resource);
    world.expect("Contoso.Devices/hubs/hub/listkeys").answer(429, "", {{"retry-after", "4"}});
    world.expect("Contoso.Devices/hubs/hub/listkeys").answer(200, listing);
    for (int i = 0; i < 3; ++i) world.expect("Contoso.Devices/hubs/hub", Method::put).answer(429, "");
    world.expect("Contoso.Devices/hubs/hub", Method::put).answer(200, "{}");
    world.expect("Contoso.Devices/hubs/hub/keys/service/listkeys")
        .answer(200, R"({"primaryKey":"p","secondaryKey":"n"})");
    auto const begun = clock().steady_now();
    auto const made = co_await world.provider.regenerate(policy, "secondary", begun + 30s);
    EXPECT_TRUE(made.has_value());
    EXPECT_EQ(clock().steady_now() - begun, 4s + 1s + 2s + 4s);
    auto const& sent = world.transport.sent();
    EXPECT_EQ(sent.at(3).body, sent.at(6).body) << "one key, however often it is sent";

    world.expect("Contoso.Devices/hubs/hub", Method::get).answer(429, "", {{"retry-after", "40"}});
    auto const late = co_await world.provider.regenerate(policy, "secondary", clock().steady_now() + 30s);
    CO_ASSERT(!late.has_value());
    EXPECT_EQ(late.error().code(), Errc::throttled);
    EXPECT_EQ(late.error().retry_after(), 40s);
}

// A poll and what it answers.
struct Poll {
    long status = 200;
    std::string body;
    std::vector<http::Header> headers;
    std::optional<Errc> failure;
};

struct Operation {
    std::string name;
    Poll begun;
    std::vector<Poll> polls;
    std::optional<Errc> fails;  // nothing: the keys are listed
    std::string says;
};

std::string const status_url =
    "https://management.azure.com/subscriptions/s/operations/1?t=1&c=" + std::string(3000, 'c');
std::string const next_url = "https://management.azure.com:443/next?s=" + std::string(3000, 's');

std::vector<Operation> operations() {
    std::vector<http::Header> const with_status = {{"azure-asyncoperation", status_url}, {"location", "https://x/"}};
    std::vector<http::Header> const with_location = {{"location", status_url}};
    Poll const begun{202, R"({"status":"Enqueued"})", with_status, {}};
    Poll const located{202, "", with_location, {}};
    Poll const going_on{200, R"({"status":"Enqueued"})", {}, {}};
    Poll const done{200, R"({"status":"Succeeded"})", {}, {}};
    auto const failed = [](std::string const& code) {
        return Poll{200, R"({"status":"Failed","error":{"code":")" + code + R"(","message":"no"}})", {}, {}};
    };
    return {
        {"done at once, 200", {200, "", {}, {}}, {}, {}, ""},
        {"done at once, 204", {204, "", {}, {}}, {}, {}, ""},
        {"done after a while", begun, {going_on, going_on, {202, "", {}, {}}, done}, {}, ""},
        {"a 201 that goes on", {201, "{}", with_status, {}}, {going_on, done}, {}, ""},
        {"a location", located, {{202, "", {{"location", next_url}}, {}}, {200, "", {}, {}}}, {}, ""},
        {"a location, without content", located, {{204, "", {}, {}}}, {}, ""},
        {"polls that fail for a while",
         begun,
         {{429, "", {{"retry-after", "7"}}, {}}, {503, "", {}, {}}, {0, "", {}, Errc::unavailable}, done},
         {},
         ""},
        {"a conflict", begun, {failed("Conflict")}, Errc::conflict, "Conflict, \"no\""},
        {"a wrong request", begun, {failed("InvalidParameter")}, Errc::invalid_argument, "InvalidParameter"},
        {"a fault of the service", begun, {going_on, failed("InternalError")}, Errc::unavailable, "InternalError"},
        {"cancelled", begun, {{200, R"({"status":"Canceled"})", {}, {}}}, Errc::unavailable, "failed"},
        {"a location that fails", located, {{409, R"({"error":{"code":"Busy"}})", {}, {}}}, Errc::conflict, "Busy"},
        {"nobody may ask",
         begun,
         {{403, R"({"error":{"code":"AuthorizationFailed"}})", {}, {}}},
         Errc::outcome_unknown,
         "AuthorizationFailed"},
        {"forgotten", located, {{404, "", {}, {}}}, Errc::outcome_unknown, "404"},
        {"an answer without a status", begun, {{200, "{}", {}, {}}}, Errc::outcome_unknown, "no status"},
        {"no place to ask", {202, "", {}, {}}, {}, Errc::outcome_unknown, "where to ask"},
        {"a place elsewhere",
         {202, "", {{"location", "https://evil.example/x"}}, {}},
         {},
         Errc::outcome_unknown,
         "another host"},
    };
}

CORO_TEST(CatalogueSlots, FollowsWhatGoesOn) {
    for (auto const& operation : operations()) {
        SCOPED_TRACE(operation.name);
        World world(clock());
        world.expect("Contoso.Slow/things/t/regenerateKey")
            .answer(operation.begun.status, operation.begun.body, operation.begun.headers);
        std::string url = status_url;
        for (auto const& poll : operation.polls) {
            auto& expected = world.transport.expect(Method::get, url);
            expected.answer(poll.status, poll.body, poll.headers);
            if (poll.failure) expected.fails(*poll.failure);
            if (!poll.headers.empty() && poll.headers[0].first == "location") url = poll.headers[0].second;
        }
        if (!operation.fails) world.expect("Contoso.Slow/things/t/listKeys").answer(200, keys);
        auto const until = clock().steady_now() + 60s;
        auto const made = co_await world.provider.regenerate(world.thing, "key2", until);
        EXPECT_LE(clock().steady_now(), until);
        EXPECT_EQ(made.has_value(), !operation.fails);
        if (made || !operation.fails) continue;
        EXPECT_EQ(to_string(made.error().code()), to_string(*operation.fails)) << made.error().message();
        EXPECT_NE(made.error().message().find(operation.says), std::string::npos) << made.error().message();
        EXPECT_EQ(made.error().message().find("cccc"), std::string::npos) << "a signature was quoted";
    }
}

// What the service says of when to come again is for everybody.
CORO_TEST(CatalogueSlots, TellsHowLongNotToCallWhereWhatWasMadeCanNotBeSeen) {
    World world(clock());
    world.expect("Contoso.Slow/things/t/regenerateKey").answer(200, "");
    world.expect("Contoso.Slow/things/t/listKeys").answer(429, "", {{"retry-after", "17"}});
    auto const unseen = co_await world.provider.regenerate(world.thing, "key1", SteadyPoint::max());
    CO_ASSERT(!unseen.has_value());
    EXPECT_EQ(unseen.error().code(), Errc::outcome_unknown);
    EXPECT_EQ(unseen.error().retry_after(), 17s);

    world.expect("Contoso.Slow/things/t/regenerateKey").answer(202, "", {{"azure-asyncoperation", status_url}});
    world.transport.expect(Method::get, status_url).answer(429, "", {{"retry-after", "40"}});
    auto const unended = co_await world.provider.regenerate(world.thing, "key1", clock().steady_now() + 30s);
    CO_ASSERT(!unended.has_value());
    EXPECT_EQ(unended.error().code(), Errc::outcome_unknown);
    EXPECT_EQ(unended.error().retry_after(), 40s);
}

CORO_TEST(CatalogueSlots, WhatDoesNotEndInTimeIsNotKnown) {
    World world(clock());
    world.expect("Contoso.Slow/things/t/regenerateKey").answer(202, "", {{"azure-asyncoperation", status_url}});
    // One, two, four and five seconds apart.
    for (int i = 0; i < 6; ++i)
        world.transport.expect(Method::get, status_url).answer(200, R"({"status":"InProgress"})");
    auto const begun = clock().steady_now();
    auto const made = co_await world.provider.regenerate(world.thing, "key2", begun + 25s);
    CO_ASSERT(!made.has_value());
    EXPECT_EQ(made.error().code(), Errc::outcome_unknown);
    EXPECT_LT(clock().steady_now() - begun, 25s);
    EXPECT_NE(made.error().message().find("goes on"), std::string::npos);
}

CORO_TEST(CatalogueSlots, WhatGoesOnIsDoubtedLonger) {
    World world(clock());
    EXPECT_EQ(world.provider.may_land_for(world.account), 2min);
    EXPECT_EQ(world.provider.may_land_for(world.thing), 10min);
    co_return;
}

// Asking twice for one key does no more than once.
CORO_TEST(CatalogueSlots, WhereTheKeyIsChosenALostAnswerIsAskedForAgain) {
    World world(clock());
    auto const rule = id("Contoso.Bus/rules/send");
    auto const regenerate = [&]() -> test::Expectation& {
        return world.expect("Contoso.Bus/rules/send/regenerateKey");
    };
    regenerate().fails(Errc::outcome_unknown);
    regenerate().fails(Errc::outcome_unknown);
    regenerate().answer(200, keys);
    auto const made = co_await world.provider.regenerate(rule, "key1", clock().steady_now() + 30s);
    EXPECT_TRUE(made.has_value());
    auto const& sent = world.transport.sent();
    CO_ASSERT(sent.size() == 3);
    EXPECT_TRUE(sent[0].body.starts_with(R"({"keyType":"key1","key":")"));
    EXPECT_GT(sent[0].body.size(), 80U);
    EXPECT_TRUE(sent[0].body == sent[1].body && sent[1].body == sent[2].body) << "the same key each time";

    // What is said of the second tells nothing of the first.
    regenerate().fails(Errc::outcome_unknown);
    regenerate().answer(503, "");
    regenerate().answer(429, "");
    auto const unknown = co_await world.provider.regenerate(rule, "key1", clock().steady_now() + 30s);
    CO_ASSERT(!unknown.has_value());
    EXPECT_EQ(unknown.error().code(), Errc::outcome_unknown);
}

CORO_TEST(CatalogueSlots, WhenKeysWereMadeIsReadFromTheResourceWhereItStandsThere) {
    World world(clock());
    auto const account = id("Contoso.Documents/accounts/a");
    world.expect("Contoso.Documents/accounts/a/listKeys").answer(200, keys);
    world.expect("Contoso.Documents/accounts/a", Method::get)
        .answer(200, R"({"properties":{"made":{"key1":"2026-01-02T03:04:05Z"}}})");
    auto const listed = co_await world.provider.list(account, SteadyPoint::max());
    CO_ASSERT(listed.has_value());
    CO_ASSERT(listed->slots[0].made.has_value());
    EXPECT_EQ(format_rfc3339(*listed->slots[0].made), "2026-01-02T03:04:05Z");
    EXPECT_FALSE(listed->slots[1].made);

    // Without the right to read it the evidence has to do.
    world.expect("Contoso.Documents/accounts/a/listKeys").answer(200, keys);
    world.expect("Contoso.Documents/accounts/a", Method::get).answer(403, "");
    auto const undated = co_await world.provider.list(account, SteadyPoint::max());
    CO_ASSERT(undated.has_value());
    EXPECT_FALSE(undated->slots[0].made);

    world.expect("Contoso.Documents/accounts/a/listKeys").answer(200, keys);
    world.expect("Contoso.Documents/accounts/a", Method::get).answer(503, "");
    auto const failed = co_await world.provider.list(account, SteadyPoint::max());
    CO_ASSERT(!failed.has_value());
    EXPECT_EQ(failed.error().code(), Errc::unavailable);
}

CORO_TEST(CatalogueSlots, TriesWhatThereIsATrialFor) {
    World world(clock());
    auto const key = SecretString::copy_of("key");
    auto const untried = co_await world.provider.verify(world.thing, key, key, SteadyPoint::max());
    EXPECT_EQ(untried.trial, ports::Trial::inconclusive);
    EXPECT_EQ(untried.why, "kssedr has no trial for keys of Contoso.Slow/things");

    world.expect("Microsoft.Storage/storageAccounts/contoso", Method::get)
        .answer(200, R"({"properties":{"primaryEndpoints":{}}})");
    auto const tried = co_await world.provider.verify(world.account, key, key, SteadyPoint::max());
    EXPECT_NE(tried.why.find("no blob service"), std::string::npos) << tried.why;
}

TEST(FormatBody, PutsTheSlotInAsJson) {
    auto const key = SecretString::copy_of("c+/=");
    EXPECT_TRUE(format_body("", "x", key).equals(""));
    EXPECT_TRUE(format_body(R"({"a":"{slot}","b":"{slot}!"})", "k\"1", key).equals(R"({"a":"k\"1","b":"k\"1!"})"));
    EXPECT_TRUE(format_body(R"({"a":null})", "x", key).equals(R"({"a":null})"));
    EXPECT_TRUE(format_body(R"({"k":"{key}","a":"{slot}"})", "x", key).equals(R"({"k":"c+/=","a":"x"})"));
}

}  // namespace
}  // namespace kssedr::providers
