#include "formats/wrapped_events.h"

#include "base/encoding.h"
#include "formats/events.h"
#include "formats/outcome_json.h"

#include <gtest/gtest.h>

namespace kssedr::formats {
namespace {

constexpr std::string_view event =
    R"({"id":"e1","type":"Microsoft.KeyVault.SecretNearExpiry","source":"/s","specversion":"1.0","data":{}})";

std::string notice(std::string_view text) {
    DecodedEvent decoded{rotation::Event{}, "e1", text};
    if (!text.starts_with('{')) decoded.event = fail(Errc::corrupt, "malformed event");
    return format_poison_message(decoded, {});
}

TEST(WrappedEvents, AreTakenOutOfWhatStandsAround) {
    std::string const one(event);
    struct Case {
        std::string_view name;
        std::string message;
        std::string events;
    };
    Case const cases[] = {
        {"an event", one, one},
        {"an array", "[" + one + "]", "[" + one + "]"},
        {"base64", format_base64(one), one},
        {"base64 with blanks around", " " + format_base64(one) + "\n", one},
        {"a notice", notice(one), one},
        {"a notice in base64", format_base64(notice(one)), one},
        {"a notice of what was no event", notice("no event \"at all\""), "no event \"at all\""},
        {"one received", R"({"value":[{"brokerProperties":{"lockToken":"t","deliveryCount":1},"event":)" + one + "}]}",
         "[" + one + "]"},
        {"two received",
         R"({"value":[{"event":)" + one + R"(,"brokerProperties":{}},{"brokerProperties":{},"event":)" + one + "}]}",
         "[" + one + "," + one + "]"},
        {"none received", R"({"value":[]})", "[]"},
        {"a value that is another thing", R"({"value":[{"event":{}}]})", R"({"value":[{"event":{}}]})"},
        {"an event with members of those names", R"({"id":"1","schema":1,"event":{"a":1}})",
         R"({"id":"1","schema":1,"event":{"a":1}})"},
        {"base64 of no JSON", "aGVsbG8=", "aGVsbG8="},
        {"a word that is base64 too", "null", "null"},
        {"nothing", "", ""},
        {"broken JSON", R"({"value":[{"brokerProperties":{},"event":{}}])",
         R"({"value":[{"brokerProperties":{},"event":{}}])"},
    };
    for (auto const& [name, message, events] : cases) {
        SCOPED_TRACE(name);
        EXPECT_EQ(unwrap_events(message), events);
    }
}

}  // namespace
}  // namespace kssedr::formats
