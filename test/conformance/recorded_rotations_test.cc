// Recorded traffic of the catalogue's services, replayed: the provider itself asks, its requests are held against what
// Azure's own clients sent, and it reads what Azure answered.
//
// Not replayed, since kssedr sends no such thing: the publishing credentials and master keys of `arm-apim-web-misc`,
// and the discovery of `entra-instance-discovery`.

#include "azure/arm_client.h"
#include "azure/error_answer.h"
#include "azure/long_running.h"
#include "base/ascii.h"
#include "providers/catalogue_slots.h"
#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/own_catalogue.h"
#include "test/conformance/recording.h"
#include "test/conformance/scripted_tokens.h"
#include "test/conformance/scripted_transport.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#define KSSEDR_SKIP_HERE() \
    GTEST_MESSAGE_("no samples here (KSSEDR_SHARED names them)", ::testing::TestPartResult::kSkip)

namespace kssedr {
namespace {

namespace json = boost::json;
using http::Method;
using rotation::CatalogueEntry;
using test::RecordedCall;

struct World {
    explicit World(Clock& clock)
        : transport(clock),
          arm(transport, tokens, random, *rotation::find_cloud("public")),
          provider(transport, arm, clock, random, catalogue, *rotation::find_cloud("public")) {}

    void replay(Method method, std::string const& url, RecordedCall const& call) {
        transport.expect(method, url)
            .answer(call.answer.status, std::string(call.answer.body.expose()), call.answer.headers);
    }

    test::ScriptedTransport transport;
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    azure::ArmClient arm;
    rotation::LazyCatalogue catalogue{test::own_catalogue()};
    providers::CatalogueSlots provider;
};

constexpr std::string_view management = "https://management.azure.com";

// `/subscriptions/…`, without the port that recorders write and the query. Some hide the subscription's id.
std::string path_of(RecordedCall const& call) {
    auto const url = std::string_view(call.url);
    auto path = std::string(url.substr(url.find("/subscriptions/")));
    path.erase(std::min(path.find('?'), path.size()));
    std::string const hidden = "<AZURE_SUBSCRIPTION_ID>";
    if (auto const at = path.find(hidden); at != std::string::npos) path.replace(at, hidden.size(), "s1");
    return path;
}

// A recorded call of the catalogue: whose, and which slot it makes anew; of a listing none.
struct Replay {
    char const* recording;
    std::size_t at;
    char const* entry;
    char const* slot;  // "": it is a listing
};

std::ostream& operator<<(std::ostream& out, Replay const& replay) {
    return out << replay.recording << ' ' << replay.at;
}

constexpr Replay replays[] = {
    {"arm-acr-credentials", 0, "acr-admin-password", ""},
    {"arm-batch-keys", 0, "batch-key", ""},
    {"arm-batch-keys", 1, "batch-key", "Primary"},
    {"arm-batch-keys", 3, "batch-key", "Secondary"},
    {"arm-cosmos-keys-old", 1, "cosmosdb-key", ""},
    {"arm-eventhub-keys", 2, "eventhub-eventhub-sas", ""},
    {"arm-notificationhubs-keys", 0, "notificationhubs-hub-sas", ""},
    {"arm-notificationhubs-keys", 2, "notificationhubs-hub-sas", "PrimaryKey"},
    {"arm-notificationhubs-keys", 3, "notificationhubs-hub-sas", "SecondaryKey"},
    {"arm-redis-keys", 0, "redis-key", ""},
    {"arm-redis-keys", 1, "redis-key", "Primary"},
    {"arm-redis-keys", 3, "redis-key", "Secondary"},
    {"arm-search-keys", 0, "search-admin-key", ""},
    {"arm-search-keys", 1, "search-admin-key", "primary"},
    {"arm-search-keys", 3, "search-admin-key", "primary"},
    {"arm-servicebus-keys", 0, "servicebus-namespace-sas", ""},
    {"arm-servicebus-keys", 2, "servicebus-namespace-sas", ""},
    {"arm-servicebus-keys", 3, "servicebus-namespace-sas", "PrimaryKey"},
    {"arm-servicebus-keys", 5, "servicebus-namespace-sas", "SecondaryKey"},
    {"arm-storage-keys-old", 1, "storage-account-key", ""},
    {"arm-storage-keys-old", 3, "storage-account-key", "key1"},
    {"arm-storage-keys-old", 4, "storage-account-key", "key2"},
    {"arm-storage-keys-old", 5, "storage-account-key", "key1"},
    {"arm-storage-keys-2022", 0, "storage-account-key", ""},
    {"arm-storage-keys-2022", 1, "storage-account-key", "key2"},
};

// Where the answer has that slot's key, found without what finds it in the program.
std::string find_key(json::value const& answer, std::string const& slot) {
    for (char const* list : {"keys", "passwords"}) {
        auto const* keys = answer.as_object().if_contains(list);
        for (auto const& key : keys == nullptr ? json::array() : keys->as_array()) {
            auto const* name = key.as_object().if_contains("keyName");
            auto const& called = (name == nullptr ? key.at("name") : *name).as_string();
            if (std::string_view(called) == slot) return std::string(key.at("value").as_string());
        }
    }
    for (std::string const ending : {"", "Key", "MasterKey"})
        for (auto const& member : answer.as_object())
            if (equals_ignore_case(member.key(), slot + ending)) return std::string(member.value().as_string());
    return {};
}

// What was sent beside the method and the URL, which the transport has held against each other.
void expect_sent(test::SentRequest const& sent, RecordedCall const& call, CatalogueEntry const& entry,
                 std::string const& slot) {
    EXPECT_EQ(sent.authorization, "Bearer token-1");
    if (slot.empty() || entry.regenerate.body.empty()) {
        EXPECT_EQ(sent.body, "");
        return;
    }
    auto body = json::parse(sent.body).as_object();
    if (entry.is_key_chosen()) {
        EXPECT_TRUE(body.erase("key") == 1);
    }
    EXPECT_EQ(body.size(), 1U);
    EXPECT_EQ(body.begin()->value(), json::value(entry.find_slot(slot)->asks));
    // Some recorders write a star for every body.
    if (!call.request_body.empty() && call.request_body != "*") {
        EXPECT_EQ(json::value(body), json::parse(call.request_body));
    }
}

Task<void> replay_one(Clock& clock, Replay const& replay) {
    auto const calls = test::read_recording(replay.recording);
    if (!calls) {
        KSSEDR_SKIP_HERE();
        co_return;
    }
    auto const& call = calls->at(replay.at);
    auto const& entry = test::own_entry(replay.entry);
    std::string const slot = replay.slot;
    bool const is_listing = slot.empty();
    auto const path = path_of(call);
    // The owner is as the recorded client wrote it; what is called on it is ours.
    std::string tail = '/' + (is_listing ? entry.list.tail : entry.regenerate.tail);
    if (auto const at = tail.find("{slot}"); at != std::string::npos) tail.replace(at, 6, entry.find_slot(slot)->asks);
    CO_ASSERT(path.size() > tail.size());
    auto const owner_path = path.substr(0, path.size() - tail.size());
    EXPECT_TRUE(equals_ignore_case(path.substr(owner_path.size()), tail)) << path;
    auto const owner = rotation::ArmId::parse(owner_path);
    CO_ASSERT(owner.has_value());

    World world(clock);
    world.replay(Method::post, std::string(management) + owner_path + tail + "?api-version=" + entry.api_version, call);
    // When Cosmos DB's keys were made stands in the account itself, which nobody recorded.
    if (entry.is_made_in_resource)
        world.transport.expect(Method::get, std::string(management) + owner_path + "?api-version=" + entry.api_version)
            .answer(200, "{}");
    CO_ASSERT(world.provider.serves(*owner));
    Result<rotation::Credentials> read = fail(Errc::internal, "not asked");
    if (is_listing)
        read = co_await world.provider.list(*owner, SteadyPoint::max());
    else
        read = co_await world.provider.regenerate(*owner, slot, SteadyPoint::max());
    CO_ASSERT(read.has_value());
    CO_ASSERT(!world.transport.sent().empty());
    expect_sent(world.transport.sent().front(), call, entry, slot);
    CO_ASSERT(read->slots.size() == entry.slots.size());
    auto const answer = json::parse(call.answer.body.expose());
    for (auto const& one : read->slots) {
        auto const key = find_key(answer, one.slot);
        EXPECT_FALSE(key.empty()) << one.slot;
        EXPECT_TRUE(one.value.equals(key)) << one.slot;
    }
}

CORO_TEST(RecordedRotations, WhatIsSentIsWhatAzuresClientsSentAndTheAnswerIsRead) {
    for (auto const& replay : replays) {
        SCOPED_TRACE(::testing::PrintToString(replay));
        co_await replay_one(clock(), replay);
    }
}

// An IoT hub's policies are put back with the hub. The recording has the listing, and the hub as its PUT answers it.
CORO_TEST(RecordedRotations, AnIotHubIsWrittenBackWithOneKeyChanged) {
    auto const calls = test::read_recording("arm-iothub-keys");
    if (!calls) {
        KSSEDR_SKIP_HERE();
        co_return;
    }
    auto const& put = calls->at(3);
    auto const hub = std::string(management) + path_of(put);
    std::string const version = "?api-version=" + test::own_entry("iothub-policy-key").api_version;
    auto const listing = json::parse(calls->at(0).answer.body.expose());
    auto const policy = listing.at("value").as_array().at(1);
    auto const owner = rotation::ArmId::parse(path_of(put) + "/IotHubKeys/service");
    CO_ASSERT(owner.has_value());
    World world(clock());
    // What reads a hub is answered as what writes it; only a policy's keys are not in it.
    auto read = json::parse(put.answer.body.expose());
    read.at("properties").as_object().erase("authorizationPolicies");
    world.transport.expect(Method::get, hub + version).answer(200, json::serialize(read));
    world.replay(Method::post, hub + "/listkeys" + version, calls->at(0));
    world.replay(Method::put, hub + version, put);
    world.transport.expect(Method::get, std::string(put.answer.header("azure-asyncoperation")))
        .answer(200, R"({"status":"Succeeded"})");
    world.transport.expect(Method::post, hub + "/IotHubKeys/service/listkeys" + version)
        .answer(200, json::serialize(policy));
    auto const made = co_await world.provider.regenerate(*owner, "secondary", SteadyPoint::max());
    CO_ASSERT(made.has_value());
    EXPECT_TRUE(made->find("primary")->value.equals(std::string(policy.at("primaryKey").as_string())));

    auto const& sent = world.transport.sent().at(2);
    EXPECT_EQ(sent.header("If-Match"), std::string(read.at("etag").as_string()));
    auto written = json::parse(sent.body);
    auto& policies = written.at("properties").at("authorizationPolicies");
    CO_ASSERT(policies.as_array().size() == listing.at("value").as_array().size());
    auto& changed = policies.as_array().at(1).at("secondaryKey");
    EXPECT_NE(changed, policy.at("secondaryKey"));
    changed = policy.at("secondaryKey");
    EXPECT_EQ(policies, listing.at("value")) << "one key is changed, and nothing else";
    written.at("properties").as_object().erase("authorizationPolicies");
    EXPECT_EQ(written, read);
}

CORO_TEST(RecordedRotations, APolicyThatIsNotThereIsSaid) {
    auto const calls = test::read_recording("arm-iothub-keys");
    if (!calls) {
        KSSEDR_SKIP_HERE();
        co_return;
    }
    auto const path = path_of(calls->at(2));
    World world(clock());
    world.replay(Method::post,
                 std::string(management) + path + "?api-version=" + test::own_entry("iothub-policy-key").api_version,
                 calls->at(2));
    auto const owner = rotation::ArmId::parse(path.substr(0, path.rfind('/')));
    CO_ASSERT(owner.has_value());
    auto const listed = co_await world.provider.list(*owner, SteadyPoint::max());
    CO_ASSERT(!listed.has_value());
    EXPECT_EQ(listed.error().code(), Errc::not_found);
}

// Where services say that they go on, and where to ask: of four of them, none of which is the catalogue's own.
CORO_TEST(RecordedRotations, RecordedOperationsAreFollowedWhereTheyPoint) {
    auto const calls = test::read_recording("arm-lro-202");
    if (!calls) {
        KSSEDR_SKIP_HERE();
        co_return;
    }
    CO_ASSERT(calls->size() == 4);
    for (auto const& call : *calls) {
        SCOPED_TRACE(call.url);
        World world(clock());
        bool const has_status = !call.answer.header("azure-asyncoperation").empty();
        auto const place = azure::find_operation(call.answer);
        CO_ASSERT(place.has_value());
        EXPECT_EQ(place->url, call.answer.header(has_status ? "azure-asyncoperation" : "location"));
        EXPECT_EQ(place->has_status, has_status);
        world.replay(Method::get, place->url, call);
        world.transport.expect(Method::get, place->url).answer(200, has_status ? R"({"status":"Succeeded"})" : "{}");
        auto const begun = clock().steady_now();
        // Asked once more, each answers as it did before; then it is done.
        auto const ended =
            co_await azure::await_operation(world.arm, clock(), call.answer, "making", SteadyPoint::max());
        CO_ASSERT(ended.has_value());
        CO_ASSERT(world.transport.sent().size() == 2);
        auto const pause = azure::parse_retry_after(call.answer);
        EXPECT_GE(world.transport.sent().front().at - begun, pause.value_or(std::chrono::seconds{1}));
    }
}

TEST(RecordedRotations, WhatIsRetiredSaysSo) {
    KSSEDR_RECORDING(calls, "arm-powerbi-keys");
    for (auto const& call : calls) {
        auto const path = path_of(call);
        auto const owner = rotation::ArmId::parse(path.substr(0, path.rfind('/')));
        ASSERT_TRUE(owner);
        auto const* entry = test::own_catalogue().find(*owner);
        ASSERT_NE(entry, nullptr);
        EXPECT_EQ(entry->id, "powerbi-embedded");
        EXPECT_FALSE(entry->is_rotated());
    }
}

TEST(RecordedRotations, WhatIsLeftOfTheBucketsIsRead) {
    KSSEDR_RECORDING(calls, "arm-token-bucket-headers-2025");
    ASSERT_GE(calls.size(), 2U);
    EXPECT_EQ(azure::find_calls_left(calls[0].answer), 1099);
    EXPECT_EQ(azure::find_calls_left(calls[1].answer), 800);
}

}  // namespace
}  // namespace kssedr
