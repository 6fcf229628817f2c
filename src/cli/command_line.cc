#include "cli/command_line.h"

#include "base/ascii.h"
#include "cli/exit_code.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <span>

namespace kssedr::cli {
namespace {

constexpr auto about =
    "Rotates the credentials kept in Azure Key Vault when they near their expiry, and breaks nobody while doing so.";

constexpr auto settings_about =
    "Settings come from the environment or a TOML file (--config); the most needed:\n"
    "  tenantId, clientId, clientSecret   who kssedr is (or AZURE_TENANT_ID, …)\n"
    "  KSSEDR_ALLOWED_TARGETS             what may be rotated: VAULT=SCOPE, …\n"
    "  KSSEDR_MODE                        rotate, observe or paused\n"
    "All settings: docs/configuration.md\n";

constexpr auto exit_codes_about =
    "Exit codes: 0 done · 1 failed, a retry may help · 2 wrong usage or configuration · 3 a person must act";

std::map<std::string, LogLevel> const levels = {{"debug", LogLevel::debug},
                                                {"info", LogLevel::info},
                                                {"warn", LogLevel::warn},
                                                {"error", LogLevel::error},
                                                {"off", LogLevel::off}};

// Options that every command takes, before its name or after.
void add_common(CLI::App& app, CommandLine& into) {
    app.add_option("--config", into.overrides.config_file, "Read settings from this TOML file (KSSEDR_CONFIG)")
        ->type_name("FILE");
    app.add_option("--ca-file", into.overrides.ca_file, "Trust this CA bundle where SSL_CERT_FILE is not set")
        ->type_name("FILE");
    app.add_option("--log-level", into.log_level, "debug, info, warn, error or off (default info)")
        ->transform(CLI::CheckedTransformer(levels, CLI::ignore_case).description(""))
        ->type_name("LEVEL");
    app.add_option_function<std::string>(
           "--log-format", [&into](std::string const& format) { into.log_as_json = format == "json"; },
           "text or json (default text)")
        ->check(CLI::IsMember({"text", "json"}).description(""))
        ->type_name("FORMAT");
    app.add_flag("--json", into.json, "Print results as JSON, one object a line");
}

// Each command's help tells also what every command takes, and how it ends: nobody has to look in two places.
void tell_common(CLI::App& command, std::string const& common) {
    auto const own = command.get_footer();
    command.footer(own + (own.empty() ? "" : "\n\n") + common);
    for (auto* sub : command.get_subcommands([](CLI::App*) { return true; })) tell_common(*sub, common);
}

std::string describe_common(CLI::App const& app) {
    std::string text = "Options of every command:\n";
    for (auto const* name : {"--config", "--ca-file", "--log-level", "--log-format", "--json"})
        text += CLI::Formatter().make_option(app.get_option(name), false);
    return text + exit_codes_about + "\nAll settings: docs/configuration.md";
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

// What stands before an `@` in a URL is a user's name and a password, and a message is no place for them.
constexpr std::string_view hidden = "(not shown, it has a user or a password in it)";

bool has_userinfo(CommandLine const& line) {
    auto const has_at = [](std::string_view text) { return text.contains('@'); };
    return has_at(line.secret_url) || std::ranges::any_of(line.vault_urls, has_at);
}

// The library quotes arguments as they came, and a script's may come from anywhere. None may move the cursor of
// whoever reads the message, or bury it.
std::string describe(CLI::ParseError const& error, std::span<char const* const> arguments) {
    constexpr std::size_t longest = 1024;
    std::string text = error.what();
    for (std::string_view argument : arguments) {
        // `--option=value` is quoted by its halves.
        auto const equals = std::min(argument.find('='), argument.size());
        for (auto const part :
             {argument, argument.substr(0, equals), argument.substr(std::min(equals + 1, argument.size()))}) {
            auto const shown = part.contains('@') ? std::string(hidden) : escape_for_display(part);
            if (shown != part) replace_all(text, part, shown);
        }
    }
    return escape_for_display(text, longest);
}

void take_since(std::string const& text, CommandLine& into) {
    into.since_ago = parse_iso_duration(text);
    into.since = parse_rfc3339(text.size() == 10 ? text + "T00:00:00Z" : text);
    if (!into.since && !into.since_ago)
        throw CLI::ValidationError(
            "--since", "\"" + text +
                           "\" is no date such as 2026-01-15 or 2026-01-15T09:30:00Z, and no ISO 8601 duration "
                           "such as P7D");
}

void add_history(CLI::App& history, CommandLine& line) {
    history.footer(
        "Every line has a hash over itself and the hash before it. With each outcome the daemon logs the hash "
        "then reached; keep some, and --verify --head HASH shows that nothing up to it was changed or "
        "removed.\nThe store is named by KSSEDR_STORE. Exit code 3: the chain is broken, or lacks HASH.\n"
        "More: docs/operations/store.md");
    history.add_option("--vault", line.vault, "Only of this vault: its name, host or URL")->type_name("VAULT");
    history.add_option("--secret", line.secret, "Only of secrets of this name")->type_name("NAME");
    history.add_option("--outcome", line.outcome, "Only of this outcome, such as rotated, refused or failed")
        ->check(CLI::IsMember({"rotated", "adopted", "repaired", "superseded", "ignored", "unmanaged", "deferred",
                               "refused", "failed"})
                    .description(""))
        ->type_name("OUTCOME");
    history
        .add_option_function<std::string>(
            "--since", [&line](std::string const& text) { take_since(text, line); },
            "From this time on: 2026-01-15, 2026-01-15T09:30:00Z, or P7D for the last seven days")
        ->type_name("TIME");
    history.add_option("--limit", line.limit, "At most so many, the newest first (default 100)")
        ->check(CLI::Range(1, 1'000'000'000).description(""))
        ->type_name("N");
    auto* verify =
        history.add_flag("--verify", line.wants_proof, "Walk along the whole chain, and say whether it is whole");
    for (auto const* const other : {"--vault", "--secret", "--outcome", "--since", "--limit"})
        verify->excludes(history.get_option(other));
    history.add_option("--head", line.head, "A hash that you kept: does it stand in the chain?")
        ->needs(verify)
        ->type_name("HASH");
}

void add_parked(CLI::App& parked, CommandLine& line) {
    parked.footer(
        "What was refused, and what failed to the last, is parked: a notice, never a stop. An entry closes itself "
        "when its secret comes to another outcome. Look its code up in docs/operations/outcomes.md.\n"
        "The store is named by KSSEDR_STORE. More: docs/operations/store.md");
    parked.require_subcommand(1);
    auto const add = [&](std::string name, Command command, std::string what) {
        auto* sub = parked.add_subcommand(std::move(name), std::move(what));
        sub->callback([&line, command] { line.command = command; });
        return sub;
    };
    add("list", Command::parked_list, "List what is parked, the oldest first");
    for (auto* const sub : {add("requeue", Command::parked_requeue,
                                "Have the daemon handle an entry's event once more, its cause mended"),
                            add("drop", Command::parked_drop, "Forget an entry")})
        sub->add_option("ID", line.parked_id, "The entry's number in the list")->required();
}

// The library says only that a command is missing, whatever stands in its place.
std::optional<std::string> describe_unknown_command(CLI::App const& app) {
    if (!app.get_subcommands().empty()) return std::nullopt;
    auto const words = app.remaining();
    auto const word = std::ranges::find_if(words, [](std::string const& one) { return !one.starts_with('-'); });
    if (word == words.end()) return std::nullopt;
    auto const commands = app.get_subcommands([](CLI::App const*) { return true; });
    auto const nearest = std::ranges::min_element(commands, {}, [&](CLI::App const* command) {
        return edit_distance(std::string_view(*word).substr(0, 64), command->get_name());
    });
    return "there is no command \"" + escape_for_display(*word) + "\"; did you mean " + (*nearest)->get_name() + "?";
}

}  // namespace

std::expected<CommandLine, int> parse_command_line(int argc, char const* const* argv) {
    CommandLine line;
    CLI::App app(about, "kssedr");
    app.require_subcommand(1);
    app.fallthrough();
    app.set_version_flag("--version", std::string("kssedr ") + KSSEDR_VERSION);
    add_common(app, line);

    auto const add = [&](std::string name, Command command, std::string what) {
        auto* sub = app.add_subcommand(std::move(name), std::move(what));
        sub->callback([&line, command] { line.command = command; });
        return sub;
    };
    add("functions", Command::functions,
        "Serve as an Azure Functions custom handler, on 127.0.0.1:FUNCTIONS_CUSTOMHANDLER_PORT");
    add("serve", Command::serve,
        "Serve as a daemon: take events from their sources, sweep by schedule, keep what was done, and answer on "
        "KSSEDR_LISTEN")
        ->footer(
            "Sources are [[source]] tables of the file, or EventHub.* settings; KSSEDR_VAULTS is swept.\n"
            "SIGHUP reads the file anew, SIGTERM ends it once what is under way is done.\n"
            "docs/daemon.md tells the rest.");
    auto* handle =
        add("handle", Command::handle, "Handle events, JSON as a source delivers it, and print one outcome an event");
    handle->add_option("FILE", line.file, "The file that holds them; - is standard input (default)");
    auto* rotate = add("rotate", Command::rotate, "Rotate a secret now, due or not, if it may be");
    rotate->add_option("SECRET_URL", line.secret_url, "https://{vault}/secrets/{name}")->required();
    rotate->add_flag("--force", line.is_forced,
                     "Rotate though frozen or outside its windows; never against policy or overlap");
    auto* compromised = rotate->add_flag("--compromised", line.is_compromised,
                                         "What it holds has leaked: replace both keys of its owner at once, move "
                                         "everybody who may be moved, and say who "
                                         "is cut off");
    rotate->add_flag("--yes", line.is_sure, "Do not ask; without it --compromised says what it would do, and exits 2")
        ->needs(compromised);
    rotate->add_flag("--dry-run", line.is_dry_run, "Judge everything, say what would be done, change nothing");
    auto* plan = add("plan", Command::plan, "Show what a sweep would do and why; changes nothing");
    plan->add_option("VAULT_URL", line.vault_urls, "https://{vault}; without any, those of KSSEDR_VAULTS");
    plan->add_option_function<std::string>(
            "--within",
            [&line](std::string const& text) {
                auto const span = parse_iso_duration(text);
                if (!span)
                    throw CLI::ValidationError("--within", "\"" + text + "\" is no ISO 8601 duration such as P30D");
                line.within = *span;
            },
            "Also what becomes due within this time, such as P30D")
        ->type_name("DURATION");
    plan->add_flag("--exit-code", line.wants_exit_code, "Exit with 10 where something would change");
    auto* sweep = add("sweep", Command::sweep, "Rotate every due secret of the vaults, and repair versions that died");
    sweep->add_option("VAULT_URL", line.vault_urls, "https://{vault}; without any, those of KSSEDR_VAULTS");
    auto* explain = add("explain", Command::explain,
                        "Show the policy in force for a secret, the evidence, and what would happen next");
    explain->add_option("SECRET_URL", line.secret_url, "https://{vault}/secrets/{name}")->required();
    auto* providers =
        add("providers", Command::providers, "List what can be rotated: type, shape, permissions, least role");
    providers->add_option("ID", line.provider, "The id of an entry; without it all");
    auto* role = providers->add_subcommand(
        "role-definition",
        "Print a custom role (JSON for az role definition create) with the permissions of the entries that the "
        "configuration uses");
    role->add_option("ID", line.role_ids, "Ids of entries; without any, those of the configured targets");
    providers->callback(
        [&line, role] { line.command = role->parsed() ? Command::role_definition : Command::providers; });
    add_history(*add("history", Command::history, "Show what was done, and whether what is told of it is whole"), line);
    add_parked(*app.add_subcommand("parked", "Show, requeue or drop what needs a person"), line);
    add("version", Command::version, "Print the version");
    for (auto* command : app.get_subcommands([](CLI::App*) { return true; }))
        tell_common(*command, describe_common(app));
    // Last, since a command takes over what is told of all when it is added.
    app.footer(std::string(settings_about) + exit_codes_about);

    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        // Help and version are no errors; everything else is wrong usage, whichever of the library's codes it has.
        if (error.get_exit_code() == 0) return (void)app.exit(error), std::unexpected(exit_done);
        auto const unknown = describe_unknown_command(app);
        auto const text = unknown ? *unknown : describe(error, std::span(argv, static_cast<std::size_t>(argc)));
        std::fprintf(stderr, "kssedr: %s\nRun with --help for more information.\n", text.c_str());
        return std::unexpected(exit_usage);
    }
    if (has_userinfo(line)) {
        std::fprintf(stderr, "kssedr: a URL %s is not taken; write it with the host alone\n", hidden.data());
        return std::unexpected(exit_usage);
    }
    return line;
}

}  // namespace kssedr::cli
