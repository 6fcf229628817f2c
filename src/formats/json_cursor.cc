#include "formats/json_cursor.h"

#include "base/ascii.h"

#include <array>
#include <cstring>

namespace kssedr::formats {
namespace {

// What may stand in a string as it is: all but its end, an escape, and control characters.
constexpr std::array<bool, 256> make_plain() {
    std::array<bool, 256> plain{};
    for (std::size_t c = 0x20; c < 256; ++c) plain[c] = c != '"' && c != '\\';
    return plain;
}
constexpr auto plain_in_string = make_plain();

int hex_value(char c) {
    if (is_ascii_digit(c)) return c - '0';
    char const lower = to_ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The four digits of a checked \uXXXX.
std::uint32_t code_unit(std::string_view digits) {
    std::uint32_t unit = 0;
    for (char const c : digits.substr(0, 4)) unit = (unit << 4U) | static_cast<std::uint32_t>(hex_value(c));
    return unit;
}

// What one escape stands for.
struct Unescaped {
    std::size_t raw_size = 0;
    std::size_t size = 0;
    std::array<char, 4> bytes{};
};

Unescaped to_utf8(std::uint32_t c, std::size_t raw_size) {
    auto const tail = [c](unsigned shift) { return static_cast<char>(0x80U | ((c >> shift) & 0x3fU)); };
    if (c < 0x80) return {raw_size, 1, {static_cast<char>(c)}};
    if (c < 0x800) return {raw_size, 2, {static_cast<char>(0xc0U | (c >> 6U)), tail(0)}};
    if (c < 0x10000) return {raw_size, 3, {static_cast<char>(0xe0U | (c >> 12U)), tail(6), tail(0)}};
    return {raw_size, 4, {static_cast<char>(0xf0U | (c >> 18U)), tail(12), tail(6), tail(0)}};
}

// `raw` begins with the backslash of a checked escape.
Unescaped read_escape(std::string_view raw) {
    constexpr std::uint32_t replacement = 0xfffd;
    switch (raw[1]) {
    case 'b': return {2, 1, {'\b'}};
    case 'f': return {2, 1, {'\f'}};
    case 'n': return {2, 1, {'\n'}};
    case 'r': return {2, 1, {'\r'}};
    case 't': return {2, 1, {'\t'}};
    case 'u': break;
    default: return {2, 1, {raw[1]}};
    }
    std::uint32_t const unit = code_unit(raw.substr(2));
    if (unit < 0xd800 || unit > 0xdfff) return to_utf8(unit, 6);
    bool const pair_follows = unit < 0xdc00 && raw.size() >= 12 && raw[6] == '\\' && raw[7] == 'u';
    std::uint32_t const low = pair_follows ? code_unit(raw.substr(8)) : 0;
    if (low < 0xdc00 || low > 0xdfff) return to_utf8(replacement, 6);
    return to_utf8(0x10000 + ((unit - 0xd800) << 10U) + (low - 0xdc00), 12);
}

}  // namespace

std::string JsonString::text() const {
    std::string copy(raw);
    if (has_escapes) copy.resize(unescape_json(raw, copy.data()));
    return copy;
}

bool JsonString::is_named(std::string_view name) const {
    return has_escapes ? equals_ignore_case(trim(text()), name) : equals_ignore_case(trim(raw), name);
}

std::size_t unescape_json(std::string_view raw, char* out) {
    std::size_t read = 0, written = 0;
    for (;;) {
        // Short runs byte by byte, long ones as a whole: JSON inside JSON has an escape every few bytes, base64 has
        // none.
        auto const near = std::min(read + 16, raw.size());
        while (read < near && raw[read] != '\\') out[written++] = raw[read++];
        if (read == near) {
            auto const escape = std::min(raw.find('\\', read), raw.size());
            if (out + written != raw.data() + read) std::memmove(out + written, raw.data() + read, escape - read);
            written += escape - read;
            read = escape;
        }
        if (read == raw.size()) return written;
        auto const [raw_size, size, bytes] = read_escape(raw.substr(read));
        for (std::size_t i = 0; i < size; ++i) out[written++] = bytes[i];
        read += raw_size;
    }
}

std::string_view unescape_json_in_place(std::span<char> raw) {
    return {raw.data(), unescape_json({raw.data(), raw.size()}, raw.data())};
}

std::size_t raw_json_offset(std::string_view raw, std::size_t unescaped) {
    std::size_t at = 0;
    while (at < raw.size() && unescaped > 0) {
        bool const is_escape = raw[at] == '\\';
        auto const unit = is_escape ? read_escape(raw.substr(at)) : Unescaped{1, 1, {}};
        if (unit.size > unescaped) break;
        unescaped -= unit.size;
        at += unit.raw_size;
    }
    return at;
}

JsonKind JsonCursor::kind() {
    skip_blanks();
    if (has_failed() || at_ == text_.size()) return JsonKind::none;
    switch (text_[at_]) {
    case '{': return JsonKind::object;
    case '[': return JsonKind::array;
    case '"': return JsonKind::string;
    case 't':
    case 'f': return JsonKind::boolean;
    case 'n': return JsonKind::null;
    case '-': return JsonKind::number;
    default: return is_ascii_digit(text_[at_]) ? JsonKind::number : JsonKind::none;
    }
}

bool JsonCursor::enter_object() {
    return enter('{', true);
}
bool JsonCursor::enter_array() {
    return enter('[', false);
}

bool JsonCursor::enter(char opening, bool is_object) {
    if (has_failed()) return false;
    skip_blanks();
    if (!is_at(opening)) {
        fail_with(is_object ? "an object was expected" : "an array was expected");
        return false;
    }
    if (depth_ == max_depth) {
        fail_with("it is nested deeper than 64");
        return false;
    }
    std::uint64_t const bit = std::uint64_t{1} << static_cast<unsigned>(depth_);
    objects_ = is_object ? objects_ | bit : objects_ & ~bit;
    ++depth_;
    ++at_;
    fresh_ = true;
    return true;
}

// Steps over the comma before the next item, or out of the container.
bool JsonCursor::separate(char closing) {
    if (has_failed()) return false;
    skip_blanks();
    if (is_at(closing)) {
        ++at_;
        --depth_;
        fresh_ = false;
        return false;
    }
    if (!fresh_ && !is_at(',')) {
        fail_with("a comma or the end of the list is missing");
        return false;
    }
    if (!fresh_) ++at_;
    fresh_ = false;
    return true;
}

std::optional<JsonString> JsonCursor::next_member() {
    if (!separate('}')) return std::nullopt;
    skip_blanks();
    if (!is_at('"')) {
        fail_with("a member's name is missing");
        return std::nullopt;
    }
    auto const name = string_token();
    if (!name) return std::nullopt;
    skip_blanks();
    if (!is_at(':')) {
        fail_with("a colon is missing after a member's name");
        return std::nullopt;
    }
    ++at_;
    return name;
}

bool JsonCursor::next_element() {
    return separate(']');
}

std::optional<JsonString> JsonCursor::take_string() {
    if (kind() == JsonKind::string) return string_token();
    skip();
    return std::nullopt;
}

std::string_view JsonCursor::skip() {
    skip_blanks();
    auto const start = at_;
    auto const outer = depth_;
    do {
        scalar_or_enter();
        // Goes on to the next value below; containers that end are stepped out of.
        while (!has_failed() && depth_ > outer) {
            bool const another = in_object() ? next_member().has_value() : next_element();
            if (another) break;
        }
    } while (!has_failed() && depth_ > outer);
    return has_failed() ? std::string_view() : text_.substr(start, at_ - start);
}

void JsonCursor::scalar_or_enter() {
    switch (kind()) {
    case JsonKind::object: enter_object(); return;
    case JsonKind::array: enter_array(); return;
    case JsonKind::string: string_token(); return;
    case JsonKind::number: number_token(); return;
    case JsonKind::boolean: word_token(is_at('t') ? "true" : "false"); return;
    case JsonKind::null: word_token("null"); return;
    case JsonKind::none: fail_with("a value is missing"); return;
    }
}

Result<void> JsonCursor::finish() {
    skip_blanks();
    if (!has_failed() && depth_ > 0) fail_with("it was not read to its end");
    if (!has_failed() && at_ != text_.size()) fail_with("something follows its end");
    if (!has_failed()) return {};
    return fail(Errc::corrupt, "not JSON at byte " + std::to_string(at_) + ": " + why_);
}

void JsonCursor::fail_with(char const* why) {
    if (why_ == nullptr) why_ = why;
}

void JsonCursor::skip_blanks() {
    while (at_ < text_.size() && is_ascii_blank(text_[at_])) ++at_;
}

std::optional<JsonString> JsonCursor::string_token() {
    auto const start = ++at_;
    bool has_escapes = false;
    for (;;) {
        while (at_ < text_.size() && plain_in_string[static_cast<unsigned char>(text_[at_])]) ++at_;
        if (is_at('"')) return JsonString{text_.substr(start, at_++ - start), has_escapes};
        if (!is_at('\\')) {
            fail_with(at_ < text_.size() ? "a control character stands in a string" : "a string does not end");
            return std::nullopt;
        }
        has_escapes = true;
        if (!escape_token()) return std::nullopt;
    }
}

bool JsonCursor::escape_token() {
    constexpr std::string_view simple = "\"\\/bfnrt";
    char const letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    bool const is_unit = letter == 'u' && at_ + 6 <= text_.size() && hex_value(text_[at_ + 2]) >= 0 &&
                         hex_value(text_[at_ + 3]) >= 0 && hex_value(text_[at_ + 4]) >= 0 &&
                         hex_value(text_[at_ + 5]) >= 0;
    if (!is_unit && (letter == '\0' || simple.find(letter) == std::string_view::npos)) {
        fail_with("an escape is none");
        return false;
    }
    at_ += is_unit ? 6 : 2;
    return true;
}

void JsonCursor::number_token() {
    if (is_at('-')) ++at_;
    bool const leading_zero = is_at('0');
    bool whole = leading_zero;
    if (leading_zero)
        ++at_;
    else
        whole = digits();
    if (whole && is_at('.')) {
        ++at_;
        whole = digits();
    }
    if (whole && (is_at('e') || is_at('E'))) {
        ++at_;
        if (is_at('+') || is_at('-')) ++at_;
        whole = digits();
    }
    if (!whole) fail_with("a number lacks a digit");
}

bool JsonCursor::digits() {
    auto const start = at_;
    while (at_ < text_.size() && is_ascii_digit(text_[at_])) ++at_;
    return at_ > start;
}

void JsonCursor::word_token(std::string_view word) {
    if (text_.substr(at_, word.size()) != word)
        fail_with("a value is missing");
    else
        at_ += word.size();
}

}  // namespace kssedr::formats
