/// Every string of a JSON document with the name it stands under. A part of value_form.h.

#pragma once

#include "base/ascii.h"
#include "base/secret_string.h"
#include "formats/json_cursor.h"

#include <string_view>

namespace kssedr::formats {

/// What stands between the quotes, unescaped.
[[nodiscard]] SecretString unescape_json_string(std::string_view raw);

/// A JSON string's text without a copy where none is needed, and in wiped memory where one is.
class PlainText {
public:
    explicit PlainText(JsonString const& string)
        : unescaped_(string.has_escapes ? unescape_json_string(string.raw) : SecretString()),
          text_(string.has_escapes ? unescaped_.expose() : string.raw) {}

    [[nodiscard]] std::string_view text() const { return text_; }

private:
    SecretString unescaped_;
    std::string_view text_;
};

/// A member's name, and where that is `value` or `name` only, what the value is then called: the object's own name, or
/// what stands beside it in `[{"name": …, "value": …}]`.
struct NamedAs {
    std::string_view name;
    std::string_view subject;
};

/// The name that an object gives itself in a member, unescaped; empty where it has none. The walk is not moved on.
[[nodiscard]] SecretString find_given_name(JsonCursor object);

/// Calls `visit(named, string, scalar)` for the value ahead and every one below it, until it fails. A value in an array
/// has the array's name. The string is null where the value is none; `scalar` is then the text of a number, a truth or
/// null, and empty for what holds other values. Recursion ends where the cursor refuses depth.
template <class Visit>
Result<void> for_each_value(JsonCursor& json, NamedAs named, Visit& visit) {
    if (json.kind() == JsonKind::string) {
        auto const string = json.take_string();
        return visit(named, string ? &*string : nullptr, std::string_view());
    }
    auto const kind = json.kind();
    if (kind != JsonKind::object && kind != JsonKind::array) return visit(named, nullptr, json.skip());
    KSSEDR_TRY_VOID(visit(named, nullptr, std::string_view()));
    switch (kind) {
    case JsonKind::object: {
        auto const given = find_given_name(json);
        json.enter_object();
        while (auto const member = json.next_member()) {
            PlainText const plain(*member);
            NamedAs below{trim(plain.text()), {}};
            if (equals_ignore_case(below.name, "value"))
                below.subject = given.empty() ? named.name : given.expose();
            else if (equals_ignore_case(below.name, "name"))
                below.subject = named.name;
            KSSEDR_TRY_VOID(for_each_value(json, below, visit));
        }
        return {};
    }
    case JsonKind::array:
        json.enter_array();
        while (json.next_element()) {
            KSSEDR_TRY_VOID(for_each_value(json, named, visit));
        }
        return {};
    default: return {};
    }
}

}  // namespace kssedr::formats
