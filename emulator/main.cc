/// kssedr-emulator: the project's local Azure. docs/emulator.md tells how to use it.

#include "async/clock.h"
#include "emulator/emulator.h"
#include "emulator/stderr_log.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json/serialize.hpp>

#include <CLI/CLI.hpp>

#include <stdlib.h>
#include <sys/prctl.h>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kssedr::emulator {
namespace {

struct Arguments {
    EmulatorOptions options;
    std::string directory;
    std::string seed_file;
    std::string now;
    bool quiet = false;
    bool with_parent = false;
};

void describe(CLI::App& app, Arguments& arguments) {
    app.description(
        "A local Azure for kssedr: Entra tokens, Key Vault secrets, Resource Manager, storage keys, Event Grid.\n\n"
        "When it is ready it prints one JSON line: its ports, the certificate to trust, and the environment that "
        "kssedr\n"
        "needs to use it. Names: login.localhost, management.localhost, graph.localhost,\n"
        "{vault}.vault.localhost, "
        "{account}.blob.storage.localhost. With HTTPS_PROXY set to the proxy port, Azure's own names work too.\n"
        "It is steered under /_emulator/ on either port:\n\n"
        "  curl http://127.0.0.1:8444/_emulator/state\n"
        "  curl -X POST http://127.0.0.1:8444/_emulator/clock -d '{\"advance\":\"P30D\"}'");
    app.add_option("--port", arguments.options.port, "TLS port; 0 takes a free one")->capture_default_str();
    app.add_option("--proxy-port", arguments.options.proxy_port, "port for CONNECT and /_emulator/; 0 takes a free one")
        ->capture_default_str();
    app.add_option("--dir", arguments.directory, "where ca.pem is written; a directory of its own without it");
    app.add_option("--seed", arguments.seed_file, "JSON file with the world to begin with (docs/emulator.md)");
    app.add_option("--now", arguments.now, "the emulated date to begin with, such as 2026-01-15T09:30:00Z");
    app.add_option("--speed", arguments.options.speed, "emulated seconds a real second; 0 stands still")
        ->check(CLI::Range(0.0, 31'536'000.0))
        ->capture_default_str();
    app.add_flag("--quiet", arguments.quiet, "no log on standard error");
    app.add_flag("--with-parent", arguments.with_parent, "end when the process that started it ends");
}

Result<void> complete(Arguments& arguments) {
    if (!arguments.now.empty()) {
        arguments.options.now = parse_rfc3339(arguments.now);
        if (!arguments.options.now)
            return fail(Errc::invalid_argument, "--now: '" + arguments.now + "' is no RFC 3339 time");
    }
    if (arguments.seed_file.empty()) return {};
    std::ifstream file(arguments.seed_file, std::ios::binary);
    if (!file) return fail(Errc::invalid_argument, "--seed: cannot read '" + arguments.seed_file + "'");
    std::string const text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    KSSEDR_TRY(arguments.options.seed, parse_json(text));
    return {};
}

/// The directory for ca.pem; one that was made up is removed again at the end.
class Directory {
public:
    static Result<Directory> open(std::string const& wanted) {
        Directory directory;
        std::error_code error;
        if (!wanted.empty()) {
            std::filesystem::create_directories(wanted, error);
            if (error) return fail(Errc::invalid_argument, "--dir: cannot make '" + wanted + "': " + error.message());
            directory.path_ = wanted;
            return directory;
        }
        auto pattern = (std::filesystem::temp_directory_path(error) / "kssedr-emulator-XXXXXX").string();
        if (error || mkdtemp(pattern.data()) == nullptr)
            return fail(Errc::unavailable, "cannot make a temporary directory; name one with --dir");
        directory.path_ = pattern;
        directory.is_ours_ = true;
        return directory;
    }
    Directory(Directory&& other) noexcept
        : path_(std::move(other.path_)), is_ours_(std::exchange(other.is_ours_, false)) {}
    Directory& operator=(Directory&&) = delete;
    ~Directory() {
        std::error_code ignored;
        if (is_ours_) std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] Result<std::string> write(std::string const& name, std::string const& text) const {
        auto const file = std::filesystem::absolute(path_) / name;
        std::ofstream out(file, std::ios::binary);
        out << text;
        out.close();
        if (!out) return fail(Errc::unavailable, "cannot write '" + file.string() + "'");
        return file.string();
    }

private:
    Directory() = default;
    std::filesystem::path path_;
    bool is_ours_ = false;
};

void say_ready(Emulator const& emulator, std::string const& ca_file) {
    json::object const line{{"event", "ready"},
                            {"port", emulator.port()},
                            {"proxyPort", emulator.proxy_port()},
                            {"caFile", ca_file},
                            {"environment", emulator.environment(ca_file)}};
    auto const text = json::serialize(line) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

Result<void> run(Arguments arguments) {
    if (arguments.with_parent) prctl(PR_SET_PDEATHSIG, SIGTERM);
    std::signal(SIGPIPE, SIG_IGN);
    KSSEDR_TRY(auto const directory, Directory::open(arguments.directory));
    asio::io_context loop(1);
    SystemClock clock;
    SystemRandom random;
    StderrLog log(arguments.quiet ? LogLevel::off : LogLevel::info);
    KSSEDR_TRY(auto const emulator,
               Emulator::open(loop.get_executor(), std::move(arguments.options), clock, random, log));
    KSSEDR_TRY(auto const ca_file, directory.write("ca.pem", emulator->ca_pem()));
    emulator->start();
    TaskGroup tasks(loop.get_executor(), [&log](std::string const& task, std::exception_ptr) {
        log.error("emulator.task_failed", {{"task", task}});
    });
    asio::signal_set signals(loop, SIGINT, SIGTERM);
    signals.async_wait([&](boost::system::error_code error, int) {
        if (!error) tasks.spawn("stop", emulator->stop());
    });
    say_ready(*emulator, ca_file);
    loop.run();
    return {};
}

}  // namespace
}  // namespace kssedr::emulator

int main(int argc, char** argv) {
    using namespace kssedr::emulator;
    CLI::App app;
    app.name("kssedr-emulator");
    Arguments arguments;
    describe(app, arguments);
    CLI11_PARSE(app, argc, argv);
    auto completed = complete(arguments);
    if (!completed) {
        std::fprintf(stderr, "kssedr-emulator: %s\n", completed.error().message().c_str());
        return 2;
    }
    try {
        auto const done = run(std::move(arguments));
        if (done) return 0;
        std::fprintf(stderr, "kssedr-emulator: %s\n", done.error().message().c_str());
        return done.error().code() == kssedr::Errc::invalid_argument ? 2 : 1;
    } catch (std::exception const& bug) {
        std::fprintf(stderr, "kssedr-emulator: bug: %s\n", bug.what());
        return 70;
    }
}
