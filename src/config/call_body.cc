#include "config/call_body.h"

#include "base/ascii.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace kssedr::config {
namespace {

namespace json = boost::json;

// The first `{…}` of a text that is none of the placeholders of calls; empty where there is none.
std::string find_unknown(std::string_view text) {
    for (auto at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
        auto const placeholder = text.substr(at, text.find('}', at) - at + 1);
        if (placeholder != "{slot}" && placeholder != "{key}") return escape_for_display(placeholder);
    }
    return {};
}

std::string find_mistake_in(json::value const& value);

std::string find_mistake_in(json::object const& object) {
    for (auto const& member : object) {
        if (std::string_view(member.key()).contains('{'))
            return "the body has a placeholder in a member's name, \"" + escape_for_display(member.key()) + '"';
        if (auto mistake = find_mistake_in(member.value()); !mistake.empty()) return mistake;
    }
    return {};
}

// As deep as the parser goes, 32 levels.
std::string find_mistake_in(json::value const& value) {  // NOLINT(misc-no-recursion)
    if (auto const* object = value.if_object()) return find_mistake_in(*object);
    if (auto const* array = value.if_array()) {
        for (auto const& element : *array)
            if (auto mistake = find_mistake_in(element); !mistake.empty()) return mistake;
        return {};
    }
    auto const* text = value.if_string();
    auto const unknown = text == nullptr ? std::string() : find_unknown(*text);
    return unknown.empty() ? std::string()
                           : "the body has " + unknown + ", which stands for nothing; there are {slot} and {key}";
}

}  // namespace

std::string find_body_mistake(std::string_view body) {
    boost::system::error_code error;
    auto const value = json::parse(json::string_view(body.data(), body.size()), error);
    if (error)
        return "the body is no JSON (" + error.message() +
               "); it is an object such as {\"keyName\":\"{slot}\"}, with {slot} within quotes";
    if (!value.is_object()) return "a body is a JSON object";
    return find_mistake_in(value.as_object());
}

}  // namespace kssedr::config
