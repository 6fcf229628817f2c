/// JsonCursor: walks JSON text where it lies, one value after another.
///
/// It serves two readers that a document tree would not: the Functions host's envelope, which weighs up to 140 MB and
/// is taken apart inside its own memory, and the values of secrets, of which no copy may be made. It gives views into
/// the text and allocates nothing.
///
/// Strict (RFC 8259): no comments, no trailing commas, no control characters inside strings (they must be escaped), no
/// numbers such as `01` or `.5`, nothing after the end. Two decisions that the RFC leaves open: containers may be
/// nested 64 deep, and bytes above 0x7f are passed on as they are (what is shown or written later is repaired there).
/// Duplicate member names are all shown; readers take the last.
///
/// A failure sticks: every later call gives nothing, so that loops end by themselves, and `finish()` says what was
/// wrong. Linear in the text; the stack does not grow with it.

#pragma once

#include "base/error.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kssedr::formats {

enum class JsonKind : std::uint8_t { object, array, string, number, boolean, null, none };

/// A string as it stands between its quotes: checked, not unescaped.
struct JsonString {
    std::string_view raw;
    bool has_escapes = false;

    /// A copy, unescaped.
    [[nodiscard]] std::string text() const;
    /// Whether this is that name, but for the case of letters and blanks at the ends.
    [[nodiscard]] bool is_named(std::string_view name) const;
};

/// Unescapes what stands between the quotes of a checked string. `out` may be the raw text's own memory, since no
/// escape is shorter than what it stands for; it needs room for `raw.size()` bytes. A surrogate without its other half
/// becomes U+FFFD. The number of bytes written.
std::size_t unescape_json(std::string_view raw, char* out);
[[nodiscard]] std::string_view unescape_json_in_place(std::span<char> raw);

/// Where in `raw` the byte stands that is byte `unescaped` of the unescaped text; the start of its escape where it is
/// escaped.
[[nodiscard]] std::size_t raw_json_offset(std::string_view raw, std::size_t unescaped);

class JsonCursor {
public:
    static constexpr int max_depth = 64;

    explicit JsonCursor(std::string_view text) : text_(text) {}

    /// What the value ahead is, by its first character.
    [[nodiscard]] JsonKind kind();

    /// Steps into the value ahead. False where it is something else, which is then a failure.
    bool enter_object();
    bool enter_array();
    /// In an object: the next member's name; its value lies ahead and must be taken or skipped. Nothing at the object's
    /// end, which is stepped out of.
    [[nodiscard]] std::optional<JsonString> next_member();
    /// In an array: whether another element lies ahead. False at the array's end, which is stepped out of.
    [[nodiscard]] bool next_element();

    /// Takes the value ahead; nothing where it is no string.
    std::optional<JsonString> take_string();
    /// Takes the value ahead, whatever it is: its text from its first character to its last.
    std::string_view skip();

    [[nodiscard]] bool has_failed() const { return why_ != nullptr; }
    /// Ends the walk: `corrupt` where anything was wrong, or something follows.
    [[nodiscard]] Result<void> finish();

private:
    void fail_with(char const* why);
    void skip_blanks();
    bool is_at(char c) const { return at_ < text_.size() && text_[at_] == c; }
    bool enter(char opening, bool is_object);
    bool separate(char closing);
    bool in_object() const { return ((objects_ >> static_cast<unsigned>(depth_ - 1)) & 1U) != 0; }
    std::optional<JsonString> string_token();
    bool escape_token();
    void number_token();
    bool digits();
    void word_token(std::string_view word);
    void scalar_or_enter();

    std::string_view text_;
    std::size_t at_ = 0;
    int depth_ = 0;
    std::uint64_t objects_ = 0;  // bit d: the container at depth d + 1 is an object
    bool fresh_ = false;         // just stepped into a container: no comma stands before what comes next
    char const* why_ = nullptr;
};

}  // namespace kssedr::formats
