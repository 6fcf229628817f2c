#include "formats/key_form.h"

#include "base/ascii.h"
#include "formats/base64_text.h"

#include <algorithm>

namespace kssedr::formats {
namespace {

using rotation::KeyForm;

bool is_hex_digit(char c) {
    return is_ascii_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_uuid(std::string_view text) {
    constexpr std::string_view pattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    return std::ranges::equal(text, pattern,
                              [](char c, char wanted) { return wanted == 'x' ? is_hex_digit(c) : c == '-'; });
}

bool has_form(std::string_view text, KeyForm const& form) {
    auto const is_sized = [&](std::size_t size) { return form.least <= size && size <= form.most; };
    if (form.kind == KeyForm::Kind::base64) {
        auto const size = base64_decoded_size(text);
        return size && is_sized(*size);
    }
    if (!is_sized(text.size())) return false;
    if (form.kind == KeyForm::Kind::text && !form.may_be_uuid && is_uuid(text)) return false;
    if (form.kind == KeyForm::Kind::hex) return std::ranges::all_of(text, is_hex_digit);
    // Where it begins with a host or a name, others write that in another case.
    auto const begins = text.substr(0, form.begins.size());
    return equals_ignore_case(begins, form.begins) && std::ranges::all_of(text.substr(form.begins.size()), [&](char c) {
               return is_ascii_letter(c) || is_ascii_digit(c) || form.with.contains(c);
           });
}

}  // namespace

bool has_key_form(std::string_view text, std::span<KeyForm const> forms) {
    return !text.empty() && std::ranges::any_of(forms, [&](KeyForm const& form) { return has_form(text, form); });
}

}  // namespace kssedr::formats
