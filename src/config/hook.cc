#include "config/hook.h"

#include "base/ascii.h"
#include "config/table_reader.h"
#include "config/trusted_path.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <set>
#include <utility>

#include <unistd.h>

namespace kssedr::config {
namespace {

using rotation::Hook;
using std::chrono::seconds;

constexpr std::array<std::string_view, 14> members = {
    "name",           "command", "url",   "timeout", "environment",   "pass_environment",
    "signing_secret", "slots",   "least", "marks",   "value_members", "connection_member",
    "hosts",          "most"};

// What kssedr itself signs in with goes to no program.
constexpr std::array<std::string_view, 8> withheld = {"AZURE",        "KSSEDR_", "IDENTITY_", "MSI_",
                                                      "clientsecret", "tenant",  "clientid",  "EventHub"};

constexpr std::size_t slots_max = 8;

class HookReader : public TableReader {
public:
    using TableReader::TableReader;

    /// The elements of a list, or the one text.
    [[nodiscard]] std::vector<std::string> list(std::string_view name) const {
        std::vector<std::string> elements;
        if (!has(name)) return elements;
        auto const whole = text(name);
        for (auto const part : split(whole, element_end)) elements.emplace_back(part);
        return elements;
    }

    void number(std::string_view name, std::size_t& into) {
        auto const given = text(name);
        if (given.empty()) return;
        auto const [end, error] = std::from_chars(given.data(), given.data() + given.size(), into);
        if (error != std::errc{} || end != given.data() + given.size() || into < 8 || into > 256)
            problem(name, std::string(name) + " is a number from 8 to 256");
    }
};

bool is_word(std::string_view text, std::string_view also) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [&](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || also.contains(c);
    });
}

void read_program(HookReader& reader, Hook& hook) {
    hook.command = reader.list("command");
    auto const& program = hook.command.front();
    if (!program.starts_with('/'))
        return reader.problem(
            "command",
            "command is a list: a program's whole path, which begins with a slash, then its "
            "arguments, as in command = [\"/opt/hooks/relay\", \"--zone\", \"eu\"]; there is no shell");
    if (auto const why = find_distrust(program))
        return reader.problem("command", "a hook's program is to be writable by its owner alone: " + *why);
    std::error_code unreadable;
    if (!std::filesystem::is_regular_file(program, unreadable) || ::access(program.c_str(), X_OK) != 0)
        reader.problem("command", escape_for_display(program, 300) + " is no file that may be run; chmod +x it");
    if (reader.has("signing_secret"))
        reader.problem("signing_secret", "signing_secret is for a hook with a url; a program needs none");
}

void read_url(HookReader& reader, Hook& hook, std::string_view vault_suffix) {
    hook.url = reader.text("url");
    auto const host = hook.url.starts_with("https://") ? std::string_view(hook.url).substr(8) : std::string_view();
    bool const is_plain =
        std::ranges::all_of(host, [](char c) { return c > ' ' && c < 0x7f && c != '@' && c != '#' && c != '\\'; });
    // Not shown: a user and a password may stand before an @.
    if (host.empty() || host.starts_with('/') || !is_plain)
        reader.problem("url", "write url = \"https://host/path\", without a user, a password and a fragment");
    for (std::string_view const name : {"environment", "pass_environment"})
        if (reader.has(name)) reader.problem(name, std::string(name) + " is for a hook with a command");
    auto secret = rotation::parse_secret_url(reader.text("signing_secret"), vault_suffix);
    if (!secret)
        reader.problem("signing_secret",
                       "write signing_secret = \"https://vault/secrets/name\": its value signs what is sent, so that "
                       "the service knows who asks" +
                           (reader.has("signing_secret") ? ": " + secret.error().message() : ""));
    else if (!secret->version.empty())
        reader.problem("signing_secret", "leave the version out: the current one is read");
    else
        hook.signing_secret = std::move(secret->secret);
}

bool is_variable_name(std::string_view name) {
    return is_word(name, "_") && !is_ascii_digit(name.front());
}

void read_environment(HookReader& reader, GivenTable const& given, Environment const& environment, Hook& hook) {
    if (reader.has("environment"))
        reader.problem("environment", "environment is a table, as in environment = { ZONE = \"eu\" }");
    for (auto const& [name, variable] : given.environment) {
        if (!is_variable_name(name) || variable.value.contains('\0'))
            reader.problem("environment", "environment: \"" + escape_for_display(name) +
                                              "\" is no name of a variable, or its value holds a NUL");
        else
            hook.environment.push_back({name, SecretString::copy_of(variable.value)});
    }
    for (auto const& name : reader.list("pass_environment")) {
        bool const is_withheld =
            std::ranges::any_of(withheld, [&](std::string_view begin) { return starts_with_ignore_case(name, begin); });
        if (!is_variable_name(name))
            reader.problem("pass_environment", "\"" + escape_for_display(name) + "\" is no name of a variable");
        else if (is_withheld)
            reader.problem("pass_environment", name + " is how kssedr itself signs in or is set, and goes to no hook");
        else if (given.environment.contains(name))
            reader.problem("pass_environment", name + " stands in environment as well");
        else if (auto const place = environment.find(name); place != environment.end())
            hook.environment.push_back({name, SecretString::copy_of(place->second)});
    }
}

void read_slots(HookReader& reader, Hook& hook) {
    if (!reader.has("slots")) return;
    hook.slots = reader.list("slots");
    bool const are_words =
        std::ranges::all_of(hook.slots, [](std::string const& slot) { return is_word(slot, "-_."); });
    bool const are_distinct = std::set(hook.slots.begin(), hook.slots.end()).size() == hook.slots.size();
    if (!are_words || !are_distinct || hook.slots.size() % 2 != 0 || hook.slots.size() > slots_max)
        reader.problem("slots",
                       "slots are two names, or more in pairs up to eight, of letters, digits and - _ .: while "
                       "applications use one of a pair, the other is made anew, as in slots = [\"blue\", \"green\"]");
}

void read_form(HookReader& reader, Hook& hook) {
    reader.number("least", hook.least);
    reader.number("most", hook.most);
    if (hook.least > hook.most) reader.problem("least", "least is more than most");
    if (reader.has("value_members")) hook.value_members = reader.list("value_members");
    hook.connection_member = reader.text("connection_member");
    // A connection string of one member would pass for a credential.
    if (!hook.connection_member.empty()) std::erase(hook.marks, '=');
    if (reader.has("marks")) hook.marks = reader.text("marks");
    bool const are_marks = std::ranges::all_of(
        hook.marks, [](char c) { return c > ' ' && c < 0x7f && !std::string_view(";:\"\\'{}[]").contains(c); });
    if (!are_marks)
        reader.problem("marks",
                       "marks are the characters of a credential besides letters and digits: printable ones of "
                       "ASCII, but for blanks, quotes, brackets, backslash, colon and semicolon, by which "
                       "forms of values are told apart");
    for (auto const& member : hook.value_members)
        if (!is_word(member, "-_."))
            reader.problem("value_members", "a member's name is made of letters, digits, - _ .");
    if (reader.has("connection_member") && !is_word(hook.connection_member, "-_. "))
        reader.problem("connection_member", "a member's name is made of letters, digits, blanks, - _ .");
    hook.hosts = reader.list("hosts");
    for (auto const& host : hook.hosts)
        if (!is_word(host, "-.:")) reader.problem("hosts", "a host is a name, with :port where it has one");
}

std::optional<rotation::OwnerId> read_name(HookReader& reader) {
    auto owner = rotation::OwnerId::parse("hook:" + reader.text("name"));
    if (owner && owner->kind() == rotation::OwnerId::Kind::hook) return *std::move(owner);
    reader.problem("name", "name is what secrets ask for as hook:name: letters, digits and hyphens");
    return std::nullopt;
}

}  // namespace

std::optional<Hook> read_hook(GivenTable const& given, Environment const& environment, std::string_view vault_suffix,
                              Problems& problems) {
    HookReader reader(given, problems);
    reader.check_names("a hook", members);
    auto owner = read_name(reader);
    if (!owner) return std::nullopt;
    Hook hook{.owner = *std::move(owner)};
    hook.where = given.where;
    if (reader.has("command") == reader.has("url")) {
        reader.problem("command", "write one of command = [\"/path/to/program\"] and url = \"https://host/path\"");
    } else if (reader.has("command")) {
        read_program(reader, hook);
        read_environment(reader, given, environment, hook);
    } else {
        read_url(reader, hook, vault_suffix);
    }
    if (reader.has("timeout")) {
        auto const span = parse_iso_duration(reader.text("timeout"));
        if (!span || *span < seconds{1} || *span >= seconds{30})
            reader.problem("timeout", "timeout is an ISO 8601 duration from PT1S to PT29S");
        else
            hook.timeout = *span;
    }
    read_slots(reader, hook);
    read_form(reader, hook);
    if (!reader.is_usable()) return std::nullopt;
    return hook;
}

}  // namespace kssedr::config
