#include "config/catalogue.h"

#include "base/ascii.h"
#include "base/check.h"
#include "config/toml_source.h"

#include <fmt/format.h>

// Debian's library of it throws; in the header alone that can be switched off.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

namespace kssedr::config {
namespace {

using rotation::CatalogueEntry;

constexpr std::array<std::string_view, 26> entry_members = {
    "id",    "like",        "title", "type",       "shape", "reason",  "instead",      "permissions", "role",
    "notes", "api_version", "list",  "regenerate", "body",  "answer",  "long_running", "policies",    "slots",
    "keys",  "connection",  "urls",  "hosts",      "trial", "made_in", "trials",       "endpoint"};
constexpr std::array<std::string_view, 6> slot_members = {"name", "asks", "asks_for", "value", "made", "pair"};
constexpr std::array<std::string_view, 4> trial_members = {"call", "proof", "accepted", "rejected"};
constexpr std::array<std::string_view, 5> key_members = {"base64", "hex", "text", "begins", "with"};
constexpr std::array<std::string_view, 7> connection_members = {"key",     "separator", "owner",  "needs",
                                                                "members", "endpoints", "foreign"};

std::string list_of(std::span<std::string_view const> words) {
    std::string text;
    for (auto const word : words) text += (text.empty() ? "" : ", ") + std::string(word);
    return text;
}

// `60-300` or `84`.
bool parse_range(std::string_view text, std::size_t& least, std::size_t& most) {
    auto const dash = std::min(text.find('-'), text.size());
    auto const number = [](std::string_view digits, std::size_t& into) {
        auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into);
        return !digits.empty() && error == std::errc{} && end == digits.data() + digits.size();
    };
    if (!number(text.substr(0, dash), least)) return false;
    if (dash != text.size()) return number(text.substr(dash + 1), most);
    most = least;
    return true;
}

// `POST listKeys`; the path may be empty.
rotation::EntryCall parse_call(std::string_view text) {
    auto const blank = std::min(text.find(' '), text.size());
    return {std::string(text.substr(0, blank)), std::string(trim(text.substr(blank))), {}};
}

// `mongodb://{name}:{key}@` or `https://?code={key}`; nothing where it is neither.
std::optional<rotation::UrlForm> parse_url_form(std::string_view text) {
    auto const slashes = text.find("://");
    if (slashes == std::string_view::npos || slashes == 0) return std::nullopt;
    rotation::UrlForm form;
    form.scheme = text.substr(0, slashes);
    auto const rest = text.substr(slashes + 3);
    constexpr std::string_view as_password = ":{key}@", as_query = "={key}";
    if (rest.ends_with(as_password)) {
        form.user = rest.substr(0, rest.size() - as_password.size());
        return form;
    }
    if (!rest.starts_with('?') || !rest.ends_with(as_query)) return std::nullopt;
    form.query_member = rest.substr(1, rest.size() - 1 - as_query.size());
    if (form.query_member.empty()) return std::nullopt;
    return form;
}

/// Reads the members of one table; what is wrong goes to the problems, with the line.
class TableReader {
public:
    TableReader(toml::table const& table, std::string const& path, std::string what, Problems& problems)
        : table_(table), path_(path), what_(std::move(what)), problems_(problems) {}

    void check_names(std::span<std::string_view const> known) {
        for (auto const& [key, value] : table_)
            if (std::ranges::find(known, std::string_view(key.str())) == known.end())
                problem(value, "it has no member \"" + escape_for_display(key.str()) + "\"; its members are " +
                                   list_of(known));
    }

    [[nodiscard]] toml::node const* find(std::string_view name) const { return table_.get(name); }

    void take(std::string_view name, std::string& into) {
        auto const* node = find(name);
        if (node == nullptr) return;
        if (auto const* text = node->as_string())
            into = text->get();
        else
            problem(*node, std::string(name) + " is to be a text in quotes");
    }
    void take(std::string_view name, bool& into) {
        auto const* node = find(name);
        if (node == nullptr) return;
        if (auto const* truth = node->as_boolean())
            into = truth->get();
        else
            problem(*node, std::string(name) + " is to be true or false");
    }
    void take(std::string_view name, std::vector<std::string>& into) {
        auto const* node = find(name);
        if (node == nullptr) return;
        into.clear();
        auto const* list = node->as_array();
        bool is_right = list != nullptr;
        for (std::size_t i = 0; is_right && i < list->size(); ++i) {
            auto const* text = list->get(i)->as_string();
            is_right = text != nullptr;
            if (is_right) into.push_back(text->get());
        }
        if (!is_right) problem(*node, std::string(name) + " is to be a list of texts in quotes");
    }
    void take(std::string_view name, std::vector<long>& into) {
        auto const* node = find(name);
        if (node == nullptr) return;
        into.clear();
        auto const* list = node->as_array();
        if (list == nullptr || (!list->empty() && !list->is_homogeneous(toml::node_type::integer)))
            return problem(*node, std::string(name) + " is to be a list of numbers");
        for (auto const& element : *list) into.push_back(element.as_integer()->get());
    }
    /// Calls `take_one` for each table of a list.
    void take_tables(std::string_view name, std::function<void(toml::table const&)> const& take_one) {
        auto const* node = find(name);
        if (node == nullptr) return;
        auto const* list = node->as_array();
        if (list == nullptr || (!list->empty() && !list->is_homogeneous(toml::node_type::table)))
            return problem(*node, std::string(name) + " is to be a list of tables");
        for (auto const& element : *list) take_one(*element.as_table());
    }

    void problem(toml::node const& node, std::string const& why) {
        problems_.push_back(
            fmt::format("{}:{}: {}: {}", escape_for_display(path_), node.source().begin.line, what_, why));
    }
    /// About a member, where it is written here; else about the table.
    void problem(std::string_view member, std::string const& why) {
        auto const* node = find(member);
        problem(node == nullptr ? static_cast<toml::node const&>(table_) : *node, why);
    }
    [[nodiscard]] TableReader below(toml::table const& table) const { return {table, path_, what_, problems_}; }

private:
    toml::table const& table_;
    std::string const& path_;
    std::string what_;
    Problems& problems_;
};

void take_slots(TableReader& reader, CatalogueEntry& entry) {
    if (reader.find("slots") != nullptr) entry.slots.clear();
    reader.take_tables("slots", [&](toml::table const& table) {
        auto below = reader.below(table);
        below.check_names(slot_members);
        auto& slot = entry.slots.emplace_back();
        below.take("name", slot.name);
        slot.asks = slot.name;
        below.take("asks", slot.asks);
        below.take("asks_for", slot.asks_for);
        below.take("value", slot.value);
        below.take("made", slot.made);
        below.take("pair", slot.pair);
    });
}

// The size of a form: a number, or a text with a range.
bool take_size(toml::node const& node, rotation::KeyForm& form) {
    if (auto const* number = node.as_integer()) {
        if (number->get() < 0) return false;
        form.least = form.most = static_cast<std::size_t>(number->get());
        return true;
    }
    auto const* text = node.as_string();
    return text != nullptr && parse_range(text->get(), form.least, form.most);
}

void take_keys(TableReader& reader, CatalogueEntry& entry) {
    if (reader.find("keys") != nullptr) entry.keys.clear();
    reader.take_tables("keys", [&](toml::table const& table) {
        auto below = reader.below(table);
        below.check_names(key_members);
        auto& form = entry.keys.emplace_back();
        int kinds = 0;
        using Kind = rotation::KeyForm::Kind;
        for (auto const& [name, kind] :
             {std::pair{"base64", Kind::base64}, std::pair{"hex", Kind::hex}, std::pair{"text", Kind::text}}) {
            auto const* node = below.find(name);
            if (node == nullptr) continue;
            ++kinds;
            form.kind = kind;
            if (!take_size(*node, form))
                below.problem(*node, std::string(name) + " is to be a number, or a range such as \"32-52\"");
        }
        if (kinds != 1) below.problem("", "a form of a key is one of base64, hex and text");
        below.take("begins", form.begins);
        below.take("with", form.with);
    });
}

void take_connection(TableReader& reader, CatalogueEntry& entry) {
    auto const* node = reader.find("connection");
    if (node == nullptr) return;
    auto const* table = node->as_table();
    if (table == nullptr) return reader.problem(*node, "connection is to be a table");
    auto below = reader.below(*table);
    below.check_names(connection_members);
    auto& connection = entry.connection.emplace();
    below.take("key", connection.key);
    below.take("owner", connection.owner);
    below.take("needs", connection.needs);
    below.take("endpoints", connection.endpoints);
    below.take("foreign", connection.foreign);
    std::string separator = ";";
    below.take("separator", separator);
    if (separator != ";" && separator != ",") below.problem("separator", "the separator is ; or ,");
    connection.separator = separator.empty() ? ';' : separator.front();
    auto const* members = below.find("members");
    if (members == nullptr) return;
    if (members->as_table() == nullptr) return below.problem(*members, "members is to be a table");
    for (auto const& [key, value] : *members->as_table()) {
        std::string text;
        below.below(*members->as_table()).take(key.str(), text);
        connection.members.push_back({std::string(key.str()), std::move(text)});
    }
}

void take_hosts(TableReader& reader, CatalogueEntry& entry) {
    auto const* node = reader.find("hosts");
    if (node == nullptr) return;
    entry.hosts.clear();
    auto const* table = node->as_table();
    if (table == nullptr) return reader.problem(*node, "hosts is to be a table of lists, one a cloud");
    auto below = reader.below(*table);
    for (auto const& [key, value] : *table) {
        std::string const cloud(key.str());
        if (!rotation::find_cloud(cloud)) {
            below.problem(value, "there is no cloud \"" + escape_for_display(cloud) +
                                     "\"; the clouds are public, usgovernment and china");
            continue;
        }
        below.take(cloud, entry.hosts[cloud]);
    }
}

void take_calls(TableReader& reader, CatalogueEntry& entry) {
    std::string list, regenerate, answer;
    reader.take("list", list);
    reader.take("regenerate", regenerate);
    if (!list.empty()) entry.list = parse_call(list);
    if (!regenerate.empty()) {
        auto body = std::move(entry.regenerate.body);
        entry.regenerate = parse_call(regenerate);
        entry.regenerate.body = std::move(body);
    }
    reader.take("body", entry.regenerate.body);
    reader.take("long_running", entry.is_long_running);
    reader.take("policies", entry.policies);
    std::string made_in;
    reader.take("made_in", made_in);
    if (made_in == "resource" || made_in == "listing")
        entry.is_made_in_resource = made_in == "resource";
    else if (!made_in.empty())
        reader.problem("made_in", "made_in is listing or resource");
    reader.take("answer", answer);
    if (answer == "keys" || answer == "nothing")
        entry.answer = answer == "keys" ? rotation::RegenerateAnswer::keys : rotation::RegenerateAnswer::nothing;
    else if (!answer.empty())
        reader.problem("answer", "the answer is keys or nothing");
}

void take_urls(TableReader& reader, CatalogueEntry& entry) {
    std::vector<std::string> urls;
    reader.take("urls", urls);
    if (reader.find("urls") != nullptr) entry.urls.clear();
    for (auto const& text : urls) {
        auto form = parse_url_form(text);
        if (!form)
            reader.problem("urls", '"' + escape_for_display(text) +
                                       "\" is neither scheme://user:{key}@ nor scheme://?member={key}");
        else
            entry.urls.push_back(*std::move(form));
    }
}

void take_trials(TableReader& reader, CatalogueEntry& entry) {
    reader.take("trial", entry.trial);
    reader.take("endpoint", entry.endpoint);
    if (reader.find("trials") != nullptr) entry.trials.clear();
    reader.take_tables("trials", [&](toml::table const& table) {
        auto below = reader.below(table);
        below.check_names(trial_members);
        auto& trial = entry.trials.emplace_back();
        std::string call, proof;
        below.take("call", call);
        below.take("proof", proof);
        below.take("accepted", trial.accepted);
        below.take("rejected", trial.rejected);
        auto [method, target, body] = parse_call(call);
        trial.method = std::move(method);
        trial.target = std::move(target);
        auto const blank = std::min(proof.find(' '), proof.size());
        auto const known = rotation::parse_key_proof(std::string_view(proof).substr(0, blank));
        if (!known)
            below.problem("proof", "the proof is basic, bearer, hmac, hmac-with-id, cosmos, or header and its name");
        trial.proof = known.value_or(trial.proof);
        trial.header = trim(std::string_view(proof).substr(blank));
    });
}

void take_rest(TableReader& reader, CatalogueEntry& entry) {
    std::string shape;
    reader.take("title", entry.title);
    reader.take("type", entry.type);
    reader.take("shape", shape);
    if (auto const known = rotation::parse_entry_shape(shape))
        entry.shape = *known;
    else if (!shape.empty())
        reader.problem("shape",
                       "there is no shape \"" + escape_for_display(shape) + "\" (docs/providers.md lists them)");
    reader.take("reason", entry.reason);
    reader.take("instead", entry.instead);
    reader.take("permissions", entry.permissions);
    reader.take("role", entry.role);
    reader.take("notes", entry.notes);
    reader.take("api_version", entry.api_version);
}

/// Reads the entries of one text.
class CatalogueReader {
public:
    CatalogueReader(std::string const& path, std::vector<CatalogueEntry>& entries, Problems& problems)
        : path_(path), entries_(entries), problems_(problems) {}

    void read(toml::table const& root) {
        TableReader top(root, path_, "the catalogue", problems_);
        constexpr std::array<std::string_view, 1> known = {"entry"};
        top.check_names(known);
        top.take_tables("entry", [&](toml::table const& table) { read_entry(table); });
    }

private:
    void read_entry(toml::table const& table) {
        std::string id, like;
        TableReader nameless(table, path_, "an entry", problems_);
        nameless.take("id", id);
        bool const is_plain = !id.empty() && std::ranges::all_of(id, [](char c) {
            return is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '.' || c == '_';
        });
        if (!is_plain) return nameless.problem("id", "an id is there and has letters, digits, hyphens and dots");
        TableReader reader(table, path_, "entry " + id, problems_);
        if (std::ranges::find(read_here_, id) != read_here_.end())
            return reader.problem("id", "another entry of this file has the same id");
        reader.check_names(entry_members);
        auto const before = problems_.size();
        CatalogueEntry entry;
        reader.take("like", like);
        if (!like.empty()) {
            auto const model = std::ranges::find(entries_, like, &CatalogueEntry::id);
            if (model == entries_.end())
                return reader.problem("like",
                                      "no entry before this one has the id \"" + escape_for_display(like) + '"');
            entry = *model;
        }
        entry.id = id;
        take_rest(reader, entry);
        take_calls(reader, entry);
        take_slots(reader, entry);
        take_keys(reader, entry);
        take_connection(reader, entry);
        take_urls(reader, entry);
        take_hosts(reader, entry);
        take_trials(reader, entry);
        if (problems_.size() == before)
            for (auto const& [member, why] : find_contradictions(entry)) reader.problem(member, why);
        keep(reader, std::move(entry));
    }

    void keep(TableReader& reader, CatalogueEntry entry) {
        read_here_.push_back(entry.id);
        for (auto const& other : entries_)
            if (entry.has_slots() && other.has_slots() && other.id != entry.id &&
                equals_ignore_case(other.type, entry.type))
                reader.problem("type", "entry " + other.id + " is for this type already");
        auto const place = std::ranges::find(entries_, entry.id, &CatalogueEntry::id);
        if (place == entries_.end())
            entries_.push_back(std::move(entry));
        else
            *place = std::move(entry);
    }

    std::string const& path_;
    std::vector<CatalogueEntry>& entries_;
    Problems& problems_;
    std::vector<std::string> read_here_;
};

}  // namespace

void read_catalogue(std::string_view text, std::string const& path, std::vector<CatalogueEntry>& entries,
                    Problems& problems) {
    if (!is_fit_for_toml(text, path, problems)) return;
    auto const parsed = toml::parse(text, path);
    if (!parsed) {
        auto const& begin = parsed.error().source().begin;
        problems.push_back(fmt::format("{}:{}:{}: {}", escape_for_display(path), begin.line, begin.column,
                                       escape_for_display(parsed.error().description(), 300)));
        return;
    }
    CatalogueReader(path, entries, problems).read(parsed.table());
}

rotation::Catalogue read_built_in_catalogue() {
    Problems problems;
    auto catalogue = load_catalogue({}, problems);
    KSSEDR_CHECK(problems.empty(), "the built-in catalogue is wrong; a test of it was not run");
    return catalogue;
}

rotation::Catalogue load_catalogue(std::string const& file, Problems& problems) {
    std::vector<CatalogueEntry> entries;
    read_catalogue(built_in_catalogue(), "the built-in catalogue", entries, problems);
    if (!file.empty()) {
        auto const text =
            read_toml_file(file, "the catalogue", "check `catalogue` in the file and KSSEDR_CATALOGUE", problems);
        if (text) read_catalogue(*text, file, entries, problems);
    }
    return rotation::Catalogue(std::move(entries));
}

}  // namespace kssedr::config
