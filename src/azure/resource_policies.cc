#include "azure/resource_policies.h"

#include "azure/json_view.h"
#include "formats/json_cursor.h"

#include <optional>

namespace kssedr::azure {
namespace {

using formats::JsonCursor;
using formats::JsonKind;

// A member's value as it is written; nothing where the text is no object or has no such member.
std::optional<std::string_view> find_member(std::string_view object, std::string_view name) {
    JsonCursor json(object);
    std::optional<std::string_view> found;
    if (json.kind() != JsonKind::object || !json.enter_object()) return std::nullopt;
    while (auto const member = json.next_member()) {
        auto const value = json.skip();
        if (member->is_named(name)) found = value;
    }
    if (json.has_failed()) return std::nullopt;
    return found;
}

// The policy of that name, as it is written.
std::optional<std::string_view> find_policy(std::string_view policies, std::string_view key_name) {
    JsonCursor json(policies);
    std::optional<std::string_view> found;
    if (json.kind() != JsonKind::array || !json.enter_array()) return std::nullopt;
    while (json.next_element()) {
        auto const policy = json.skip();
        auto const name = find_member(policy, "keyName");
        if (!name) continue;
        JsonCursor at_name(*name);
        auto const string = at_name.take_string();
        if (string && string->is_named(key_name)) found = policy;
    }
    if (json.has_failed()) return std::nullopt;
    return found;
}

void append_between(SecretString& out, char const* from, char const* to) {
    out.append({from, static_cast<std::size_t>(to - from)});
}

char const* end_of(std::string_view text) {
    return text.data() + text.size();
}

}  // namespace

Result<SecretString> replace_policy_key(std::string_view resource, std::string_view listing, std::string_view member,
                                        std::string_view key_name, std::string_view slot, SecretString const& new_key) {
    auto const properties = find_member(resource, "properties");
    if (!properties || !properties->starts_with('{')) return fail(Errc::corrupt, "the resource has no properties");
    auto const policies = find_member(listing, "value");
    auto const next = find_member(listing, "nextLink");
    if (!policies) return fail(Errc::corrupt, "the answer is no list of policies");
    if (next && *next != "null" && *next != "\"\"") return fail(Errc::corrupt, "the list of policies goes on");
    auto const policy = find_policy(*policies, key_name);
    if (!policy) return fail(Errc::corrupt, "the list of policies does not have this one");
    auto const key = find_member(*policy, slot);
    if (!key || !key->starts_with('"')) return fail(Errc::corrupt, "the policy does not show " + std::string(slot));

    auto const old = find_member(*properties, member);
    SecretString body;
    body.reserve(resource.size() + policies->size() + new_key.size() + 64);
    auto const* const before_end = old ? old->data() : properties->data() + 1;
    append_between(body, resource.data(), before_end);
    if (!old) {
        body.append("\"");
        body.append(member);
        body.append("\":");
    }
    append_between(body, policies->data(), key->data() + 1);
    body.append(new_key.expose());
    append_between(body, end_of(*key) - 1, end_of(*policies));
    bool const is_last = properties->find_first_not_of(" \t\r\n", 1) == properties->size() - 1;
    if (!old && !is_last) body.append(",");
    append_between(body, old ? end_of(*old) : before_end, end_of(resource));
    return body;
}

Result<std::string> parse_etag(std::string_view resource) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(resource));
    auto etag = document.root()["etag"].text_or({});
    if (etag.empty() || etag.find_first_of("\r\n") != std::string::npos)
        return fail(Errc::corrupt, "the resource has no etag");
    return etag;
}

}  // namespace kssedr::azure
