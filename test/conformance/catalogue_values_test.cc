// The forms in which people keep the keys of each entry of the built-in catalogue.

#include "base/ascii.h"
#include "base/encoding.h"
#include "formats/json_text.h"
#include "formats/value_form.h"
#include "support/seeded_random.h"
#include "test/conformance/own_catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kssedr {
namespace {

using rotation::CatalogueEntry;
using rotation::KeyForm;

auto const cloud = *rotation::find_cloud("public");

// An owner of the entry's type: first/second/third.
rotation::ArmId owner_of(CatalogueEntry const& entry) {
    constexpr std::string_view names[] = {"first", "second", "third"};
    auto const parts = split(entry.type, '/');
    std::string id = "/subscriptions/s/resourceGroups/g/providers/" + std::string(parts[0]);
    for (std::size_t i = 1; i < parts.size(); ++i)
        id += '/' + std::string(parts[i]) + '/' + std::string(names[std::min<std::size_t>(i, 3) - 1]);
    return *rotation::ArmId::parse(id);
}

std::string make_key(KeyForm const& form, Random& random) {
    std::string bytes(form.kind == KeyForm::Kind::base64 ? form.least : form.most, '\0');
    random.fill(bytes);
    if (form.kind == KeyForm::Kind::base64) return format_base64(bytes);
    auto text = form.begins + (form.begins.starts_with("Endpoint=") ? "io;Id=a/+;Secret=" : "") + format_hex(bytes);
    return text.substr(0, form.least);
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

// `{key}` in the pattern is the old key and comes to be the new one, and nothing else changes.
void expect_rewritten(std::string const& pattern, rotation::CredentialShape const& shape, std::string const& old_key,
                      std::string const& new_key, std::string (*encode)(std::string_view)) {
    auto const value = SecretString::copy_of(replaced(pattern, "{key}", encode(old_key)));
    auto const form = formats::parse_value_form(value, shape);
    ASSERT_TRUE(form.has_value()) << pattern << ": " << form.error().message();
    EXPECT_TRUE(formats::credential_in(value, *form).equals(old_key)) << pattern;
    auto const next = formats::replace_credential(value, *form, SecretString::copy_of(new_key));
    EXPECT_EQ(next.expose(), replaced(pattern, "{key}", encode(new_key)));
}

std::string as_it_is(std::string_view key) {
    return std::string(key);
}
std::string encoded(std::string_view key) {
    return replaced(replaced(replaced(std::string(key), "+", "%2B"), "/", "%2F"), "=", "%3D");
}

TEST(CatalogueValues, EveryEntryFindsItsKeysBareAndInDocuments) {
    test::SeededRandom random(3);
    for (auto const& entry : test::own_catalogue().entries()) {
        if (!entry.has_slots()) continue;
        SCOPED_TRACE(entry.id);
        auto const shape = rotation::shape_of(entry, owner_of(entry), cloud);
        for (auto const& form : shape.keys) {
            auto const old_key = make_key(form, random), new_key = make_key(form, random);
            ASSERT_TRUE(formats::has_credential_form(SecretString::copy_of(old_key), shape)) << old_key;
            for (std::string const pattern : {"{key}", "{key}\n", R"({"apiKey":"{key}"})",
                                              R"([{"name":"Key","value":"{key}"},{"name":"Note","value":"x"}])"})
                expect_rewritten(pattern, shape, old_key, new_key, as_it_is);
            for (std::string const pattern : {R"({"key":"{key}","url":"https://evil.example/"})",
                                              R"({"key":"{key}","host":"evil.example"})", "<{key}>", "{key} {key}"}) {
                auto const value = SecretString::copy_of(replaced(pattern, "{key}", old_key));
                EXPECT_FALSE(formats::parse_value_form(value, shape).has_value()) << pattern;
            }
        }
    }
}

struct Value {
    std::string_view entry;
    std::string pattern;
    bool is_url = false;
};

std::vector<Value> values() {
    return {
        {"storage-account-key",
         "DefaultEndpointsProtocol=https;AccountName=first;AccountKey={key};EndpointSuffix=core.windows.net"},
        {"cosmosdb-key", "AccountEndpoint=https://first.documents.azure.com:443/;AccountKey={key};"},
        {"cosmosdb-key",
         "DefaultEndpointsProtocol=https;AccountName=first;AccountKey={key};TableEndpoint=https://"
         "first.table.cosmos.azure.com:443/;"},
        {"cosmosdb-key",
         "mongodb://first:{key}@first.mongo.cosmos.azure.com:10255/"
         "?ssl=true&replicaSet=globaldb&retrywrites=false&maxIdleTimeMS=120000&appName=@first@",
         true},
        {"cosmosdb-key", R"({"endpoint":"https://first.documents.azure.com:443/","key":"{key}"})"},
        {"redis-key", "first.redis.cache.windows.net:6380,password={key},ssl=True,abortConnect=False"},
        {"redis-key", "rediss://:{key}@first.redis.cache.windows.net:6380/0", true},
        {"redis-key", R"({"redis":{"host":"first.redis.cache.windows.net","port":6380,"password":"{key}"}})"},
        {"redisenterprise-key", "first.westeurope.redis.azure.net:10000,password={key},ssl=True,abortConnect=False"},
        {"servicebus-namespace-sas",
         "Endpoint=sb://first.servicebus.windows.net/;SharedAccessKeyName=second;SharedAccessKey={key}"},
        {"servicebus-namespace-sas", "amqps://second:{key}@first.servicebus.windows.net", true},
        {"servicebus-queue-sas",
         "Endpoint=sb://first.servicebus.windows.net/"
         ";SharedAccessKeyName=third;SharedAccessKey={key};EntityPath=second"},
        {"servicebus-topic-sas",
         "Endpoint=sb://first.servicebus.windows.net/"
         ";SharedAccessKeyName=third;SharedAccessKey={key};EntityPath=second"},
        {"eventhub-namespace-sas",
         "Endpoint=sb://first.servicebus.windows.net/;SharedAccessKeyName=second;SharedAccessKey={key}"},
        {"eventhub-eventhub-sas",
         "Endpoint=sb://First.servicebus.windows.net/"
         ";SharedAccessKeyName=third;SharedAccessKey={key};EntityPath=second"},
        {"relay-hybridconnection-sas",
         "Endpoint=sb://first.servicebus.windows.net/"
         ";SharedAccessKeyName=third;SharedAccessKey={key};EntityPath=second"},
        {"notificationhubs-hub-sas",
         "Endpoint=sb://first.servicebus.windows.net/;SharedAccessKeyName=third;SharedAccessKey={key}"},
        {"eventgrid-topic-key",
         R"({"endpoint":"https://first.westeurope-1.eventgrid.azure.net/api/events","key":"{key}"})"},
        {"cognitiveservices-key", R"({"endpoint":"https://first.openai.azure.com/","apiKey":"{key}"})"},
        {"cognitiveservices-key", R"({"endpoint":"https://westeurope.api.cognitive.microsoft.com/","apiKey":"{key}"})"},
        {"search-admin-key", R"({"endpoint":"https://first.search.windows.net","adminKey":"{key}"})"},
        {"batch-key", R"({"accountUrl":"https://first.westeurope.batch.azure.com","accountKey":"{key}"})"},
        {"signalr-key", "Endpoint=https://first.service.signalr.net;AccessKey={key};Version=1.0;"},
        {"webpubsub-key", "Endpoint=https://first.webpubsub.azure.com;AccessKey={key};Version=1.0;"},
        {"communication-key", "endpoint=https://first.communication.azure.com/;accesskey={key}"},
        {"communication-key", "endpoint=https://first.europe.communication.azure.com/;accesskey={key}"},
        {"appconfiguration-key", R"({"ConnectionStrings":{"AppConfig":"{key}"}})"},
        {"acr-admin-password", R"({"server":"first.azurecr.io","username":"first","password":"{key}"})"},
        {"iothub-policy-key", "HostName=first.azure-devices.net;SharedAccessKeyName=second;SharedAccessKey={key}"},
        {"iotdps-policy-key",
         "HostName=first.azure-devices-provisioning.net;SharedAccessKeyName=second;SharedAccessKey={key}"},
        {"functions-host-key", "https://first.azurewebsites.net/api/orders?code={key}", true},
        {"functions-host-key", R"({"url":"https://first.azurewebsites.net/api/orders?x=1&code={key}&y=2"})", true},
        {"functions-host-key", R"({"url":"https://first.azurewebsites.net/api/orders","code":"{key}"})"},
        {"machinelearning-online-endpoint-key",
         R"({"url":"https://second.westeurope.inference.ml.azure.com/score","key":"{key}"})"},
    };
}

TEST(CatalogueValues, WhatPeopleKeepIsRewritten) {
    test::SeededRandom random(4);
    for (auto const& [id, pattern, is_url] : values()) {
        SCOPED_TRACE(id);
        auto const& entry = test::own_entry(id);
        auto const shape = rotation::shape_of(entry, owner_of(entry), cloud);
        for (auto const& form : shape.keys)
            expect_rewritten(pattern, shape, make_key(form, random), make_key(form, random),
                             is_url ? encoded : as_it_is);
    }
}

// The same values, of somebody else: another name in each place where one stands, another host, another policy.
TEST(CatalogueValues, WhatIsAnothersIsRefused) {
    test::SeededRandom random(5);
    for (auto const& [id, pattern, is_url] : values()) {
        auto const& entry = test::own_entry(id);
        auto const shape = rotation::shape_of(entry, owner_of(entry), cloud);
        auto const key = make_key(shape.keys.front(), random);
        for (auto const& [from, to] :
             std::vector<std::pair<std::string, std::string>>{{"//first.", "//other."},
                                                              {"first.redis", "other.redis"},
                                                              {"=first.", "=other."},
                                                              {"AccountName=first", "AccountName=other"},
                                                              {"KeyName=second", "KeyName=other"},
                                                              {"KeyName=third", "KeyName=other"},
                                                              {"EntityPath=second", "EntityPath=other"},
                                                              {"//second:", "//other:"},
                                                              {"//first:", "//other:"},
                                                              {"@first.", "@other."},
                                                              {"\"first.", "\"other."},
                                                              {".net", ".net.evil.example"},
                                                              {".azure.com", ".azure.com.evil.example"},
                                                              {".documents.", "@evil.example/"},
                                                              {"net:6380", "net:6381"},
                                                              {":10255", ":10256"},
                                                              {":443/", ":444/"}}) {
            if (pattern.find(from) == std::string::npos || entry.id == "appconfiguration-key") continue;
            auto const text = replaced(replaced(pattern, from, to), "{key}", is_url ? encoded(key) : key);
            auto const form = formats::parse_value_form(SecretString::copy_of(text), shape);
            EXPECT_FALSE(form.has_value()) << id << ": " << replaced(pattern, from, to);
        }
    }
}

TEST(CatalogueValues, WhatHasNoKeyInItsPlaceIsRefused) {
    test::SeededRandom random(6);
    for (auto const& [id, pattern, is_url] : values()) {
        auto const& entry = test::own_entry(id);
        auto const shape = rotation::shape_of(entry, owner_of(entry), cloud);
        auto const key = make_key(shape.keys.front(), random);
        auto const twice = replaced(pattern, "{key}", (is_url ? encoded(key) : key)) + ' ' + key;
        for (std::string const& text :
             {replaced(pattern, "{key}", ""), replaced(pattern, "{key}", "placeholder"), twice}) {
            auto const form = formats::parse_value_form(SecretString::copy_of(text), shape);
            EXPECT_FALSE(form.has_value()) << id << ": " << pattern;
        }
    }
}

}  // namespace
}  // namespace kssedr
