#include "config/file.h"

#include "base/ascii.h"
#include "config/toml_source.h"

#include <fmt/format.h>

// Debian's library of it throws; in the header alone that can be switched off.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <array>

namespace kssedr::config {
namespace {

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

// What a number or a truth says is text as well.
std::optional<std::string> as_plain_text(toml::node const& node, char separator = ',') {
    if (auto const* truth = node.as_boolean()) return truth->get() ? "true" : "false";
    if (auto const* number = node.as_integer()) return fmt::format("{}", number->get());
    return as_text(node, separator);
}

class TableTaker {
public:
    TableTaker(std::string const& path, std::string_view name, Problems& problems)
        : path_(path), name_(name), problems_(problems) {}

    void take(toml::node const& node, std::vector<GivenTable>& into) {
        auto const* list = node.as_array();
        if (list == nullptr || !list->is_array_of_tables()) {
            problems_.push_back(
                fmt::format("{}: {} is a list of tables; write [[{}]]", place_of(path_, node), name_, name_));
            return;
        }
        for (auto const& element : *list) {
            GivenTable table;
            table.where = where(element);
            take_members(*element.as_table(), table);
            into.push_back(std::move(table));
        }
    }

private:
    [[nodiscard]] std::string where(toml::node const& node) const { return place_of(path_, node) + ", " + name_; }

    void take_members(toml::table const& members, GivenTable& table) {
        bool const is_hook = name_ == "hook";
        for (auto const& [key, value] : members) {
            auto const* inner = is_hook && key.str() == "environment" ? value.as_table() : nullptr;
            if (inner != nullptr)
                for (auto const& [name, variable] : *inner) take_one(name.str(), variable, ',', table.environment);
            else
                take_one(key.str(), value, is_hook ? element_end : ',', table.members);
        }
    }

    void take_one(std::string_view name, toml::node const& value, char separator, GivenValues& into) {
        if (auto text = as_plain_text(value, separator))
            into[std::string(name)] = {*std::move(text), where(value)};
        else
            problems_.push_back(where(value) + ": " + escape_for_display(name) + " is to be a text in quotes");
    }

    std::string const& path_;
    std::string name_;
    Problems& problems_;
};

}  // namespace

FileContents read_file(std::string const& path, Problems& problems) {
    FileContents contents;
    auto const whole = read_toml_file(path, "the configuration file", "check --config and KSSEDR_CONFIG", problems);
    if (!whole || !is_fit_for_toml(*whole, path, problems)) return contents;
    auto const parsed = toml::parse(*whole, path);
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
        if (name == "database") {
            TableTaker(path, name, problems).take(value, contents.databases);
            continue;
        }
        if (name == "hook") {
            TableTaker(path, name, problems).take(value, contents.hooks);
            continue;
        }
        if (name == "source") {
            TableTaker(path, name, problems).take(value, contents.sources);
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
