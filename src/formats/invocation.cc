#include "formats/invocation.h"

#include "base/ascii.h"
#include "base/check.h"
#include "base/encoding.h"
#include "formats/base64_text.h"
#include "formats/json_cursor.h"
#include "formats/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace kssedr::formats {
namespace {

// A host's batch holds some hundreds; more than this is no host's, and would cost memory for nothing.
constexpr std::size_t max_messages = 100'000;

Failure no_envelope(std::string_view why) {
    return fail(Errc::corrupt, "the request is no invocation of the Functions host: " + std::string(why));
}

std::string_view without_byte_order_mark(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    return text;
}

// The two halves of an envelope, as raw JSON. Nothing is changed before all of it has been checked.
struct Envelope {
    std::string_view binding;   // the data of the binding asked for; empty where there is none
    std::string_view metadata;  // empty where there is none
};

// `Data` holds a member for each binding; a trigger has one, whose name is whatever function.json says.
struct BindingSearch {
    std::string_view preferred;
    std::string_view by_name{};
    std::string_view only{};
    int others = 0;

    void see(JsonString const& name, std::string_view value) {
        if (name.is_named(preferred)) {
            by_name = value;
        } else {
            only = value;
            ++others;
        }
    }
    [[nodiscard]] std::string_view found() const {
        return !by_name.empty() ? by_name : others == 1 ? only : std::string_view();
    }
};

Result<Envelope> read_envelope(std::string_view body, std::string_view preferred_binding) {
    Envelope envelope;
    JsonCursor json(body);
    json.enter_object();
    while (auto const name = json.next_member()) {
        if (name->is_named("Data") && json.kind() == JsonKind::object) {
            BindingSearch search{preferred_binding};
            json.enter_object();
            while (auto const binding = json.next_member()) search.see(*binding, json.skip());
            envelope.binding = search.found();
        } else if (name->is_named("Metadata") && json.kind() == JsonKind::object) {
            envelope.metadata = json.skip();
        } else {
            json.skip();
        }
    }
    if (auto const whole = json.finish(); !whole) return no_envelope(whole.error().message());
    if (envelope.binding.empty())
        return no_envelope("Data has no member \"" + std::string(preferred_binding) +
                           "\", nor only one of another name");
    return envelope;
}

// The part of the body that a view into it shows.
std::span<char> own_memory(std::span<char> body, std::string_view view) {
    auto const offset = view.data() - body.data();
    KSSEDR_CHECK(offset >= 0 && static_cast<std::size_t>(offset) + view.size() <= body.size(),
                 "a view outside the body");
    return body.subspan(static_cast<std::size_t>(offset), view.size());
}

// `raw` is a JSON string with its quotes.
std::string_view unescape_string(std::span<char> body, std::string_view raw) {
    return unescape_json_in_place(own_memory(body, raw.substr(1, raw.size() - 2)));
}

// A binding of dataType "binary" gives base64, "string" gives text; nothing in the envelope says which. JSON objects,
// arrays and strings begin with characters that base64 has not, so no event can be taken for the other kind.
std::string_view to_message(std::span<char> body, std::string_view text) {
    if (!base64_decoded_size(text)) return text;
    auto const bytes = parse_base64_in_place(own_memory(body, text));
    return bytes ? *bytes : text;
}

// The elements of an array as raw JSON; nothing where it is no valid array.
std::optional<std::vector<std::string_view>> array_elements(std::string_view array) {
    std::vector<std::string_view> elements;
    JsonCursor json(array);
    json.enter_array();
    while (elements.size() <= max_messages && json.next_element()) elements.push_back(json.skip());
    if (elements.size() <= max_messages && !json.finish()) return std::nullopt;
    return elements;
}

std::string_view element_to_message(std::span<char> body, std::string_view element) {
    if (element == "null") return element.substr(0, 0);  // so the host writes an empty body it had to parse
    return element.front() == '"' ? to_message(body, unescape_string(body, element)) : element;
}

std::vector<std::string_view> to_messages(std::span<char> body, std::string_view binding) {
    if (binding == "null") return {};
    bool const is_string = binding.front() == '"';
    auto const text = is_string ? unescape_string(body, binding) : binding;
    if (trim(text).starts_with('[')) {
        if (auto elements = array_elements(text)) {
            for (auto& element : *elements) element = element_to_message(body, element);
            return *std::move(elements);
        }
        // Not an array after all: one event that begins so. It is delivered, and told from good ones where events are
        // decoded.
    }
    return {is_string ? to_message(body, text) : text};
}

// A member that is an object, or a string that holds one; empty where it is neither.
std::string take_object_text(JsonCursor& json) {
    if (json.kind() == JsonKind::object) return std::string(json.skip());
    auto const text = json.take_string();
    return text ? text->text() : std::string();
}

// A number, or a string that holds one; numbers too large for an int are cut to it.
std::optional<int> take_integer(JsonCursor& json) {
    auto const string = json.kind() == JsonKind::string ? json.take_string() : std::nullopt;
    std::string const text = string ? string->text() : std::string(json.skip());
    int value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range)
        return text.starts_with('-') ? std::numeric_limits<int>::min() : std::numeric_limits<int>::max();
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// A context that cannot be read counts as none: then this is the last attempt, and what fails is kept rather than lost.
std::optional<RetryContext> read_retry(std::string_view object) {
    std::optional<int> count, max;
    JsonCursor json(object);
    json.enter_object();
    while (auto const name = json.next_member()) {
        if (name->is_named("RetryCount"))
            count = take_integer(json);
        else if (name->is_named("MaxRetryCount"))
            max = take_integer(json);
        else
            json.skip();
    }
    if (!json.finish() || !count || !max) return std::nullopt;
    return RetryContext{*count, *max};
}

std::string read_partition(std::string_view object) {
    std::string partition;
    JsonCursor json(object);
    json.enter_object();
    while (auto const name = json.next_member()) {
        if (!name->is_named("PartitionId"))
            json.skip();
        else if (json.kind() == JsonKind::number)
            partition = json.skip();
        else if (auto const text = json.take_string())
            partition = text->text();
    }
    return json.finish() ? partition : std::string();
}

void read_metadata(std::string_view metadata, EventInvocation& invocation) {
    JsonCursor json(metadata);
    json.enter_object();
    while (auto const name = json.next_member()) {
        if (name->is_named("RetryContext")) {
            invocation.retry = read_retry(take_object_text(json));
        } else if (name->is_named("PartitionContext") || name->is_named("TriggerPartitionContext")) {
            // Both say the same; older hosts send only one of them.
            if (auto partition = read_partition(take_object_text(json)); !partition.empty())
                invocation.partition = std::move(partition);
        } else {
            json.skip();
        }
    }
}

}  // namespace

Result<EventInvocation> parse_event_invocation(std::span<char> body) {
    KSSEDR_TRY(auto const envelope, read_envelope(without_byte_order_mark({body.data(), body.size()}), "events"));
    EventInvocation invocation;
    read_metadata(envelope.metadata, invocation);
    invocation.messages = to_messages(body, envelope.binding);
    if (invocation.messages.size() > max_messages)
        return no_envelope("it holds more than " + std::to_string(max_messages) + " events");
    return invocation;
}

Result<HttpInvocation> parse_http_invocation(std::span<char> body) {
    KSSEDR_TRY(auto const envelope, read_envelope(without_byte_order_mark({body.data(), body.size()}), "req"));
    HttpInvocation invocation;
    JsonCursor json(envelope.binding);
    json.enter_object();
    while (auto const name = json.next_member()) {
        if (name->is_named("Method")) {
            if (auto const text = json.take_string()) invocation.method = text->text();
        } else if (name->is_named("Url")) {
            if (auto const text = json.take_string()) invocation.url = text->text();
        } else {
            json.skip();
        }
    }
    if (!json.finish() || invocation.method.empty() || invocation.url.empty())
        return no_envelope("the binding is no HTTP request with a Method and a Url");
    return invocation;
}

namespace {

void append_json_strings(std::string& out, std::span<std::string const> texts) {
    out += '[';
    for (auto const& text : texts) {
        if (out.back() != '[') out += ',';
        append_json_string(out, text);
    }
    out += ']';
}

}  // namespace

std::string format_event_answer(std::span<std::string const> poison, std::span<std::string const> logs,
                                std::string_view return_value) {
    std::string out = R"({"Outputs":{)";
    if (!poison.empty()) {
        out += R"("poison":)";
        append_json_strings(out, poison);
    }
    out += R"(},"Logs":)";
    append_json_strings(out, logs);
    out += R"(,"ReturnValue":)";
    out += return_value.empty() ? "null" : return_value;
    return out + '}';
}

std::string format_http_answer(unsigned status, std::string_view content_type, std::string_view body) {
    // The body goes as a string: the host would indent an object and call it text/plain.
    return fmt::format(
        R"({{"Outputs":{{"res":{{"statusCode":{},"body":{},"headers":{{"Content-Type":{}}}}}}},"Logs":[],"ReturnValue":null}})",
        status, format_json_string(body), format_json_string(content_type));
}

}  // namespace kssedr::formats
