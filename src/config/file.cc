#include "config/file.h"

#include "base/ascii.h"

#include <fmt/format.h>

// Debian's library of it throws; in the header alone that can be switched off.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace kssedr::config {
namespace {

constexpr std::uintmax_t size_max = 1U << 20U;
constexpr std::size_t key_parts_max = 8;

constexpr std::array<std::string_view, 9> rule_members = {"vault",       "secret",       "target",  "validity", "lead",
                                                          "min_overlap", "revoke_after", "windows", "freeze"};

std::string place_of(std::string const& path, toml::node const& node) {
    return fmt::format("{}:{}", escape_for_display(path), node.source().begin.line);
}

// A list in the file is what a comma-separated value is in the environment; windows have commas of their own.
std::optional<std::string> as_text(toml::node const& node, char separator = ',') {
    if (auto const* text = node.as_string()) return text->get();
    auto const* list = node.as_array();
    if (list == nullptr) return std::nullopt;
    std::string joined;
    for (auto const& element : *list) {
        auto const* text = element.as_string();
        if (text == nullptr) return std::nullopt;
        if (!joined.empty()) joined += separator;
        joined += text->get();
    }
    return joined;
}

void read_rules(std::string const& path, toml::node const& node, FileContents& contents, Problems& problems) {
    auto const* list = node.as_array();
    if (list == nullptr || !list->is_array_of_tables()) {
        problems.push_back(place_of(path, node) + ": rule is a list of tables; write [[rule]]");
        return;
    }
    for (auto const& element : *list) {
        GivenRule rule;
        rule.where = place_of(path, element) + ", rule";
        for (auto const& [key, value] : *element.as_table()) {
            std::string const name(key.str());
            auto text = as_text(value, name == "windows" ? ';' : ',');
            if (std::ranges::find(rule_members, name) == rule_members.end()) {
                problems.push_back(
                    place_of(path, value) + ": a rule has no member \"" + escape_for_display(name) +
                    "\"; it has vault, secret, target, validity, lead, min_overlap, revoke_after, windows and freeze");
            } else if (!text) {
                problems.push_back(place_of(path, value) + ": " + name + " is to be a text in quotes");
            } else {
                rule.members[name] = *std::move(text);
            }
        }
        contents.rules.push_back(std::move(rule));
    }
}

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

FileContents read_file(std::string const& path, Problems& problems) {
    FileContents contents;
    // A directory opens and reads as nothing, a device without end: neither may pass for a file that sets nothing.
    std::error_code error;
    bool const is_file =
        std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) <= size_max;
    std::ifstream in;
    if (is_file) in.open(path, std::ios::binary);  // a pipe would not open before somebody writes to it
    std::ostringstream text;
    if (in.is_open()) text << in.rdbuf();
    if (!in.is_open() || !in) {
        problems.push_back("the configuration file " + escape_for_display(path) +
                           " can not be read; check --config and KSSEDR_CONFIG");
        return contents;
    }
    std::string const whole = text.str();
    if (auto const line = KeyDepth(whole).find_excess()) {
        problems.push_back(fmt::format("{}:{}: a key of more than {} parts; no setting has dots in its name",
                                       escape_for_display(path), *line, key_parts_max));
        return contents;
    }
    auto const parsed = toml::parse(whole, path);
    if (!parsed) {
        problems.push_back(fmt::format("{}:{}:{}: {}", escape_for_display(path), parsed.error().source().begin.line,
                                       parsed.error().source().begin.column,
                                       escape_for_display(parsed.error().description(), 300)));
        return contents;
    }
    for (auto const& [key, value] : parsed.table()) {
        std::string const name(key.str());
        if (name == "rule") {
            read_rules(path, value, contents, problems);
            continue;
        }
        auto const canonical = find_file_key(name);
        auto given = as_text(value);
        if (!canonical) {
            problems.push_back(place_of(path, value) + ": there is no setting \"" + escape_for_display(name) + "\"; " +
                               advise_on_file_key(name));
        } else if (!given) {
            problems.push_back(place_of(path, value) + ": " + name + " is to be a text in quotes, or a list of them");
        } else {
            contents.values[std::string(*canonical)] = {*std::move(given), place_of(path, value) + ", " + name};
        }
    }
    return contents;
}

}  // namespace kssedr::config
