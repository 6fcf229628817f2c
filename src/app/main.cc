// kssedr: reads the command line and the settings, makes the world, runs one command.

#include "app/functions.h"
#include "app/log_sink.h"
#include "app/process.h"
#include "app/world.h"
#include "async/run.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/handle.h"
#include "cli/printer.h"
#include "cli/rotate.h"

#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include <unistd.h>

namespace kssedr::app {
namespace {

void say(std::string_view text) {
    std::fprintf(stderr, "kssedr: %.*s\n", static_cast<int>(text.size()), text.data());
}

std::optional<std::string> read_input(std::string const& file) {
    if (file == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(in), {});
}

cli::PrinterOptions printer_options(cli::CommandLine const& line, config::Environment const& environment) {
    auto const terminal = environment.find("TERM");
    bool const color = cli::may_color(::isatty(STDOUT_FILENO) != 0, environment.contains("NO_COLOR"),
                                      terminal == environment.end() ? "dumb" : terminal->second);
    return {.json = line.json, .color = color};
}

int run_command(cli::CommandLine const& line, config::Settings settings, config::Environment const& environment) {
    using cli::Command;
    auto const options = printer_options(line, environment);
    std::string input;
    std::optional<rotation::SecretUrl> secret;
    if (line.command == Command::handle) {
        auto read = read_input(line.file);
        if (!read) return say(line.file + " can not be read"), cli::exit_usage;
        input = *std::move(read);
    } else {
        auto parsed = rotation::parse_secret_url(line.secret_url, settings.cloud.vault_suffix);
        if (!parsed) return say(parsed.error().message()), cli::exit_usage;
        secret = *std::move(parsed);
    }
    LogSink log(line.log_level, line.log_as_json ? LogFormat::json : LogFormat::text, LogStreams::all_on_stderr);
    asio::io_context loop(1);
    World world(loop.get_executor(), log, std::move(settings));
    auto const chosen = [&]() -> Task<cli::CommandResult> {
        if (line.command == Command::handle) return cli::run_handle(input, world.intake(), options);
        if (line.command == Command::rotate)
            return cli::run_rotate(line, secret->secret, world.rotator(), world.clock(), options);
        return cli::run_explain(secret->secret, world.rotator(), world.clock(), options);
    };
    auto const whole = [&]() -> Task<cli::CommandResult> {
        auto result = co_await chosen();
        co_await world.close();
        co_return result;
    };
    auto const result = kssedr::run(loop, whole());
    std::fwrite(result.output.data(), 1, result.output.size(), stdout);
    return std::fflush(stdout) == 0 ? result.exit_code : cli::exit_failed;
}

int run(int argc, char** argv) {
    auto const line = cli::parse_command_line(argc, argv);
    if (!line) return line.error();
    if (line->command == cli::Command::version) {
        std::printf(line->json ? "{\"version\":\"%s\"}\n" : "kssedr %s\n", KSSEDR_VERSION);
        return cli::exit_done;
    }
    auto const environment = config::read_environment();
    auto loaded = config::load(environment, line->overrides);
    auto problems = loaded ? config::check_identity(loaded->settings) : loaded.error();
    if (line->command == cli::Command::functions && loaded && !loaded->settings.functions_port)
        problems.emplace_back(
            "FUNCTIONS_CUSTOMHANDLER_PORT is not set; the Functions host sets it, for a trial set any free port");
    for (auto const& problem : problems) say(problem);
    if (!problems.empty()) return cli::exit_usage;

    protect_memory();
    for (auto const& warning : loaded->warnings) say("warning: " + warning);
    if (line->command == cli::Command::functions) return run_functions(*line, std::move(loaded->settings));
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
