#include "formats/events.h"

#include "base/encoding.h"
#include "formats/json_text.h"
#include "support/hostile_urls.h"
#include "support/vectors.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kssedr::formats {
namespace {

constexpr std::string_view suffix = "vault.azure.net";
constexpr std::string_view version = "fb87f021a36946c69bb0108ac694733b";
constexpr std::string_view other_version = "ee059b2bb5bc48398a53b168c6cdcb10";
constexpr std::string_view vault_id =
    "/subscriptions/75a684cb-bc7f-4283-9a5e-64472c4f680b/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/"
    "sample-kv";

// The data of an event, each member as JSON; an empty one is left out.
struct DataText {
    std::string id = R"("https://sample-kv.vault.azure.net/secrets/newsecret/fb87f021a36946c69bb0108ac694733b")";
    std::string vault_name = R"("sample-kv")";
    std::string object_type = R"("Secret")";
    std::string object_name = R"("newsecret")";
    std::string version_text = R"("fb87f021a36946c69bb0108ac694733b")";
    std::string more;

    [[nodiscard]] std::string json() const {
        std::string out;
        auto const add = [&](std::string_view name, std::string const& value) {
            if (!value.empty()) out += fmt::format(R"({}"{}":{})", out.empty() ? "" : ",", name, value);
        };
        add("Id", id);
        add("VaultName", vault_name);
        add("ObjectType", object_type);
        add("ObjectName", object_name);
        add("Version", version_text);
        return '{' + out + more + '}';
    }
};

std::string cloud_event(std::string_view data, std::string_view type = "Microsoft.KeyVault.SecretNearExpiry") {
    return fmt::format(
        R"({{"id":"e1","source":"{}","subject":"newsecret","type":"{}","time":"2026-06-01T00:00:00Z","data":{},"specversion":"1.0"}})",
        vault_id, type, data);
}

std::string grid_event(std::string_view data, std::string_view type = "Microsoft.KeyVault.SecretNearExpiry") {
    return fmt::format(
        R"({{"id":"e1","topic":"{}","subject":"newsecret","eventType":"{}","eventTime":"2026-06-01T00:00:00Z","data":{},"dataVersion":"1","metadataVersion":"1"}})",
        vault_id, type, data);
}

DecodedEvent decode_one(std::string_view message) {
    auto events = decode_events(message, suffix);
    EXPECT_EQ(events.size(), 1U);
    if (events.empty()) return {fail(Errc::internal, "no event"), {}, {}};
    return std::move(events.front());
}

TEST(Events, ReadsBothSchemas) {
    for (auto const& text : {cloud_event(DataText{}.json()), grid_event(DataText{}.json())}) {
        auto const decoded = decode_one(text);
        ASSERT_TRUE(decoded.event) << decoded.event.error().message();
        EXPECT_EQ(decoded.event->id, "e1");
        EXPECT_EQ(decoded.id, "e1");
        EXPECT_EQ(decoded.event->type, "Microsoft.KeyVault.SecretNearExpiry");
        EXPECT_EQ(decoded.event->kind, rotation::EventKind::starts_rotation);
        EXPECT_EQ(decoded.event->secret.vault.text, "sample-kv.vault.azure.net");
        EXPECT_EQ(decoded.event->secret.name, "newsecret");
        EXPECT_EQ(decoded.event->version, version);
        ASSERT_TRUE(decoded.event->vault_resource);
        EXPECT_EQ(decoded.event->vault_resource->text(), vault_id);
        EXPECT_EQ(decoded.source, text);
        EXPECT_EQ(decoded.source.data(), text.data()) << "a view into the message";
    }
}

TEST(Events, OriginalsSamplePayloadWorks) {
    auto const message = test::read_vector("events/original-sample.json");
    auto const decoded = decode_one(message);
    ASSERT_TRUE(decoded.event) << decoded.event.error().message();
    EXPECT_EQ(decoded.event->secret.url(),
              "https://rotateexam-dev-euw-kv.vault.azure.net/secrets/blob-connection-string");
    EXPECT_EQ(decoded.event->version, version) << "the version \"aaa\" yields to the one in data.Id";
}

struct Message {
    char const* name;
    std::string text;
    std::size_t count;
};

TEST(Events, ATraceIsTakenAsItCame) {
    auto const decoded = decode_events(R"({"id":"1","type":"x","traceparent":"00-abc"})", suffix);
    ASSERT_EQ(decoded.size(), 1U);
    ASSERT_TRUE(decoded[0].event);
    EXPECT_EQ(decoded[0].event->trace_parent, "00-abc");
}

TEST(Events, MessagesAreTakenApart) {
    auto const event = cloud_event(DataText{}.json());
    Message const cases[] = {
        {"an object", event, 1},
        {"an array of one", '[' + event + ']', 1},
        {"an array of three", '[' + event + ',' + grid_event(DataText{}.json()) + ",\n " + event + ']', 3},
        {"an empty array", "[]", 0},
        {"an empty array among blanks", " \r\n[ ] \n", 0},
        {"blanks around", "\n\t " + event + " \r\n", 1},
        {"a byte order mark", "\xef\xbb\xbf" + event, 1},
        {"a byte order mark before an array", "\xef\xbb\xbf[" + event + ']', 1},
    };
    for (auto const& [name, text, count] : cases) {
        SCOPED_TRACE(name);
        auto const events = decode_events(text, suffix);
        ASSERT_EQ(events.size(), count);
        for (auto const& decoded : events) {
            EXPECT_TRUE(decoded.event) << decoded.event.error().message();
            EXPECT_TRUE(decoded.source.starts_with('{') && decoded.source.ends_with('}')) << decoded.source;
        }
    }
}

TEST(Events, OneLevelOfJsonInAStringIsTakenOff) {
    auto const event = cloud_event(DataText{}.json());
    std::string escaped;
    for (char const c : '[' + event + ',' + event + ']') escaped += c == '"' ? std::string("\\\"") : std::string(1, c);
    auto const message = '"' + escaped + '"';
    auto const events = decode_events(message, suffix);
    ASSERT_EQ(events.size(), 2U);
    for (auto const& decoded : events) {
        EXPECT_TRUE(decoded.event);
        EXPECT_EQ(decoded.source.data(), message.data());
        EXPECT_EQ(decoded.source, message);
    }
    EXPECT_FALSE(decode_one(R"("\"\\\"{}\\\"\"")").event) << "two levels are not";
    EXPECT_FALSE(decode_one(R"("abc")").event);
    EXPECT_FALSE(decode_one(R"("")").event);
}

TEST(Events, OneBadEventDoesNotSpoilItsNeighbours) {
    auto const good = cloud_event(DataText{}.json());
    for (std::string_view const bad : {"5", "null", "\"text\"", "[]", "{}", "true", "[[]]", R"({"id":"e9"})"}) {
        auto const message = fmt::format("[{},{},{}]", good, bad, good);
        auto const events = decode_events(message, suffix);
        ASSERT_EQ(events.size(), 3U) << bad;
        EXPECT_TRUE(events[0].event);
        EXPECT_FALSE(events[1].event) << bad;
        EXPECT_EQ(events[1].source, bad);
        EXPECT_TRUE(events[2].event);
    }
}

TEST(Events, AMessageBrokenInOnePlaceIsMalformedAsAWhole) {
    auto const good = cloud_event(DataText{}.json());
    std::string const cases[] = {"",
                                 " ",
                                 "\n",
                                 "plain text, not JSON",
                                 good + good,
                                 good + ",",
                                 '[' + good,
                                 '[' + good + ",]",
                                 good.substr(0, good.size() - 1),
                                 '[' + good + "]x",
                                 "{",
                                 "[",
                                 "]",
                                 "\"",
                                 "\xff\xfe{}",
                                 std::string("\0", 1),
                                 "<xml/>",
                                 "NaN",
                                 "{'id':1}",
                                 std::string(100, '[')};
    for (auto const& message : cases) {
        auto const decoded = decode_one(message);
        ASSERT_FALSE(decoded.event) << message;
        EXPECT_EQ(decoded.source, message);
    }
}

TEST(Events, NestingHasALimit) {
    auto const nested = [](std::size_t depth) {
        return cloud_event(DataText{.more = R"(,"deep":)" + std::string(depth, '[') + std::string(depth, ']')}.json());
    };
    EXPECT_TRUE(decode_one(nested(62)).event);
    EXPECT_FALSE(decode_one(nested(63)).event);
    EXPECT_FALSE(decode_one(nested(500'000)).event);
}

TEST(Events, TooManyEventsAreOneMalformed) {
    auto const array_of = [](std::size_t count) {
        std::string text = "[{}";
        for (std::size_t i = 1; i < count; ++i) text += ",{}";
        return text + ']';
    };
    EXPECT_EQ(decode_events(array_of(max_events_per_message), suffix).size(), max_events_per_message);
    auto const decoded = decode_one(array_of(max_events_per_message + 1));
    ASSERT_FALSE(decoded.event);
    EXPECT_NE(decoded.event.error().message().find("more than 4000"), std::string::npos);
}

TEST(Events, NamesAreReadWithoutRegardToCaseAndStrayBlanks) {
    auto const decoded = decode_one(fmt::format(
        R"({{" ID ":"e1","SOURCE":"{}","Type ":" Microsoft.KeyVault.SecretExpired","DATA":{{)"
        R"("id":"https://sample-kv.vault.azure.net/secrets/newsecret/{}","vaultName":"sample-kv","objectType":"secret",)"
        R"("ObjectName ":"newsecret","\u0056ersion":" {} "}},"SpecVersion":"1.0"}})",
        vault_id, other_version, version));
    ASSERT_TRUE(decoded.event) << decoded.event.error().message();
    EXPECT_EQ(decoded.event->kind, rotation::EventKind::starts_rotation);
    EXPECT_EQ(decoded.event->version, version);
    EXPECT_TRUE(decoded.event->vault_resource);
}

struct VersionCase {
    char const* name;
    std::string in_id;
    std::string in_data;
    std::string_view expected;
};

TEST(Events, VersionComesFromDataElseFromTheId) {
    std::string const path(version);
    VersionCase const cases[] = {
        {"both agree", '/' + path, R"("fb87f021a36946c69bb0108ac694733b")", version},
        {"they differ", '/' + path, R"("ee059b2bb5bc48398a53b168c6cdcb10")", other_version},
        {"upper case", '/' + path, R"("EE059B2BB5BC48398A53B168C6CDCB10")", other_version},
        {"stray blanks", '/' + path, R"(" ee059b2bb5bc48398a53b168c6cdcb10\t")", other_version},
        {"none that could be one", '/' + path, R"("aaa")", version},
        {"31 digits", '/' + path, R"("e059b2bb5bc48398a53b168c6cdcb10")", version},
        {"no hexadecimal digit", '/' + path, R"("ge059b2bb5bc48398a53b168c6cdcb10")", version},
        {"null", '/' + path, "null", version},
        {"number", '/' + path, "5", version},
        {"absent", '/' + path, "", version},
        {"only in data", "", R"("ee059b2bb5bc48398a53b168c6cdcb10")", other_version},
        {"in neither", "", "", ""},
    };
    for (auto const& [name, in_id, in_data, expected] : cases) {
        SCOPED_TRACE(name);
        DataText data{.id = R"("https://sample-kv.vault.azure.net/secrets/newsecret)" + in_id + '"',
                      .version_text = in_data};
        auto const decoded = decode_one(cloud_event(data.json()));
        ASSERT_TRUE(decoded.event) << decoded.event.error().message();
        EXPECT_EQ(decoded.event->version, expected);
    }
}

TEST(Events, TimesOfAnyKindDoNotMatter) {
    for (std::string_view const time : {"1559081980", "\"1559081980\"", "null", "1559081980.5", "1.5e9", "\"\"", "-1",
                                        "{}", "[1]", "true", "99999999999999999999999999999999"}) {
        auto const decoded =
            decode_one(cloud_event(DataText{.more = fmt::format(R"(,"NBF":{},"EXP":{})", time, time)}.json()));
        EXPECT_TRUE(decoded.event) << time;
    }
}

TEST(Events, OtherTypesAreNotLookedInto) {
    for (std::string_view const type :
         {"Microsoft.KeyVault.SecretNewVersionCreated", "Microsoft.KeyVault.KeyNearExpiry",
          "Microsoft.KeyVault.VaultAccessPolicyChanged", "Microsoft.KeyVault.SecretNearExpiry.Not",
          "Microsoft.EventGrid.SubscriptionValidationEvent", "x"}) {
        for (std::string_view const data : {"{}", "null", "5", R"({"Id":"https://evil.example/"})"}) {
            auto const decoded = decode_one(cloud_event(data, type));
            ASSERT_TRUE(decoded.event) << decoded.event.error().message();
            EXPECT_EQ(decoded.event->kind, rotation::EventKind::other);
            EXPECT_EQ(decoded.event->secret, rotation::SecretRef{});
            EXPECT_EQ(decoded.event->type, type);
        }
    }
}

struct BadEvent {
    char const* name;
    std::string text;
    std::string_view says;
};

TEST(Events, MalformedOnesSayWhy) {
    auto const without_type = R"({"id":"e1","data":{}})";
    BadEvent const cases[] = {
        {"no type", without_type, "names no type"},
        {"an empty type", cloud_event(DataText{}.json(), ""), "names no type"},
        {"a type that is a number", R"({"type":5})", "names no type"},
        {"a long type", cloud_event("{}", std::string(257, 'x')), "longer than 256"},
        {"another CloudEvents version", R"({"specversion":"0.3","type":"x"})", "\"0.3\""},
        {"no data", R"({"type":"Microsoft.KeyVault.SecretExpired"})", "data is not"},
        {"data null", cloud_event("null"), "data is not"},
        {"data a string", cloud_event("\"{}\""), "data is not"},
        {"data an array", cloud_event("[]"), "data is not"},
        {"no Id", cloud_event(DataText{.id = ""}.json()), "data.Id is missing"},
        {"Id null", cloud_event(DataText{.id = "null"}.json()), "data.Id is missing"},
        {"Id a number", cloud_event(DataText{.id = "5"}.json()), "data.Id is missing"},
        {"no VaultName", cloud_event(DataText{.vault_name = ""}.json()), "data.VaultName is missing"},
        {"VaultName null", cloud_event(DataText{.vault_name = "null"}.json()), "data.VaultName is missing"},
        {"VaultName of another vault", cloud_event(DataText{.vault_name = R"("other-kv")"}.json()), "\"other-kv\""},
        {"VaultName with a host", cloud_event(DataText{.vault_name = R"("sample-kv.vault.azure.net")"}.json()),
         "VaultName"},
        {"VaultName empty", cloud_event(DataText{.vault_name = R"("")"}.json()), "VaultName"},
        {"a key", cloud_event(DataText{.object_type = R"("Key")"}.json()), "ObjectType is \"Key\""},
        {"ObjectType a number", cloud_event(DataText{.object_type = "1"}.json()), "ObjectType"},
        {"another ObjectName", cloud_event(DataText{.object_name = R"("other")"}.json()), "\"other\""},
        {"an empty ObjectName", cloud_event(DataText{.object_name = R"("")"}.json()), "ObjectName"},
        {"ObjectName an object", cloud_event(DataText{.object_name = "{}"}.json()), "ObjectName"},
    };
    for (auto const& [name, text, says] : cases) {
        SCOPED_TRACE(name);
        auto const decoded = decode_one(text);
        ASSERT_FALSE(decoded.event);
        EXPECT_NE(decoded.event.error().message().find(says), std::string::npos) << decoded.event.error().message();
        EXPECT_EQ(decoded.event.error().code(), Errc::invalid_argument);
    }
}

TEST(Events, MembersThatMayBeAbsent) {
    for (std::string const absent : {"", "null"}) {
        EXPECT_TRUE(decode_one(cloud_event(DataText{.object_type = absent}.json())).event);
        EXPECT_TRUE(decode_one(cloud_event(DataText{.object_name = absent}.json())).event);
        EXPECT_TRUE(decode_one(cloud_event(DataText{.version_text = absent}.json())).event);
    }
}

// Stray blanks are taken off as everywhere in an event; what is left is held to every check, and what is called later
// is put together from what was recognised, never from the text.
TEST(Events, BlanksAroundTheIdChangeNothing) {
    auto const with_id = [](std::string const& id) {
        return decode_one(cloud_event(DataText{.id = format_json_string(id)}.json()));
    };
    std::string const id = "https://sample-kv.vault.azure.net/secrets/newsecret";
    for (std::string const blanks : {" ", "\t", "\r\n", "   \n "}) {
        for (auto const& text : {blanks + id, id + blanks, blanks + id + blanks}) {
            auto const decoded = with_id(text);
            ASSERT_TRUE(decoded.event) << decoded.event.error().message();
            EXPECT_EQ(decoded.event->secret.url(), id);
        }
        for (auto const& [name, url] : test::hostile_urls()) EXPECT_FALSE(with_id(blanks + url + blanks).event) << name;
    }
    for (std::string const other : {"\xc2\xa0", "\xe2\x80\x8b", "\xef\xbb\xbf", "\v", "\f"}) {
        EXPECT_FALSE(with_id(other + id).event);
        EXPECT_FALSE(with_id(id + other).event);
    }
    EXPECT_FALSE(with_id("https://evil.example/ " + id).event);
}

TEST(Events, NamesAreComparedAsKeyVaultDoes) {
    DataText const data{.id = R"("https://Sample-KV.Vault.Azure.Net/secrets/NewSecret")",
                        .vault_name = R"("SAMPLE-kv")",
                        .object_type = R"("SECRET")",
                        .object_name = R"(" newSECRET ")"};
    auto const decoded = decode_one(cloud_event(data.json()));
    ASSERT_TRUE(decoded.event) << decoded.event.error().message();
    EXPECT_EQ(decoded.event->secret.vault.text, "sample-kv.vault.azure.net");
}

TEST(Events, TheLastOfTwoMembersCounts) {
    auto const data = DataText{
        .more =
            R"(,"id":"https://other-kv.vault.azure.net/secrets/s","ID":"https://sample-kv.vault.azure.net/secrets/newsecret")"};
    EXPECT_TRUE(decode_one(cloud_event(data.json())).event);
    auto const swapped = DataText{.more = R"(,"id":"https://other-kv.vault.azure.net/secrets/s")"};
    EXPECT_FALSE(decode_one(cloud_event(swapped.json())).event);
}

TEST(Events, SourceIsTheVaultsResourceOrNothing) {
    struct Case {
        char const* name;
        std::string source;
        bool is_vault;
    };
    std::string const other = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a";
    Case const cases[] = {
        {"the vault", '"' + std::string(vault_id) + '"', true},
        {"blanks around", "\" " + std::string(vault_id) + "\"", true},
        {"another resource", '"' + other + '"', false},
        {"a placeholder",
         R"("/subscriptions/{subscription-id}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/v")", false},
        {"a resource group", R"("/subscriptions/s/resourceGroups/rg")", false},
        {"below the vault", '"' + std::string(vault_id) + "/secrets/x\"", false},
        {"a URL", R"("https://management.azure.com")", false},
        {"null", "null", false},
        {"an object", "{}", false}};
    for (auto const& [name, source, is_vault] : cases) {
        auto const text = fmt::format(R"({{"type":"Microsoft.KeyVault.SecretExpired","source":{},"data":{}}})", source,
                                      DataText{}.json());
        auto const decoded = decode_one(text);
        ASSERT_TRUE(decoded.event) << name;
        EXPECT_EQ(decoded.event->vault_resource.has_value(), is_vault) << name;
        EXPECT_EQ(decoded.event->id, "") << name;
    }
}

TEST(Events, IdIsKeptEvenOfAMalformedEvent) {
    auto const decoded = decode_one(R"({"id":"e7","type":"Microsoft.KeyVault.SecretExpired","data":{}})");
    EXPECT_FALSE(decoded.event);
    EXPECT_EQ(decoded.id, "e7");
    EXPECT_EQ(decode_one(R"({"id":17})").id, "17");
    EXPECT_EQ(decode_one(R"({"id":null})").id, "");
    auto const long_id = decode_one(R"({"type":"x","id":")" + std::string(1025, 'i') + "\"}");
    EXPECT_FALSE(long_id.event);
    EXPECT_EQ(long_id.id, "");
}

TEST(Events, DataMayBeBase64) {
    auto const with = [](std::string_view data_base64, std::string_view more = "") {
        return fmt::format(
            R"({{"specversion":"1.0","id":"e1","type":"Microsoft.KeyVault.SecretExpired","data_base64":"{}"{}}})",
            data_base64, more);
    };
    auto const data = format_base64(DataText{}.json());
    auto const decoded = decode_one(with(data));
    ASSERT_TRUE(decoded.event) << decoded.event.error().message();
    EXPECT_EQ(decoded.event->secret.name, "newsecret");
    EXPECT_FALSE(decode_one(with("%%%")).event);
    EXPECT_FALSE(decode_one(with(format_base64("{"))).event);
    EXPECT_FALSE(decode_one(with(data, R"(,"data":{})")).event) << "CloudEvents allows one of them only";
}

TEST(Events, BinaryModeReadsAttributesAndBody) {
    EventAttributes const attributes{"e1", "Microsoft.KeyVault.SecretExpired", std::string(vault_id)};
    auto const data = DataText{}.json();
    auto const decoded = decode_binary_event(attributes, data, suffix);
    ASSERT_TRUE(decoded.event) << decoded.event.error().message();
    EXPECT_EQ(*decoded.event, *decode_one(cloud_event(data, "Microsoft.KeyVault.SecretExpired")).event);
    EXPECT_EQ(decoded.source.data(), data.data());
    EXPECT_FALSE(decode_binary_event({.id = "e1"}, data, suffix).event);
    EXPECT_FALSE(decode_binary_event(attributes, "", suffix).event);
    EXPECT_FALSE(decode_binary_event({std::string(2000, 'i'), "x", ""}, "", suffix).event);
}

// No event can make us talk to another host, whatever else it says.
TEST(Events, HostileIdsAreMalformed) {
    for (auto const& [name, url] : test::hostile_urls()) {
        SCOPED_TRACE(name);
        auto const id = format_json_string(url);
        for (std::string_view const vault : {"sample-kv", "evil.example", "a", ""}) {
            auto const vault_name = format_json_string(vault);
            DataText const data{.id = id, .vault_name = vault_name, .object_name = ""};
            EXPECT_FALSE(decode_one(cloud_event(data.json())).event);
            EXPECT_FALSE(decode_one(grid_event(data.json())).event);
        }
    }
}

TEST(Events, WhatIsShownOfTheInputIsEscapedAndShort) {
    auto const evil = DataText{.id = R"("https://\u001b[31m\u202eevil.example/)" + std::string(5000, 'x') + '"'};
    auto const decoded = decode_one(cloud_event(evil.json()));
    ASSERT_FALSE(decoded.event);
    auto const& message = decoded.event.error().message();
    EXPECT_LT(message.size(), 600U);
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
    EXPECT_EQ(message.find("\u202e"), std::string::npos);
}

TEST(Events, DocumentedSamplesDecode) {
    auto const samples = test::read_shared("azure-data/eventgrid/keyvault-events.json");
    if (!samples) GTEST_SKIP() << "no shared samples here";
    // The documents' samples, with their typos, are of a type that starts nothing; made to start, they must be read.
    for (std::string const marker :
         {"\"doc_sample_event_grid_schema_verbatim\": ", "\"doc_sample_cloudevents_verbatim\": "}) {
        auto const begin = samples->find(marker) + marker.size();
        auto message = samples->substr(begin, samples->find("\n ]", begin) + 3 - begin);
        EXPECT_EQ(decode_one(message).event->kind, rotation::EventKind::other);
        message.replace(message.find("SecretNewVersionCreated"), 23, "SecretNearExpiry");
        auto const decoded = decode_one(message);
        ASSERT_TRUE(decoded.event) << decoded.event.error().message();
        EXPECT_EQ(decoded.event->version, other_version);
    }
}

}  // namespace
}  // namespace kssedr::formats
