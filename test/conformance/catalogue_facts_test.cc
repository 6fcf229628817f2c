// The built-in catalogue against what Azure's specifications and recorded traffic say.

#include "azure/slots_answer.h"
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

#include <map>
#include <set>

namespace kssedr {
namespace {

namespace json = boost::json;
using http::Method;
using rotation::CatalogueEntry;

std::string text_of(json::value const& value) {
    return value.is_string() ? std::string(value.as_string()) : std::string();
}

// Each placeholder of a path as `x`.
std::string without_names(std::string_view path) {
    std::string out;
    for (auto const segment : split(path, '/')) {
        if (!out.empty() || !segment.empty()) out += '/';
        out += segment.starts_with('{') ? std::string_view("x") : segment;
    }
    return out;
}

// The path of a call on an owner of the entry's type, whose names are all `x`.
std::string path_of(CatalogueEntry const& entry, std::string const& tail) {
    auto const parts = split(entry.type, '/');
    std::string path = "/subscriptions/x/resourceGroups/x/providers/" + std::string(parts[0]);
    for (std::size_t i = 1; i < parts.size(); ++i) path += '/' + std::string(parts[i]) + "/x";
    return path + '/' + tail;
}

// What the catalogue writes otherwise than the specification, and why.
std::set<std::string> const owner_is_a_policy = {"iothub-policy-key", "iotdps-policy-key"};
std::set<std::string> const slots_are_chosen = {"functions-host-key", "botservice-directline-key"};
std::set<std::string> const key_and_id_are_one = {"appconfiguration-key"};

void compare_calls(CatalogueEntry const& entry, json::object const& fact) {
    auto const list = without_names(text_of(fact.at("list").at("path")));
    auto const regenerate = without_names(text_of(fact.at("regenerate").at("path")));
    EXPECT_EQ(entry.list.method, text_of(fact.at("list").at("method")));
    EXPECT_EQ(entry.regenerate.method, text_of(fact.at("regenerate").at("method")));
    if (owner_is_a_policy.contains(entry.id)) {
        EXPECT_TRUE(equals_ignore_case(path_of(entry, entry.list.tail), list)) << list;
        return;
    }
    EXPECT_TRUE(equals_ignore_case(entry.type, text_of(fact.at("resource_type"))));
    if (slots_are_chosen.contains(entry.id)) return;
    EXPECT_TRUE(equals_ignore_case(path_of(entry, entry.list.tail), list)) << list;
    auto tail = entry.regenerate.tail == "{slot}" ? entry.slots.front().asks : entry.regenerate.tail;
    EXPECT_TRUE(equals_ignore_case(without_names(path_of(entry, tail)), regenerate)) << regenerate;
    if (key_and_id_are_one.contains(entry.id)) return;
    auto const& body = fact.at("regenerate").as_object();
    auto const* wanted = body.if_contains("body_template");
    bool const has_body = wanted != nullptr && !wanted->is_null();
    EXPECT_EQ(!entry.regenerate.body.empty(), has_body);
    if (!has_body) return;
    auto ours = json::parse(entry.regenerate.body).as_object();
    if (entry.is_key_chosen()) {
        // The template has what must be there; the schema says that the key may be.
        EXPECT_NE(json::serialize(body.at("request_schema")).find(R"("key":"String")"), std::string::npos);
        ours.erase("key");
    }
    EXPECT_EQ(json::value(ours), *wanted);
}

// A place without the conditions that are ours.
std::string plain(std::string place) {
    for (std::string const condition : {",permissions?=full", ",Permissions?=full"})
        if (auto const at = place.find(condition); at != std::string::npos) place.erase(at, condition.size());
    return place;
}

void compare_slots(CatalogueEntry const& entry, json::object const& fact) {
    if (slots_are_chosen.contains(entry.id)) return;
    auto const& slots = fact.at("slots").as_array();
    ASSERT_EQ(entry.slots.size(), slots.size());
    for (std::size_t i = 0; i < slots.size(); ++i) {
        EXPECT_TRUE(equals_ignore_case(entry.slots[i].name, text_of(slots[i].at("slot"))));
        if (key_and_id_are_one.contains(entry.id)) continue;
        auto const value = plain(entry.slots[i].value);
        EXPECT_TRUE(equals_ignore_case(value, text_of(slots[i].at("list_field")))) << value;
        auto const* value_to_ask = slots[i].as_object().if_contains("regenerate_value");
        auto const asks = value_to_ask == nullptr ? std::string() : text_of(*value_to_ask);
        if (!asks.empty() && !asks.starts_with('/')) EXPECT_EQ(entry.slots[i].asks, asks);
    }
}

void compare_rights(CatalogueEntry const& entry, json::object const& fact) {
    std::set<std::string> ours;
    for (auto const& permission : entry.permissions) ours.insert(to_ascii_lower(permission));
    for (auto const& action : fact.at("rbac_actions").as_array())
        EXPECT_TRUE(ours.contains(to_ascii_lower(text_of(action)))) << text_of(action);
}

TEST(CatalogueFacts, AreThoseOfTheSpecifications) {
    auto const text = test::read_shared("azure-data/catalogue.json");
    if (!text) GTEST_SKIP() << "no samples here (KSSEDR_SHARED names them)";
    auto const facts = json::parse(*text);
    int compared = 0;
    for (auto const& one : facts.at("entries").as_array()) {
        auto const& fact = one.as_object();
        auto const id = text_of(fact.at("id"));
        SCOPED_TRACE(id);
        auto const* entry = test::own_catalogue().find(id);
        ASSERT_NE(entry, nullptr);
        if (!entry->has_slots()) continue;
        ++compared;
        EXPECT_EQ(entry->api_version, text_of(fact.at("api_version")));
        auto const* is_long = fact.at("regenerate").as_object().if_contains("long_running");
        EXPECT_EQ(entry->is_long_running, is_long != nullptr && is_long->is_bool() && is_long->as_bool());
        compare_calls(*entry, fact);
        compare_slots(*entry, fact);
        compare_rights(*entry, fact);
    }
    EXPECT_EQ(compared, 44);
    for (auto const& one : facts.at("not_dual_or_not_applicable").as_array()) {
        auto const* entry = test::own_catalogue().find(text_of(one.at("id")));
        ASSERT_NE(entry, nullptr) << text_of(one.at("id"));
        EXPECT_FALSE(entry->has_slots()) << entry->id;
    }
}

// The entry that makes such a call, by its URL; null where none does.
CatalogueEntry const* find_caller(std::string_view url) {
    auto path = url.substr(std::min(url.find("/subscriptions/"), url.size()));
    path = path.substr(0, path.find('?'));
    for (int parts = 1; parts <= 2 && !path.empty(); ++parts) {
        auto const slash = path.rfind('/');
        if (slash == std::string_view::npos) return nullptr;
        auto const tail = url.substr(static_cast<std::size_t>(path.data() - url.data()) + slash + 1);
        path = path.substr(0, slash);
        auto const owner = rotation::ArmId::parse(path);
        auto const* entry = owner ? test::own_catalogue().find(*owner) : nullptr;
        if (entry == nullptr || !entry->has_slots()) continue;
        auto const called = tail.substr(0, tail.find_first_of("/?"));
        auto const regenerate = std::string_view(entry->regenerate.tail).substr(0, entry->regenerate.tail.find('/'));
        if (equals_ignore_case(called, entry->list.tail) || equals_ignore_case(called, regenerate)) return entry;
    }
    return nullptr;
}

TEST(CatalogueFacts, RecordedAnswersAreRead) {
    std::map<std::string, int> const recordings = {{"arm-acr-credentials", 2},
                                                   {"arm-batch-keys", 4},
                                                   {"arm-cosmos-keys-old", 2},
                                                   {"arm-eventhub-keys", 1},
                                                   {"arm-redis-keys", 4},
                                                   {"arm-search-keys", 4},
                                                   {"arm-servicebus-keys", 6},
                                                   {"arm-storage-keys-2022", 2},
                                                   {"arm-notificationhubs-keys", 4},
                                                   {"arm-cosmos-regenerate-lro-2024", 1}};
    for (auto const& [name, count] : recordings) {
        SCOPED_TRACE(name);
        KSSEDR_RECORDING(calls, name);
        int read = 0;
        for (auto const& call : calls) {
            auto const* entry = find_caller(call.url);
            if (entry == nullptr || call.answer.status != 200) continue;
            auto const slots = azure::parse_slots(call.answer.body.expose(), *entry);
            ASSERT_TRUE(slots.has_value()) << call.url << ": " << slots.error().message();
            EXPECT_EQ(slots->slots.size() % 2, 0U);
            ++read;
        }
        EXPECT_EQ(read, count);
    }
}

// Cosmos DB's regeneration as it was recorded; the recording ends before the operation does.
CORO_TEST(CatalogueFacts, ARecordedOperationIsFollowed) {
    auto const calls = test::read_recording("arm-cosmos-regenerate-lro-2024");
    if (!calls) {
        GTEST_MESSAGE_("no samples here (KSSEDR_SHARED names them)", ::testing::TestPartResult::kSkip);
        co_return;
    }
    test::ScriptedTransport transport(clock());
    test::ScriptedTokens tokens;
    test::SeededRandom random{1};
    azure::ArmClient arm(transport, tokens, random, *rotation::find_cloud("public"));
    rotation::LazyCatalogue const catalogue(test::own_catalogue());
    providers::CatalogueSlots provider(transport, arm, clock(), random, catalogue, *rotation::find_cloud("public"));
    auto const ours = [](std::string url) {
        std::string const theirs = "2024-09-01-preview";
        return url.replace(url.find(theirs), theirs.size(), "2024-08-15");
    };
    auto const answer_as_recorded = [](test::Expectation& expected, test::RecordedCall const& call) {
        expected.answer(call.answer.status, std::string(call.answer.body.expose()), call.answer.headers);
    };
    auto const& begun = calls->at(2);
    answer_as_recorded(transport.expect(Method::post, ours(begun.url)).with_body(begun.request_body), begun);
    std::string const url(begun.answer.header("azure-asyncoperation"));
    for (std::size_t i = 3; i < calls->size(); ++i) {
        EXPECT_EQ(calls->at(i).url, url);
        answer_as_recorded(transport.expect(Method::get, url), calls->at(i));
    }
    transport.expect(Method::get, url).answer(200, R"({"status":"Succeeded"})");
    answer_as_recorded(transport.expect(Method::post, ours(calls->at(0).url)), calls->at(0));
    auto const account = begun.url.substr(0, begun.url.find("/regenerateKey"));
    transport.expect(Method::get, account + "?api-version=2024-08-15")
        .answer(200,
                R"({"properties":{"keysMetadata":{"primaryMasterKey":{"generationTime":"2026-01-02T03:04:05Z"}}}})");
    auto const owner = rotation::ArmId::parse(begun.url.substr(
        begun.url.find("/subscriptions"), begun.url.find("/regenerateKey") - begun.url.find("/subscriptions")));
    CO_ASSERT(owner.has_value());
    auto const made = co_await provider.regenerate(*owner, "primary", SteadyPoint::max());
    CO_ASSERT(made.has_value());
    EXPECT_NE(made->find("secondary"), nullptr);
    CO_ASSERT(made->find("primary")->made.has_value());
    EXPECT_EQ(format_rfc3339(*made->find("primary")->made), "2026-01-02T03:04:05Z");
}

}  // namespace
}  // namespace kssedr
