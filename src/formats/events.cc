#include "formats/events.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "formats/json_cursor.h"

#include <utility>

namespace kssedr::formats {
namespace {

using rotation::Event;
using rotation::EventKind;

// Longer ones are no publisher's, and everything that keeps an id or a type may count on it.
constexpr std::size_t max_id_size = 1024;
constexpr std::size_t max_trace_parent_size = 64;
constexpr std::size_t max_type_size = 256;

Failure malformed(std::string why) {
    return fail(Errc::invalid_argument, "malformed event: " + std::move(why));
}

std::string quoted(std::string_view text) {
    return '"' + escape_for_display(text) + '"';
}

// A member's value, where it may be absent, null, a text, or something else.
struct Field {
    enum class State : std::uint8_t { absent, text, other } state = State::absent;
    std::string text;  // trimmed

    [[nodiscard]] bool is_text() const { return state == State::text; }
};

Field take_field(JsonCursor& json) {
    auto const kind = json.kind();
    if (kind == JsonKind::string) {
        auto const value = json.take_string();
        return {Field::State::text, value ? std::string(trim(value->text())) : std::string()};
    }
    json.skip();
    return {kind == JsonKind::null ? Field::State::absent : Field::State::other, {}};
}

// What stands around `data`, in either schema.
struct Envelope {
    Field id, type, source, spec_version, data_base64, trace_parent;
    std::string_view data;  // JSON text; empty where absent
};

// An id may be a number: it is kept as it is written.
Field take_id(JsonCursor& json) {
    if (json.kind() == JsonKind::number) return {Field::State::text, std::string(json.skip())};
    return take_field(json);
}

Result<Envelope> read_envelope(std::string_view text) {
    Envelope envelope;
    JsonCursor json(text);
    if (json.kind() != JsonKind::object) return malformed("it is not a JSON object");
    json.enter_object();
    while (auto const name = json.next_member()) {
        if (name->is_named("id"))
            envelope.id = take_id(json);
        else if (name->is_named("type") || name->is_named("eventType"))
            envelope.type = take_field(json);
        else if (name->is_named("source") || name->is_named("topic"))
            envelope.source = take_field(json);
        else if (name->is_named("specversion"))
            envelope.spec_version = take_field(json);
        else if (name->is_named("traceparent"))
            envelope.trace_parent = take_field(json);
        else if (name->is_named("data_base64"))
            envelope.data_base64 = take_field(json);
        else if (name->is_named("data"))
            envelope.data = json.skip();
        else
            json.skip();
    }
    KSSEDR_TRY_VOID(json.finish());
    return envelope;
}

// What Key Vault says of the secret.
struct Subject {
    Field id, vault_name, object_type, object_name, version;
};

Result<Subject> read_subject(std::string_view data) {
    Subject subject;
    JsonCursor json(data);
    if (json.kind() != JsonKind::object) return malformed("its data is not a JSON object");
    json.enter_object();
    while (auto const name = json.next_member()) {
        if (name->is_named("Id"))
            subject.id = take_field(json);
        else if (name->is_named("VaultName"))
            subject.vault_name = take_field(json);
        else if (name->is_named("ObjectType"))
            subject.object_type = take_field(json);
        else if (name->is_named("ObjectName"))
            subject.object_name = take_field(json);
        else if (name->is_named("Version"))
            subject.version = take_field(json);
        else
            json.skip();
    }
    KSSEDR_TRY_VOID(json.finish());
    return subject;
}

// The secret and the version. The URL alone says which; the other members may only agree with it.
Result<rotation::SecretUrl> identify(Subject const& subject, std::string_view vault_suffix) {
    if (!subject.id.is_text()) return malformed("data.Id is missing or no text");
    // Without the blanks around it, as all texts; what is called later is put together from what is recognised here.
    auto url = rotation::parse_secret_url(subject.id.text, vault_suffix);
    if (!url) return fail(std::move(url).error().during("malformed event: data.Id"));
    if (!subject.vault_name.is_text()) return malformed("data.VaultName is missing or no text");
    auto const named = rotation::make_vault_host(subject.vault_name.text, vault_suffix);
    if (!named) return fail(Error(named.error()).during("malformed event: data.VaultName"));
    if (*named != url->secret.vault)
        return malformed("data.VaultName is " + quoted(subject.vault_name.text) + ", but data.Id names the vault " +
                         quoted(url->secret.vault.text));
    bool const is_secret =
        subject.object_type.state == Field::State::absent || equals_ignore_case(subject.object_type.text, "Secret");
    if (!is_secret) return malformed("data.ObjectType is " + quoted(subject.object_type.text) + " and not Secret");
    bool const is_same_name = subject.object_name.state == Field::State::absent ||
                              equals_ignore_case(subject.object_name.text, url->secret.name);
    if (!is_same_name)
        return malformed("data.ObjectName is " + quoted(subject.object_name.text) + ", but data.Id names the secret " +
                         quoted(url->secret.name));
    // A version that can be none ("aaa" in the wild) yields to the one in the URL.
    if (rotation::is_secret_version(subject.version.text)) url->version = to_ascii_lower(subject.version.text);
    return url;
}

EventKind kind_of(std::string_view type) {
    bool const starts = equals_ignore_case(type, "Microsoft.KeyVault.SecretNearExpiry") ||
                        equals_ignore_case(type, "Microsoft.KeyVault.SecretExpired");
    return starts ? EventKind::starts_rotation : EventKind::other;
}

// `data` is not looked at where the type starts no rotation: it may be anything.
Result<Event> make_event(EventAttributes const& attributes, std::string_view data, std::string_view vault_suffix) {
    if (attributes.type.empty()) return malformed("it names no type");
    if (attributes.type.size() > max_type_size) return malformed("its type is longer than 256 bytes");
    Event event{.id = attributes.id, .type = attributes.type, .kind = kind_of(attributes.type)};
    event.trace_parent = attributes.trace_parent.substr(0, max_trace_parent_size);
    if (auto resource = rotation::ArmId::parse(attributes.source);
        resource && resource->is_type("Microsoft.KeyVault/vaults"))
        event.vault_resource = *std::move(resource);
    if (event.kind == EventKind::other) return event;
    KSSEDR_TRY(auto const subject, read_subject(data));
    KSSEDR_TRY(auto url, identify(subject, vault_suffix));
    event.secret = std::move(url.secret);
    event.version = std::move(url.version);
    return event;
}

Result<Event> make_event(Envelope const& envelope, std::string_view vault_suffix) {
    if (envelope.id.text.size() > max_id_size) return malformed("its id is longer than 1024 bytes");
    if (envelope.spec_version.state != Field::State::absent && envelope.spec_version.text != "1.0")
        return malformed("specversion is " + quoted(envelope.spec_version.text) + "; CloudEvents 1.0 is taken");
    EventAttributes const attributes{envelope.id.text, envelope.type.text, envelope.source.text,
                                     envelope.trace_parent.text};
    if (!envelope.data_base64.is_text()) return make_event(attributes, envelope.data, vault_suffix);
    if (!envelope.data.empty()) return malformed("it has data and data_base64");
    auto const data = parse_base64(envelope.data_base64.text);
    if (!data) return malformed("data_base64 is not base64");
    return make_event(attributes, *data, vault_suffix);
}

DecodedEvent decode_event(std::string_view text, std::string_view vault_suffix) {
    auto const envelope = read_envelope(text);
    if (!envelope) return {fail(envelope.error()), {}, text};
    bool const is_id_kept = envelope->id.text.size() <= max_id_size;
    return {make_event(*envelope, vault_suffix), is_id_kept ? envelope->id.text : std::string(), text};
}

// The texts of the events in a message.
Result<std::vector<std::string_view>> take_apart(std::string_view message) {
    std::vector<std::string_view> texts;
    JsonCursor json(message);
    if (json.kind() == JsonKind::array) {
        json.enter_array();
        while (texts.size() <= max_events_per_message && json.next_element()) texts.push_back(json.skip());
        if (texts.size() > max_events_per_message)
            return malformed("the message holds more than " + std::to_string(max_events_per_message) + " events");
    } else {
        texts.push_back(json.skip());
    }
    if (auto const whole = json.finish(); !whole) {
        if (trim(message).empty()) return malformed("the message is empty");
        return fail(Error(whole.error()).during("malformed event " + quoted(message)));
    }
    return texts;
}

std::vector<DecodedEvent> decode_plain(std::string_view message, std::string_view vault_suffix) {
    std::vector<DecodedEvent> events;
    auto const texts = take_apart(message);
    if (!texts) {
        events.push_back({fail(texts.error()), {}, message});
        return events;
    }
    events.reserve(texts->size());
    for (auto const text : *texts) events.push_back(decode_event(text, vault_suffix));
    return events;
}

}  // namespace

std::vector<DecodedEvent> decode_events(std::string_view message, std::string_view vault_suffix) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (message.starts_with(byte_order_mark)) message.remove_prefix(byte_order_mark.size());
    JsonCursor json(message);
    if (json.kind() != JsonKind::string) return decode_plain(message, vault_suffix);
    // A host or a bridge that writes JSON into a JSON string: one level of it is taken off.
    auto const inner = json.take_string();
    if (auto const whole = json.finish(); !inner || !whole) return decode_plain(message, vault_suffix);
    auto events = decode_plain(inner->text(), vault_suffix);
    for (auto& event : events) event.source = message;  // the unescaped text ends here
    return events;
}

DecodedEvent decode_binary_event(EventAttributes const& attributes, std::string_view data,
                                 std::string_view vault_suffix) {
    if (attributes.id.size() > max_id_size) return {malformed("its id is longer than 1024 bytes"), {}, data};
    return {make_event(attributes, data, vault_suffix), attributes.id, data};
}

}  // namespace kssedr::formats
