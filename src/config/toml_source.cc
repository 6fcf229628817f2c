#include "config/toml_source.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace kssedr::config {
namespace {

constexpr std::uintmax_t size_max = 1U << 20U;
constexpr std::size_t key_parts_max = 8;

/// Finds a key of too many parts. toml++ makes a table of each part and takes tables apart by recursion, so `a.a.a…`
/// for a few hundred kilobytes would take the whole stack; its own limit is for brackets alone.
class KeyDepth {
public:
    explicit KeyDepth(std::string_view text) : rest_(text) {}

    /// The line of the first one; nothing where there is none.
    std::optional<std::size_t> find_excess() {
        std::size_t dots = 0;
        while (!rest_.empty()) {
            char const c = rest_.front();
            if (c == '"' || c == '\'') {
                skip_text(c);
                continue;
            }
            if (c == '#') {
                rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
                continue;
            }
            if (c == '.' && ++dots >= key_parts_max) return line_;
            // A key ends with its line, at its value or with its table's name.
            if (std::string_view("\n=,[]{}").contains(c)) dots = 0;
            take(1);
        }
        return std::nullopt;
    }

private:
    void take(std::size_t count) {
        line_ += static_cast<std::size_t>(std::ranges::count(rest_.substr(0, count), '\n'));
        rest_.remove_prefix(std::min(count, rest_.size()));
    }

    /// To behind a text in quotes; one of a single line that does not end there is an error that toml++ finds.
    void skip_text(char quote) {
        std::string const three(3, quote);
        bool const is_long = rest_.starts_with(three);
        take(is_long ? 3 : 1);
        while (!rest_.empty()) {
            if (!is_long && rest_.front() == '\n') return;
            if (rest_.front() == '\\' && quote == '"') {
                take(2);
                continue;
            }
            bool const ends = is_long ? rest_.starts_with(three) : rest_.front() == quote;
            take(ends && is_long ? 3 : 1);
            if (!ends) continue;
            // Up to two quotes before the closing three belong to the text.
            for (int i = 0; is_long && i < 2 && rest_.starts_with(quote); ++i) take(1);
            return;
        }
    }

    std::string_view rest_;
    std::size_t line_ = 1;
};

}  // namespace

std::optional<std::string> read_toml_file(std::string const& path, std::string_view what, std::string_view cure,
                                          Problems& problems) {
    // A directory opens and reads as nothing, a device without end: neither may pass for a file that sets nothing.
    std::error_code error;
    bool const is_file =
        std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) <= size_max;
    std::ifstream in;
    if (is_file) in.open(path, std::ios::binary);  // a pipe would not open before somebody writes to it
    std::ostringstream text;
    if (in.is_open()) text << in.rdbuf();
    if (in.is_open() && in) return text.str();
    problems.push_back(fmt::format("{} {} can not be read; {}", what, escape_for_display(path), cure));
    return std::nullopt;
}

bool is_fit_for_toml(std::string_view text, std::string_view path, Problems& problems) {
    auto const line = KeyDepth(text).find_excess();
    if (!line) return true;
    problems.push_back(fmt::format("{}:{}: a key of more than {} parts; no setting has dots in its name",
                                   escape_for_display(path), *line, key_parts_max));
    return false;
}

}  // namespace kssedr::config
