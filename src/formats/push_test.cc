// What is posted to /api/events, by its bytes.

#include "formats/push.h"

#include "formats/events.h"

#include <gtest/gtest.h>

namespace kssedr::formats {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;
using Kind = Push::Kind;

std::string const key_vault_data =
    R"({"Id":"https://demo.vault.azure.net/secrets/web/ee059b2bb5bc48398a53b168c6cdcb10","VaultName":"demo",)"
    R"("ObjectType":"Secret","ObjectName":"web"})";
std::string const cloud_event =
    R"({"id":"1","source":"/s","type":"Microsoft.KeyVault.SecretNearExpiry","specversion":"1.0","data":)" +
    key_vault_data + '}';
std::string const grid_event =
    R"([{"id":"1","topic":"/s","subject":"web","eventType":"Microsoft.KeyVault.SecretNearExpiry","data":)" +
    key_vault_data + R"(,"dataVersion":"1"}])";

std::string validation(std::string_view data,
                       std::string_view type = "Microsoft.EventGrid.SubscriptionValidationEvent") {
    return R"({"id":"2","topic":"/s","subject":"","data":)" + std::string(data) + R"(,"eventType":")" +
           std::string(type) + R"(","dataVersion":"1"})";
}

struct Case {
    char const* name;
    Headers headers;
    std::string body;
    std::optional<Push> push;  // nothing: it is refused
};

TEST(Push, IsToldByHeadersAndBody) {
    Headers const cloud = {{"Content-Type", "application/cloudevents+json; charset=utf-8"}};
    Headers const batch = {{"content-type", "application/cloudevents-batch+json"}};
    Headers const grid = {{"Content-Type", "application/json"}, {"aeg-event-type", "Notification"}};
    Headers const asks = {{"Content-Type", "application/json"}, {"aeg-event-type", "SubscriptionValidation"}};
    std::string const code = R"({"validationCode":"512d-38b6","validationUrl":"https://evil.example/"})";
    Push const answer{Kind::validation, "512d-38b6"};
    std::vector<Case> const cases = {
        {"one CloudEvent", cloud, cloud_event, Push{Kind::events, cloud_event}},
        {"a batch", batch, '[' + cloud_event + ',' + cloud_event + ']',
         Push{Kind::events, '[' + cloud_event + ',' + cloud_event + ']'}},
        {"the Event Grid schema", grid, grid_event, Push{Kind::events, grid_event}},
        {"no header at all", {}, grid_event, Push{Kind::events, grid_event}},
        {"a byte order mark", grid, "\xef\xbb\xbf" + grid_event, Push{Kind::events, grid_event}},
        {"an empty batch", batch, "[]", Push{Kind::events, "[]"}},
        {"any JSON: its event is refused later", grid, "17", Push{Kind::events, "17"}},
        {"a validation", asks, '[' + validation(code) + ']', answer},
        {"a validation without its header", grid, '[' + validation(code) + ']', answer},
        {"a validation outside an array", asks, validation(code), answer},
        {"names in another case", asks, validation(R"({"ValidationCode":"512d-38b6"})"), answer},
        {"an escaped code", asks, validation(R"({"validationCode":"a\"b"})"), Push{Kind::validation, "a\"b"}},
        {"a validation beside an event is none", grid, '[' + validation(code) + ',' + cloud_event + ']',
         Push{Kind::events, '[' + validation(code) + ',' + cloud_event + ']'}},
        {"two validations, as the header says", asks, '[' + validation(code) + ',' + validation(code) + ']', {}},
        {"a validation without a code", asks, validation("{}"), {}},
        {"a code that is empty", asks, validation(R"({"validationCode":""})"), {}},
        {"a code that is a number", asks, validation(R"({"validationCode":5})"), {}},
        {"a code that is too long", asks, validation(R"({"validationCode":")" + std::string(257, 'x') + R"("})"), {}},
        {"a header of validation over events", asks, grid_event, {}},
        {"a deletion",
         {{"aeg-event-type", "SubscriptionDeletion"}},
         '[' + validation("{}", "Microsoft.EventGrid.SubscriptionDeletedEvent") + ']',
         Push{Kind::deletion, ""}},
        {"nothing", grid, "", {}},
        {"broken JSON", grid, grid_event.substr(0, 40), {}},
        {"something behind", cloud, cloud_event + "x", {}},
        {"64 deep", grid, std::string(64, '[') + std::string(64, ']'),
         Push{Kind::events, std::string(64, '[') + std::string(64, ']')}},
        {"65 deep", grid, std::string(65, '[') + std::string(65, ']'), {}},
        {"a million deep", grid, std::string(1'000'000, '['), {}},
        {"no UTF-8", grid, "[\"\xff\"]", {}},
        {"a NUL", grid, std::string("[\0]", 3), {}},
    };
    for (auto const& one : cases) {
        SCOPED_TRACE(one.name);
        auto const push = parse_push(one.headers, one.body);
        ASSERT_EQ(push.has_value(), one.push.has_value());
        if (push) {
            EXPECT_EQ(*push, *one.push);
        }
    }
}

TEST(Push, ABinaryEventIsKeptAsAStructuredOne) {
    Headers const headers = {{"Content-Type", "application/json"},
                             {"CE-SpecVersion", "1.0"},
                             {"ce-id", "1"},
                             {"ce-type", "Microsoft.KeyVault.SecretNearExpiry"},
                             {"ce-source", "/sub%20one"},
                             {"ce-subject", "\"w\\eb\" 50%"},
                             {"ce-traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                             {"X-Other", "not an attribute"}};
    auto const push = parse_push(headers, key_vault_data);
    ASSERT_TRUE(push);
    EXPECT_EQ(push->text,
              R"({"specversion":"1.0","id":"1","type":"Microsoft.KeyVault.SecretNearExpiry","source":"/sub one",)"
              R"("subject":"\"w\\eb\" 50%","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",)"
              R"("datacontenttype":"application/json","data":)" +
                  key_vault_data + '}');
    auto const events = decode_events(push->text, "vault.azure.net");
    ASSERT_EQ(events.size(), 1U);
    ASSERT_TRUE(events[0].event) << events[0].event.error().message();
    EXPECT_EQ(events[0].event->secret.name, "web");
}

TEST(Push, ABinaryEventsOtherDataIsBase64) {
    Headers headers = {{"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-type", "t"}, {"ce-source", "/s"}};
    for (std::string const& body : {std::string("\xff\x00\"", 3), std::string("{\"a\":"), std::string(70, '[')}) {
        auto const push = parse_push(headers, body);
        ASSERT_TRUE(push);
        EXPECT_TRUE(push->text.contains("data_base64")) << push->text;
        auto const events = decode_events(push->text, "vault.azure.net");
        ASSERT_EQ(events.size(), 1U);
        EXPECT_EQ(events[0].id, "1");
    }
    headers.emplace_back("ce-data", "{}");
    EXPECT_FALSE(parse_push(headers, "{}")) << "an attribute must not pass for the data";
    headers.back() = {"ce-a\"b", "x"};
    EXPECT_FALSE(parse_push(headers, "{}")) << "no name leaves its quotes";
    headers.pop_back();
    for (int i = 0; i < 40; ++i) headers.emplace_back("ce-x" + std::to_string(i), "x");
    EXPECT_FALSE(parse_push(headers, "{}"));
}

}  // namespace
}  // namespace kssedr::formats
