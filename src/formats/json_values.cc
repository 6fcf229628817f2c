#include "formats/json_values.h"

namespace kssedr::formats {

SecretString unescape_json_string(std::string_view raw) {
    auto wide = SecretString::copy_of(raw);
    auto const memory = wide.expose_mutable();
    return SecretString::copy_of(unescape_json_in_place(memory));
}

SecretString find_given_name(JsonCursor object) {
    SecretString given;
    object.enter_object();
    while (auto const member = object.next_member()) {
        bool const is_name = member->is_named("name") || member->is_named("key");
        if (!is_name || object.kind() != JsonKind::string) {
            object.skip();
            continue;
        }
        if (auto const string = object.take_string()) given = SecretString::copy_of(trim(PlainText(*string).text()));
    }
    return given;
}

}  // namespace kssedr::formats
