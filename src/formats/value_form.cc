#include "formats/value_form.h"

#include "base/ascii.h"
#include "base/check.h"
#include "formats/connection_string.h"
#include "formats/credential_url.h"
#include "formats/json_values.h"
#include "formats/key_form.h"
#include "formats/login_value.h"

#include <algorithm>
#include <utility>

namespace kssedr::formats {
namespace {

using rotation::CredentialShape;

// The credential in a text that may be one, or hold one in a URL or a connection string; nothing where it does not.
struct Found {
    TextSpan span;
    Writing writing = Writing::plain;
};

enum class Bare : bool { is_none, may_be };

Result<std::optional<Found>> find_credential(std::string_view text, CredentialShape const& shape, Bare bare_text) {
    auto const bare = bare_text == Bare::may_be ? find_bare_credential(text, shape) : std::nullopt;
    if (bare) return Found{*bare};
    KSSEDR_TRY(auto const in_url, find_credential_url(text, shape));
    if (in_url) return Found{*in_url, Writing::percent};
    if (!is_connection_string(text, shape)) return std::nullopt;
    KSSEDR_TRY(auto const span, parse_connection_string(text, shape));
    return Found{span};
}

// Under which names a bare credential is looked for in a document.
bool is_key_place(NamedAs named, CredentialShape const& shape) {
    bool const is_value_of = equals_ignore_case(named.name, "value") && may_hold_key(named.subject, shape);
    return is_value_of || may_hold_key(named.name, shape);
}

// Whether what a member of a document says lets its value be understood.
Result<void> check_value(NamedAs named, std::string_view text, CredentialShape const& shape) {
    KSSEDR_TRY(auto const in_url, find_credential_url(text, shape));
    if (in_url) return {};
    KSSEDR_TRY_VOID(check_member(named.name, text, shape));
    KSSEDR_TRY_VOID(check_member(named.subject, text, shape));
    if (is_key_place(named, shape) && find_bare_credential(text, shape)) return {};
    return check_members(text, shape);
}

Result<ValueForm> parse_json(std::string_view document, CredentialShape const& shape) {
    std::optional<ValueForm> found;
    auto visit = [&](NamedAs named, JsonString const* string, std::string_view) -> Result<void> {
        KSSEDR_TRY_VOID(check_name(named.name, shape));
        if (string == nullptr) return {};
        PlainText const plain(*string);
        KSSEDR_TRY_VOID(check_value(named, trim(plain.text()), shape));
        bool const is_key = is_key_place(named, shape);
        KSSEDR_TRY(auto const place, find_credential(plain.text(), shape, is_key ? Bare::may_be : Bare::is_none));
        bool const is_key_member = !shape.key_member.empty() && equals_ignore_case(named.name, shape.key_member);
        if (!place && is_key && !shape.key_names.empty())
            return value_not_understood("a member that would hold a credential of " + shape.owner_name +
                                        " has something else");
        if (!place && is_key_member)
            return value_not_understood("its " + shape.key_member + " has not the form of a credential of " +
                                        shape.owner_name);
        if (!place) return {};
        if (found) return value_not_understood("more than one place in it holds a credential");
        auto const begin = raw_json_offset(string->raw, place->span.offset);
        auto const end = raw_json_offset(string->raw, place->span.offset + place->span.length);
        auto const start = static_cast<std::size_t>(string->raw.data() - document.data());
        found = ValueForm{ValueKind::json, start + begin, end - begin, place->writing};
        return {};
    };
    JsonCursor json(document);
    KSSEDR_TRY_VOID(for_each_value(json, {}, visit));
    if (auto const whole = json.finish(); !whole) return value_not_understood(whole.error().message());
    if (!found) return value_not_understood("no place in the JSON document holds a credential");
    return *found;
}

// A part of the credential that looks the same however it is escaped or encoded: its longest run of letters and digits.
std::string_view recognisable_part(std::string_view credential) {
    std::string_view longest;
    while (!credential.empty()) {
        auto const end =
            std::ranges::find_if_not(credential, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c); });
        auto const run = credential.substr(0, static_cast<std::size_t>(end - credential.begin()));
        if (run.size() > longest.size()) longest = run;
        credential.remove_prefix(std::min(run.size() + 1, credential.size()));
    }
    return longest;
}

}  // namespace

bool stands_elsewhere(SecretString const& value, ValueForm const& form) {
    auto const credential = credential_in(value, form);
    auto const part = recognisable_part(credential.expose());
    // Too short to be told from chance.
    if (part.size() < 8) return false;
    auto const text = value.expose();
    auto const holds_part = [&](std::string_view piece) { return piece.find(part) != std::string_view::npos; };
    if (holds_part(text.substr(0, form.offset)) || holds_part(text.substr(form.offset + form.length))) return true;
    if (form.kind != ValueKind::json) return false;
    // Escaped letters hide it from the search above.
    auto const place_begin = text.data() + form.offset;
    auto const place_end = place_begin + form.length;
    auto const holds_hidden_part = [&](std::string_view raw) { return holds_part(unescape_json_string(raw).expose()); };
    bool found = false;
    auto visit = [&](NamedAs named, JsonString const* string, std::string_view) -> Result<void> {
        found = found || holds_part(named.name);
        if (string == nullptr || !string->has_escapes) return {};
        auto const begin = string->raw.data();
        auto const end = begin + string->raw.size();
        if (begin <= place_begin && place_end <= end)
            found = found || holds_hidden_part({begin, place_begin}) || holds_hidden_part({place_end, end});
        else
            found = found || holds_hidden_part(string->raw);
        return {};
    };
    JsonCursor json(text);
    return !for_each_value(json, {}, visit) || found;
}

namespace {

void append_escaped(SecretString& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (char const& c : text) {
        auto const code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') out.append("\\");
        if (code < 0x20) {
            out.append(code < 0x10 ? "\\u000" : "\\u001");
            out.append(digits.substr(code & 0xfU, 1));
        } else {
            out.append({&c, 1});
        }
    }
}

std::string_view place(SecretString const& value, ValueForm const& form) {
    KSSEDR_CHECK(form.offset <= value.size() && form.length <= value.size() - form.offset, "a form of another value");
    return value.expose().substr(form.offset, form.length);
}

}  // namespace

Result<ValueForm> parse_value_form(SecretString const& value, CredentialShape const& shape) {
    if (shape.login) {
        KSSEDR_TRY(auto const found, parse_login_value(value, shape));
        return found.password;
    }
    auto const text = value.expose();
    auto const blankless = trim(text);
    if (blankless.empty()) return value_not_understood("it is empty");
    ValueForm form;
    if (blankless.front() == '{' || blankless.front() == '[') {
        KSSEDR_TRY(form, parse_json(text, shape));
    } else {
        KSSEDR_TRY(auto const found, find_credential(text, shape, Bare::may_be));
        if (!found)
            return value_not_understood(
                "it is no bare credential of " + shape.owner_name +
                (shape.key_member.empty() ? std::string() : ", no connection string with " + shape.key_member) +
                (shape.urls.empty() ? "" : ", no URL that carries one") + ", and no JSON document");
        bool const is_bare = find_bare_credential(text, shape).has_value();
        form.kind = is_bare                              ? ValueKind::raw
                    : found->writing == Writing::percent ? ValueKind::url
                                                         : ValueKind::connection_string;
        form.offset = found->span.offset;
        form.length = found->span.length;
        form.writing = found->writing;
    }
    if (stands_elsewhere(value, form))
        return value_not_understood("the credential stands in it in more than one place");
    return form;
}

bool has_credential_form(SecretString const& credential, rotation::CredentialShape const& shape) {
    return has_key_form(credential.expose(), shape.keys);
}

SecretString credential_in(SecretString const& value, ValueForm const& form) {
    auto const written = place(value, form);
    auto plain = form.kind == ValueKind::json ? unescape_json_string(written) : SecretString::copy_of(written);
    if (form.writing == Writing::plain) return plain;
    auto read = read_written(plain.expose(), form.writing);
    KSSEDR_CHECK(read.has_value(), "a form of another value");
    return *std::move(read);
}

SecretString replace_credential(SecretString const& value, ValueForm const& form, SecretString const& credential) {
    auto const written = place(value, form);
    auto const text = value.expose();
    auto const encoded = write(credential, form.writing, written);
    SecretString replaced;
    replaced.reserve(text.size() - written.size() + encoded.size());
    replaced.append(text.substr(0, form.offset));
    if (form.kind == ValueKind::json)
        append_escaped(replaced, encoded.expose());
    else
        replaced.append(encoded.expose());
    replaced.append(text.substr(form.offset + form.length));
    return replaced;
}

}  // namespace kssedr::formats
