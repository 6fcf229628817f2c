#include "azure/key_vault_format.h"

#include "azure/json_view.h"
#include "base/ascii.h"

namespace kssedr::azure {
namespace {

std::optional<TimePoint> to_time(JsonView seconds) {
    auto const number = seconds.integer();
    // Up to the year 9999: beyond it, and before 1970, is no date of a secret's.
    if (!number || *number < 0 || *number > 253402300799) return std::nullopt;
    return TimePoint(std::chrono::seconds(*number));
}

std::int64_t to_seconds(TimePoint at) {
    return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

Result<rotation::SecretUrl> parse_id(JsonView id, Expected const& expected) {
    auto const text = id.text();
    if (!text) return fail(Errc::corrupt, "the vault's answer holds a secret without an id");
    auto url = rotation::parse_secret_url(*text, expected.vault_suffix);
    if (!url) return fail(Error(Errc::corrupt, url.error().message()).during("the vault's answer"));
    bool const same_vault = url->secret.vault == expected.vault;
    if (!same_vault || (!expected.name.empty() && !equals_ignore_case(url->secret.name, expected.name)))
        return fail(Errc::corrupt, "the vault answered for another secret, " + escape_for_display(*text));
    return url;
}

Result<rotation::SecretProperties> to_properties(JsonView secret, Expected const& expected) {
    KSSEDR_TRY(auto url, parse_id(secret["id"], expected));
    auto const attributes = secret["attributes"];
    auto const created = to_time(attributes["created"]);
    auto const updated = to_time(attributes["updated"]);
    if (!created) return fail(Errc::corrupt, "the vault's answer does not say when " + url.secret.name + " was made");
    rotation::SecretProperties properties;
    properties.name = std::move(url.secret.name);
    properties.version = std::move(url.version);
    properties.enabled = attributes["enabled"].boolean().value_or(true);
    properties.managed = secret["managed"].boolean().value_or(false);
    properties.content_type = secret["contentType"].text_or({});
    for (auto const& [name, value] : secret["tags"].members()) properties.tags.emplace(name, value.text_or({}));
    properties.not_before = to_time(attributes["nbf"]);
    properties.expires = to_time(attributes["exp"]);
    properties.created = *created;
    properties.updated = updated.value_or(*created);
    return properties;
}

// Every place that writes a name and a value writes them through here, so that commas and quotes are right by
// construction.
class ObjectWriter {
public:
    explicit ObjectWriter(SecretString& out) : out_(out) { out_.append("{"); }
    void close() { out_.append("}"); }
    void name(std::string_view text) {
        if (has_members_) out_.append(",");
        has_members_ = true;
        append_json_string(out_, text);
        out_.append(":");
    }
    void text(std::string_view key, std::string_view value) {
        name(key);
        append_json_string(out_, value);
    }
    void number(std::string_view key, std::int64_t value) {
        name(key);
        out_.append(std::to_string(value));
    }
    void boolean(std::string_view key, bool value) {
        name(key);
        out_.append(value ? "true" : "false");
    }
    void tags(rotation::Tags const& all) {
        name("tags");
        ObjectWriter object(out_);
        for (auto const& [key, value] : all) object.text(key, value);
        object.close();
    }

private:
    SecretString& out_;
    bool has_members_ = false;
};

}  // namespace

Result<rotation::SecretVersion> parse_secret(std::string_view body, Expected const& expected) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    KSSEDR_TRY(auto properties, to_properties(document.root(), expected));
    auto value = document.root()["value"].secret();
    if (!value) return fail(Errc::corrupt, "the vault's answer holds no value");
    if (properties.version.empty()) return fail(Errc::corrupt, "the vault's answer names no version");
    rotation::SecretVersion version;
    version.properties = std::move(properties);
    version.value = *std::move(value);
    return version;
}

Result<rotation::SecretProperties> parse_secret_properties(std::string_view body, Expected const& expected) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    return to_properties(document.root(), expected);
}

Result<SecretPage> parse_secret_page(std::string_view body, Expected const& expected) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto const list = document.root()["value"];
    if (!list.is_array()) return fail(Errc::corrupt, "the vault's answer is no page of a listing");
    SecretPage page;
    for (auto const& item : list.items()) {
        KSSEDR_TRY(auto properties, to_properties(item, expected));
        page.items.push_back(std::move(properties));
    }
    page.next = document.root()["nextLink"].text_or({});
    return page;
}

SecretString format_draft(rotation::SecretDraft const& draft) {
    SecretString body;
    body.reserve(6 * draft.value.size() + 1024);  // the longest that escaping makes of it, so that it is never outgrown
    ObjectWriter object(body);
    object.text("value", draft.value.expose());
    if (!draft.content_type.empty()) object.text("contentType", draft.content_type);
    if (!draft.tags.empty()) object.tags(draft.tags);
    if (draft.not_before || draft.expires) {
        object.name("attributes");
        ObjectWriter attributes(body);
        if (draft.not_before) attributes.number("nbf", to_seconds(*draft.not_before));
        if (draft.expires) attributes.number("exp", to_seconds(*draft.expires));
        attributes.close();
    }
    object.close();
    return body;
}

SecretString format_change(SecretChange const& change) {
    SecretString body;
    ObjectWriter object(body);
    if (change.content_type) object.text("contentType", *change.content_type);
    if (change.tags) object.tags(*change.tags);
    if (change.enabled || change.not_before || change.expires) {
        object.name("attributes");
        ObjectWriter attributes(body);
        if (change.enabled) attributes.boolean("enabled", *change.enabled);
        if (change.not_before) attributes.number("nbf", to_seconds(*change.not_before));
        if (change.expires) attributes.number("exp", to_seconds(*change.expires));
        attributes.close();
    }
    object.close();
    return body;
}

}  // namespace kssedr::azure
