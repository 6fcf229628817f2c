// kssedr: reads the command line and the settings, makes the world, runs one command.

#include "app/daemon.h"
#include "app/functions.h"
#include "app/input.h"
#include "app/log_sink.h"
#include "app/process.h"
#include "app/sources.h"
#include "app/store_commands.h"
#include "app/world.h"
#include "async/run.h"
#include "azure/ca_file.h"
#include "azure/client_certificate.h"
#include "azure/entra.h"
#include "base/ascii.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/handle.h"
#include "cli/printer.h"
#include "cli/providers.h"
#include "cli/rotate.h"
#include "cli/sweep.h"
#include "formats/wrapped_events.h"

#include <boost/asio/io_context.hpp>

#include <array>
#include <cstdio>
#include <exception>

#include <unistd.h>

namespace kssedr::app {
namespace {

void say(std::string_view text) {
    std::fprintf(stderr, "kssedr: %.*s\n", static_cast<int>(text.size()), text.data());
}

cli::PrinterOptions printer_options(cli::CommandLine const& line, config::Environment const& environment) {
    auto const terminal = environment.find("TERM");
    bool const color = cli::may_color(::isatty(STDOUT_FILENO) != 0, environment.contains("NO_COLOR"),
                                      terminal == environment.end() ? "dumb" : terminal->second);
    return {.json = line.json, .color = color};
}

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

bool ask(std::string_view question) {
    std::fprintf(stderr, "%.*s.\nType yes to do it: ", static_cast<int>(question.size()), question.data());
    std::array<char, 16> line{};
    if (std::fgets(line.data(), line.size(), stdin) == nullptr) return false;
    std::string_view const answer(line.data());
    return trim(answer) == "yes";
}

// What a command is about, taken from its arguments before anything is made or called.
struct Subject {
    std::string events;                       // handle
    rotation::SecretRef secret;               // rotate, explain
    std::vector<rotation::VaultHost> vaults;  // plan, sweep
};

Result<Subject> subject_of(cli::CommandLine const& line, config::Settings const& settings) {
    Subject subject;
    switch (line.command) {
    case cli::Command::handle: {
        KSSEDR_TRY(auto read, read_input(line.file));
        subject.events = formats::unwrap_events(std::move(read));
        break;
    }
    case cli::Command::plan:
    case cli::Command::sweep: {
        KSSEDR_TRY(auto vaults, cli::choose_vaults(line, settings.policy, settings.cloud.vault_suffix));
        subject.vaults = std::move(vaults);
        break;
    }
    default: {
        KSSEDR_TRY(auto parsed, rotation::parse_secret_url(line.secret_url, settings.cloud.vault_suffix));
        subject.secret = std::move(parsed.secret);
    }
    }
    return subject;
}

Task<int> run_in(World& world, cli::CommandLine const& line, Subject subject, cli::PrinterOptions options) {
    switch (line.command) {
    case cli::Command::plan:
        co_return co_await cli::run_plan(line, std::move(subject.vaults), world.planner(), print, options);
    case cli::Command::sweep:
        co_return co_await cli::run_sweep(std::move(subject.vaults), world.sweeper(), print, options);
    default: break;
    }
    cli::CommandResult result;
    if (line.command == cli::Command::handle) {
        result = co_await cli::run_handle(subject.events, world.intake(), options);
    } else if (line.command == cli::Command::rotate) {
        cli::Confirm confirm;
        if (::isatty(STDIN_FILENO) != 0) confirm = ask;
        result =
            co_await cli::run_rotate(line, std::move(subject.secret), world.rotator(), world.clock(), options, confirm);
    } else {
        result = co_await cli::run_explain(std::move(subject.secret), world.rotator(), world.clock(), options);
    }
    if (!result.complaint.empty()) say(result.complaint);
    print(result.output);
    co_return result.exit_code;
}

// Whatever the outcome, what was leased is given back.
Task<int> run_and_close(World& world, cli::CommandLine const& line, Subject subject, cli::PrinterOptions options) {
    int const code = co_await run_in(world, line, std::move(subject), options);
    co_await world.close();
    co_return code;
}

int run_command(cli::CommandLine const& line, config::Settings settings, config::Environment const& environment) {
    auto subject = subject_of(line, settings);
    if (!subject) return say(subject.error().message()), cli::exit_usage;
    LogSink log(line.log_level, line.log_as_json ? LogFormat::json : LogFormat::text, LogStreams::all_on_stderr);
    bool const has_effects = line.command == cli::Command::handle || line.command == cli::Command::sweep ||
                             (line.command == cli::Command::rotate && !line.is_dry_run);
    if (has_effects) warn_of_locks(log, settings);
    asio::io_context loop(1);
    World world(loop.get_executor(), log, std::move(settings));
    int const code =
        kssedr::run(loop, run_and_close(world, line, *std::move(subject), printer_options(line, environment)));
    return std::ferror(stdout) == 0 ? code : cli::exit_failed;
}

Result<void> check_proof(config::Identity const& identity) {
    if (identity.has_client_secret()) return {};
    if (identity.has_certificate()) {
        KSSEDR_TRY(auto const certificate,
                   azure::read_client_certificate(identity.certificate_file, identity.certificate_password));
        (void)certificate;
    } else if (identity.has_federated_token()) {
        KSSEDR_TRY(auto const token, azure::read_federated_token(identity.federated_token_file));
        (void)token;
    }
    return {};
}

// A file that cannot be used is said before anything is begun, as every other wrong setting.
config::Problems check_files(config::Settings const& settings) {
    config::Problems problems;
    if (auto const proof = check_proof(settings.identity); !proof) problems.push_back(proof.error().message());
    if (settings.ca_file.empty()) return problems;
    if (auto const trusted = azure::check_ca_file(settings.ca_file); !trusted)
        problems.push_back(trusted.error().message());
    return problems;
}

// What is known without asking anybody.
int print_catalogue(cli::CommandLine const& line, config::Settings const& settings) {
    auto const& catalogue = settings.catalogue.get();
    if (line.command == cli::Command::role_definition) {
        auto const role = cli::define_role(catalogue, settings.policy, line.role_ids);
        if (!role) return say(role.error().message()), cli::exit_usage;
        print(role->json);
        for (auto const& advice : role->advice) say(advice);
    } else if (line.provider.empty()) {
        print(cli::format_providers(catalogue, line.json));
    } else {
        auto const entry = cli::find_provider(catalogue, line.provider);
        if (!entry) return say(entry.error().message()), cli::exit_usage;
        print(cli::format_provider(**entry, line.json));
    }
    return std::ferror(stdout) == 0 ? cli::exit_done : cli::exit_failed;
}

int run(int argc, char** argv) {
    protect_memory();
    raise_descriptor_limit();
    config::forget_key_log();
    auto const line = cli::parse_command_line(argc, argv);
    if (!line) return line.error();
    if (line->command == cli::Command::version) {
        std::printf(line->json ? "{\"version\":\"%s\"}\n" : "kssedr %s\n", KSSEDR_VERSION);
        return cli::exit_done;
    }
    auto const environment = config::read_environment();
    auto loaded = config::load(environment, line->overrides);
    bool const is_about_catalogue =
        line->command == cli::Command::providers || line->command == cli::Command::role_definition;
    bool const is_about_kept = is_about_store(line->command);
    auto problems = !loaded                               ? loaded.error()
                    : is_about_catalogue || is_about_kept ? config::Problems()
                                                          : config::check_identity(loaded->settings);
    if (line->command == cli::Command::functions && loaded && !loaded->settings.functions_port)
        problems.emplace_back(
            "FUNCTIONS_CUSTOMHANDLER_PORT is not set; the Functions host sets it, for a trial set any free port");
    if (problems.empty()) problems = check_files(loaded->settings);
    if (problems.empty() && line->command == cli::Command::serve) problems = check_sources(loaded->settings.daemon);
    for (auto const& problem : problems) say(problem);
    if (!problems.empty()) return cli::exit_usage;
    if (is_about_catalogue) return print_catalogue(*line, loaded->settings);
    if (is_about_kept) {
        int const code = run_store_command(*line, loaded->settings, print, say, printer_options(*line, environment));
        return std::ferror(stdout) == 0 ? code : cli::exit_failed;
    }

    for (auto const& warning : loaded->warnings) say("warning: " + warning);
    if (line->command == cli::Command::functions) return run_functions(*line, std::move(loaded->settings));
    if (line->command == cli::Command::serve) return run_daemon(*line, std::move(loaded->settings), environment);
    return run_command(*line, std::move(loaded->settings), environment);
}

}  // namespace
}  // namespace kssedr::app

int main(int argc, char** argv) {
    try {
        return kssedr::app::run(argc, argv);
    } catch (std::exception const& error) {
        std::fprintf(stderr, "kssedr: bug: %s\n", error.what());
        return kssedr::cli::exit_failed;
    }
}
