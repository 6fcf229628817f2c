#include "formats/push.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "formats/json_cursor.h"
#include "formats/json_text.h"

#include <algorithm>
#include <optional>

namespace kssedr::formats {
namespace {

using Header = std::pair<std::string, std::string>;
using Headers = std::span<Header const>;

constexpr std::string_view validation_type = "Microsoft.EventGrid.SubscriptionValidationEvent";
constexpr std::string_view deletion_type = "Microsoft.EventGrid.SubscriptionDeletedEvent";
constexpr std::string_view attribute_prefix = "ce-";
constexpr std::size_t max_code_size = 256;
constexpr std::size_t max_attributes = 32;
constexpr std::size_t max_attribute_size = std::size_t{4} << 10U;

Failure malformed(std::string why) {
    return fail(Errc::invalid_argument, std::move(why));
}

std::string_view find_header(Headers headers, std::string_view name) {
    for (auto const& [key, value] : headers)
        if (equals_ignore_case(key, name)) return trim(value);
    return {};
}

// `application/json` of `application/json; charset=utf-8`.
std::string_view media_type(std::string_view content_type) {
    return trim(content_type.substr(0, content_type.find(';')));
}

std::optional<unsigned> hex_digit(char c) {
    if (is_ascii_digit(c)) return static_cast<unsigned>(c - '0');
    c = to_ascii_lower(c);
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    return std::nullopt;
}

// An attribute's text out of a header (HTTP protocol binding, 3.1.3.2): what is no pair of digits stands for itself.
std::string decode_attribute(std::string_view value) {
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        auto const high = value[i] == '%' && i + 2 < value.size() ? hex_digit(value[i + 1]) : std::nullopt;
        auto const low = high ? hex_digit(value[i + 2]) : std::nullopt;
        if (low) i += 2;
        text += low ? static_cast<char>(*high * 16 + *low) : value[i];
    }
    return text;
}

bool is_attribute_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && name != "data" && name != "data_base64" &&
           std::ranges::all_of(name, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c); });
}

bool is_json_type(std::string_view type) {
    return type.empty() || equals_ignore_case(type, "application/json") || ends_with_ignore_case(type, "+json");
}

Result<void> check_json(std::string_view text) {
    if (!is_utf8(text)) return malformed("the body is no UTF-8");
    JsonCursor json(text);
    json.skip();
    auto const whole = json.finish();
    if (!whole) return fail(Error(whole.error()).during("the body is no JSON that is taken"));
    return {};
}

// A binary event's body as a member of its structured form.
std::string format_data(std::string_view type, std::string_view body) {
    if (body.empty()) return {};
    if (is_json_type(type) && check_json(body)) return ",\"data\":" + std::string(body);
    return ",\"data_base64\":\"" + format_base64(body) + '"';
}

Result<Push> parse_binary(Headers headers, std::string_view body) {
    std::string event;
    std::size_t attributes = 0;
    for (auto const& [key, value] : headers) {
        if (!starts_with_ignore_case(key, attribute_prefix)) continue;
        auto const name = to_ascii_lower(std::string_view(key).substr(attribute_prefix.size()));
        if (++attributes > max_attributes) return malformed("the event has more than 32 attributes (ce-…)");
        if (!is_attribute_name(name)) return malformed("\"" + escape_for_display(key) + "\" is no attribute's name");
        if (value.size() > max_attribute_size) return malformed("an attribute (" + name + ") is longer than 4 KB");
        event += event.empty() ? '{' : ',';
        event += '"' + name + "\":";
        append_json_string(event, decode_attribute(trim(value)));
    }
    auto const type = media_type(find_header(headers, "content-type"));
    if (!type.empty()) event += ",\"datacontenttype\":" + format_json_string(type);
    event += format_data(type, body) + '}';
    return Push{Push::Kind::events, std::move(event)};
}

// What tells a handshake from events.
struct Control {
    std::string type;
    std::optional<std::string> code;
};

void read_control(JsonCursor& json, Control& control) {
    json.enter_object();
    while (auto const name = json.next_member()) {
        if (name->is_named("eventType") && json.kind() == JsonKind::string) {
            if (auto const text = json.take_string()) control.type = trim(text->text());
        } else if (name->is_named("data") && json.kind() == JsonKind::object) {
            json.enter_object();
            while (auto const member = json.next_member()) {
                bool const is_code = member->is_named("validationCode") && json.kind() == JsonKind::string;
                auto const text = is_code ? json.take_string() : std::nullopt;
                if (text) control.code = text->text();
                if (!is_code) json.skip();
            }
        } else {
            json.skip();
        }
    }
}

// The one event of the body; nothing where there are none or several: a handshake comes alone.
std::optional<Control> find_control(std::string_view body) {
    Control control;
    JsonCursor json(body);
    bool const is_array = json.kind() == JsonKind::array;
    if (is_array && (!json.enter_array() || !json.next_element())) return std::nullopt;
    if (json.kind() != JsonKind::object) return std::nullopt;
    read_control(json, control);
    if (is_array && json.next_element()) return std::nullopt;
    return control;
}

}  // namespace

Result<Push> parse_push(Headers headers, std::string_view body) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
    bool const is_structured = starts_with_ignore_case(find_header(headers, "content-type"), "application/cloudevents");
    bool const is_binary = !is_structured && !find_header(headers, "ce-specversion").empty();
    if (is_binary) return parse_binary(headers, body);
    KSSEDR_TRY_VOID(check_json(body));
    auto const control = find_control(body);
    auto const said = find_header(headers, "aeg-event-type");
    bool const is_validation = control && equals_ignore_case(control->type, validation_type);
    if (is_validation) {
        auto const& code = control->code;
        if (!code || code->empty() || code->size() > max_code_size)
            return malformed("the validation event has no data.validationCode of 1 to 256 bytes");
        return Push{Push::Kind::validation, *code};
    }
    if (equals_ignore_case(said, "SubscriptionValidation"))
        return malformed("aeg-event-type says SubscriptionValidation, and the body is not one validation event");
    if (control && equals_ignore_case(control->type, deletion_type)) return Push{Push::Kind::deletion, {}};
    return Push{Push::Kind::events, std::string(body)};
}

}  // namespace kssedr::formats
