#include "formats/writing.h"

#include "base/ascii.h"
#include "formats/percent_text.h"

namespace kssedr::formats {
namespace {

// The sign that ends what `opening` begins; NUL where it begins nothing.
char closing_of(char opening) {
    switch (opening) {
    case '"':
    case '\'': return opening;
    case '{': return '}';
    default: return '\0';
    }
}

std::optional<SecretString> read_member(std::string_view written) {
    char const closing = written.empty() ? '\0' : closing_of(written.front());
    if (closing == '\0') return SecretString::copy_of(written);
    if (written.size() < 2 || written.back() != closing) return std::nullopt;
    SecretString text;
    auto rest = written.substr(1, written.size() - 2);
    while (!rest.empty()) {
        bool const is_closing = rest.front() == closing;
        if (is_closing && (rest.size() < 2 || rest[1] != closing)) return std::nullopt;
        text.append(rest.substr(0, 1));
        rest.remove_prefix(is_closing ? 2 : 1);
    }
    return text;
}

SecretString quote_member(SecretString const& text, char opening) {
    char const closing = closing_of(opening);
    SecretString written;
    written.reserve(2 * text.size() + 2);
    written.append({&opening, 1});
    for (char const& c : text.expose()) {
        if (c == closing) written.append({&c, 1});
        written.append({&c, 1});
    }
    written.append({&closing, 1});
    return written;
}

SecretString write_member(SecretString const& text, std::string_view before) {
    if (!before.empty() && closing_of(before.front()) != '\0') return quote_member(text, before.front());
    auto const plain = text.expose();
    bool const is_plain = !plain.empty() && plain.find_first_of(";\"'{}=") == std::string_view::npos &&
                          trim(plain).size() == plain.size();
    return is_plain ? text.clone() : quote_member(text, '"');
}

std::optional<SecretString> read_keyword(std::string_view written) {
    if (written.starts_with('\'')) {
        if (written.size() < 2 || written.back() != '\'') return std::nullopt;
        written = written.substr(1, written.size() - 2);
    }
    SecretString text;
    while (!written.empty()) {
        if (written.front() == '\'') return std::nullopt;
        if (written.front() == '\\') written.remove_prefix(1);
        if (written.empty()) return std::nullopt;
        text.append(written.substr(0, 1));
        written.remove_prefix(1);
    }
    return text;
}

SecretString write_keyword(SecretString const& text, std::string_view before) {
    bool const is_quoted = before.starts_with('\'') || text.empty() ||
                           text.expose().find_first_of(" \t\r\n\v\f") != std::string_view::npos;
    SecretString written;
    written.reserve(2 * text.size() + 2);
    if (is_quoted) written.append("'");
    for (char const& c : text.expose()) {
        if (c == '\'' || c == '\\') written.append("\\");
        written.append({&c, 1});
    }
    if (is_quoted) written.append("'");
    return written;
}

}  // namespace

std::optional<SecretString> read_written(std::string_view written, Writing writing) {
    switch (writing) {
    case Writing::plain: return SecretString::copy_of(written);
    case Writing::percent: return decode_percent(written);
    case Writing::member: return read_member(written);
    case Writing::keyword: return read_keyword(written);
    }
    return std::nullopt;
}

SecretString write(SecretString const& text, Writing writing, std::string_view before) {
    switch (writing) {
    case Writing::plain: break;
    case Writing::percent: return encode_percent(text.expose());
    case Writing::member: return write_member(text, before);
    case Writing::keyword: return write_keyword(text, before);
    }
    return text.clone();
}

}  // namespace kssedr::formats
