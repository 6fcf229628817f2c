#include "formats/wrapped_events.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "formats/json_cursor.h"

#include <optional>
#include <string_view>
#include <utility>

namespace kssedr::formats {
namespace {

bool looks_like_json(std::string_view text) {
    auto const begun = trim(text);
    return begun.starts_with('{') || begun.starts_with('[');
}

std::string without_base64(std::string message) {
    auto const text = trim(message);
    if (text.empty() || looks_like_json(text)) return message;
    auto decoded = parse_base64(text);
    return decoded && looks_like_json(*decoded) ? *std::move(decoded) : message;
}

// The `event` of one of `value`; nothing where it is another thing.
std::optional<std::string_view> take_enveloped(JsonCursor& json) {
    if (json.kind() != JsonKind::object) {
        json.skip();
        return std::nullopt;
    }
    std::string_view event;
    bool is_of_the_broker = false;
    json.enter_object();
    while (auto const member = json.next_member()) {
        bool const is_event = member->is_named("event");
        is_of_the_broker = is_of_the_broker || member->is_named("brokerProperties");
        auto const value = json.skip();
        if (is_event) event = value;
    }
    return is_of_the_broker && !event.empty() ? std::optional(event) : std::nullopt;
}

// All of them, as an array; nothing where one is another thing.
std::optional<std::string> take_envelopes(JsonCursor& json) {
    std::string events = "[";
    json.enter_array();
    while (json.next_element()) {
        auto const event = take_enveloped(json);
        if (!event) return std::nullopt;
        if (events.size() > 1) events += ',';
        events += *event;
    }
    return events + ']';
}

// What stands around events has these members, and an event has none of them beside each other.
struct Wrapping {
    bool has_schema = false;
    bool has_outcome = false;
    std::string_view event;
    std::optional<std::string> head;
    std::optional<std::string> enveloped;
};

std::optional<Wrapping> read_wrapping(std::string_view text) {
    JsonCursor json(text);
    if (json.kind() != JsonKind::object) return std::nullopt;
    Wrapping wrapping;
    json.enter_object();
    while (auto const member = json.next_member()) {
        auto const kind = json.kind();
        if (member->is_named("value") && kind == JsonKind::array) {
            wrapping.enveloped = take_envelopes(json);
            // It stopped in the middle of something else.
            if (!wrapping.enveloped) return std::nullopt;
        } else if (member->is_named("head") && kind == JsonKind::string) {
            if (auto const head = json.take_string()) wrapping.head = head->text();
        } else {
            auto const value = json.skip();
            wrapping.has_schema = wrapping.has_schema || member->is_named("schema");
            wrapping.has_outcome = wrapping.has_outcome || (member->is_named("outcome") && kind == JsonKind::object);
            if (member->is_named("event") && kind == JsonKind::object) wrapping.event = value;
        }
    }
    if (!json.finish()) return std::nullopt;
    return wrapping;
}

}  // namespace

std::string unwrap_events(std::string message) {
    auto text = without_base64(std::move(message));
    auto wrapping = read_wrapping(text);
    if (!wrapping) return text;
    if (wrapping->enveloped) return *std::move(wrapping->enveloped);
    if (!wrapping->has_schema || !wrapping->has_outcome) return text;
    if (!wrapping->event.empty()) return std::string(wrapping->event);
    return wrapping->head ? *std::move(wrapping->head) : text;
}

}  // namespace kssedr::formats
