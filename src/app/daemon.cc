#include "app/daemon.h"

#include "app/doors.h"
#include "app/generation.h"
#include "app/log_sink.h"
#include "app/notify.h"
#include "app/process.h"
#include "cli/exit_code.h"
#include "listen/http_server.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

namespace kssedr::app {
namespace {

constexpr std::uint64_t body_limit = 1U << 20U;  // Event Grid sends no more
// Each may hold a body while it is being stored.
constexpr std::size_t connections_max = 128;
constexpr Duration look_at_file_every = std::chrono::seconds{5};
constexpr Duration tell_watchdog_every = std::chrono::seconds{20};
constexpr Duration forget_every = std::chrono::hours{24};
// Whoever wants to write waits behind it.
constexpr Duration longest_forgetting = std::chrono::seconds{30};

// The process ends here: whatever is still under way is found again by evidence, as after a kill.
[[noreturn]] void end(int code) {
    std::fflush(stdout);
    std::_Exit(code);
}

std::string find_text(config::Environment const& environment, std::string_view name) {
    auto const place = environment.find(name);
    return place == environment.end() ? std::string() : place->second;
}

std::string configuration_file(cli::CommandLine const& line, config::Environment const& environment) {
    auto const& given = line.overrides.config_file;
    return given.empty() ? find_text(environment, "KSSEDR_CONFIG") : given;
}

/// Whether a file has another content than when it was last asked, as far as its time and size tell.
class FileWatch {
public:
    explicit FileWatch(std::string path) : path_(std::move(path)), seen_(look()) {}

    bool has_changed() {
        auto const now = look();
        return now && std::exchange(seen_, now) != now;
    }

private:
    using Seen = std::pair<std::filesystem::file_time_type, std::uintmax_t>;

    [[nodiscard]] std::optional<Seen> look() const {
        std::error_code error;
        auto const written = std::filesystem::last_write_time(path_, error);
        auto const size = error ? 0 : std::filesystem::file_size(path_, error);
        if (error) return std::nullopt;
        return Seen{written, size};
    }

    std::string path_;
    std::optional<Seen> seen_;
};

class Daemon {
public:
    Daemon(asio::io_context& loop, Log& log, cli::CommandLine const& line, config::Environment const& environment,
           store::Store& store, config::Settings settings)
        : loop_(loop),
          log_(log),
          line_(line),
          environment_(environment),
          store_(store),
          notifier_(find_text(environment, "NOTIFY_SOCKET")),
          file_(configuration_file(line, environment)),
          listens_at_(settings.daemon.listen_address, settings.daemon.listen_port),
          store_location_(settings.store_location),
          stop_grace_(settings.daemon.stop_grace),
          retention_(settings.history_retention),
          metrics_(clock_, metrics_options(settings)),
          doors_(loop.get_executor(), generation_, store, metrics_, log, settings),
          tasks_(loop.get_executor(), [](std::string const& task, std::exception_ptr) {
              std::fprintf(stderr, "kssedr: bug: the task %s threw\n", task.c_str());
              end(cli::exit_failed);
          }) {
        generation_ = std::make_unique<Generation>(loop.get_executor(), log, std::move(settings), store, metrics_);
    }

    /// Serves until a signal ends the process. `unavailable` where the address is taken.
    Result<void> start(listen::ServerOptions options);

private:
    Task<void> end_when_asked();
    Task<void> stop();
    Task<void> reload_when_asked();
    Task<void> reload();
    [[nodiscard]] std::vector<std::string> check_what_stays(config::Settings const& settings) const;
    Task<void> watch_file();
    Task<void> feed_watchdog();
    Task<void> forget();

    asio::io_context& loop_;
    Log& log_;
    cli::CommandLine const& line_;
    config::Environment const& environment_;
    store::Store& store_;
    SystemClock clock_;
    ServiceNotifier notifier_;
    FileWatch file_;
    std::pair<std::string, std::uint16_t> listens_at_;
    std::string store_location_;
    Duration stop_grace_;
    Duration retention_;
    Waiters file_changed_;
    server::ServerMetrics metrics_;
    std::unique_ptr<Generation> generation_;
    Doors doors_;
    std::unique_ptr<listen::HttpServer> server_;
    TaskGroup tasks_;
};

Result<void> Daemon::start(listen::ServerOptions options) {
    KSSEDR_TRY(server_, listen::HttpServer::open(loop_.get_executor(), options, doors_.handler(), log_));
    server_->start();
    generation_->start();
    doors_.start();
    log_.info("serve.listening", {{"address", fmt::format("{}:{}", options.address, server_->port())},
                                  {"mode", std::string(to_string(generation_->world().rotator().policy().mode))},
                                  {"version", KSSEDR_VERSION}});
    notifier_.tell("READY=1");
    tasks_.spawn("signals", end_when_asked());
    tasks_.spawn("reload", reload_when_asked());
    tasks_.spawn("file", watch_file());
    tasks_.spawn("watchdog", feed_watchdog());
    tasks_.spawn("retention", forget());
    return {};
}

// Whoever asks twice, or waits longer than the grace, is heeded at once: a kill loses nothing.
Task<void> Daemon::end_when_asked() {
    using namespace asio::experimental::awaitable_operators;
    asio::signal_set ending(loop_, SIGTERM, SIGINT);
    co_await ending.async_wait(asio::use_awaitable);
    log_.info("serve.stopping", {});
    notifier_.tell("STOPPING=1");
    auto const first = co_await (stop() || clock_.sleep_for(stop_grace_) || ending.async_wait(asio::use_awaitable));
    if (first.index() != 0) log_.warn("serve.cut_off", {});
    end(cli::exit_done);
}

Task<void> Daemon::stop() {
    co_await doors_.close();
    co_await generation_->end(Generation::Afterwards::the_process_ends);
    co_await server_->stop(std::chrono::seconds{2});
    co_await store_.close();
}

Task<void> Daemon::reload_when_asked() {
    using namespace asio::experimental::awaitable_operators;
    asio::signal_set hangup(loop_, SIGHUP);
    for (;;) {
        co_await (hangup.async_wait(asio::use_awaitable) || file_changed_.wait());
        co_await reload();
    }
}

// A server that listens and a store that is open are those of the start.
std::vector<std::string> Daemon::check_what_stays(config::Settings const& settings) const {
    std::vector<std::string> problems;
    auto const& daemon = settings.daemon;
    if (std::pair(daemon.listen_address, daemon.listen_port) != listens_at_)
        problems.emplace_back("KSSEDR_LISTEN: another address holds only after a restart");
    if (settings.store_location != store_location_)
        problems.emplace_back("KSSEDR_STORE: another store holds only after a restart");
    return problems;
}

// Whole, or not at all.
Task<void> Daemon::reload() {
    auto loaded = config::load(environment_, line_.overrides);
    auto problems = loaded ? config::check_identity(loaded->settings) : loaded.error();
    if (problems.empty()) problems = check_sources(loaded->settings.daemon);
    if (problems.empty()) problems = check_what_stays(loaded->settings);
    for (auto const& problem : problems) log_.error("serve.reload_refused", {{"why", problem}});
    if (!problems.empty()) co_return;
    log_.info("serve.reloading", {});
    notifier_.tell("RELOADING=1");
    co_await doors_.pause();
    co_await generation_->end(Generation::Afterwards::another_begins);
    doors_.renew(loaded->settings);
    stop_grace_ = loaded->settings.daemon.stop_grace;
    retention_ = loaded->settings.history_retention;
    generation_ =
        std::make_unique<Generation>(loop_.get_executor(), log_, std::move(loaded->settings), store_, metrics_);
    doors_.resume();
    generation_->start();
    log_.info("serve.reloaded", {});
    notifier_.tell("READY=1");
}

Task<void> Daemon::watch_file() {
    for (;;) {
        co_await clock_.sleep_for(look_at_file_every);
        if (file_.has_changed()) file_changed_.wake_all();
    }
}

Task<void> Daemon::feed_watchdog() {
    for (;;) {
        notifier_.tell("WATCHDOG=1");
        co_await clock_.sleep_for(tell_watchdog_every);
    }
}

Task<void> Daemon::forget() {
    for (;;) {
        auto const forgotten = co_await store_.history().forget_before(clock_.now() - retention_,
                                                                       clock_.steady_now() + longest_forgetting);
        if (forgotten && *forgotten > 0) log_.info("history.forgotten", {{"lines", fmt::format("{}", *forgotten)}});
        co_await clock_.sleep_for(forget_every);
    }
}

}  // namespace

int run_daemon(cli::CommandLine const& line, config::Settings settings, config::Environment const& environment) {
    ignore_closed_readers();
    LogSink log(line.log_level, line.log_as_json ? LogFormat::json : LogFormat::text, LogStreams::all_on_stderr);
    asio::io_context loop(1);
    SystemClock clock;
    auto kept = store::Store::open(loop.get_executor(), clock, settings.store_location, {});
    if (!kept) {
        std::fprintf(stderr, "kssedr: KSSEDR_STORE: %s\n", kept.error().message().c_str());
        return cli::exit_usage;
    }
    warn_of_locks(log, settings);
    listen::ServerOptions options;
    options.address = settings.daemon.listen_address;
    options.port = settings.daemon.listen_port;
    options.body_limit = body_limit;
    options.connections_max = connections_max;
    Daemon daemon(loop, log, line, environment, **kept, std::move(settings));
    if (auto const started = daemon.start(std::move(options)); !started) {
        std::fprintf(stderr, "kssedr: %s\n", started.error().message().c_str());
        end(cli::exit_failed);
    }
    loop.run();
    end(cli::exit_failed);
}

}  // namespace kssedr::app
