#include "app/functions.h"

#include "app/log_sink.h"
#include "app/process.h"
#include "app/world.h"
#include "cli/exit_code.h"
#include "server/functions_handler.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace kssedr::app {
namespace {

// A hundred events of 1 MB in base64, and room for what stands beside them.
constexpr std::uint64_t body_limit = 160U << 20U;
// The host keeps a few. The descriptors that these do not take are for the calls to Azure.
constexpr std::size_t connections_max = 128;
constexpr Duration stop_grace = std::chrono::seconds{30};

// In both cases the process ends here: whatever is still under way is found again by evidence, as after a kill.
[[noreturn]] void end(int code) {
    std::fflush(stdout);
    std::_Exit(code);
}

Task<void> end_with_parent(Parent parent, Log& log) {
    co_await wait_for_end(parent);
    log.info("functions.host_ended", {});
    end(cli::exit_failed);
}

Task<void> stop_and_close(listen::HttpServer& server, World& world) {
    co_await server.stop(stop_grace);
    co_await world.close();
}

Task<void> end_when_asked(listen::HttpServer& server, World& world, Log& log) {
    using namespace asio::experimental::awaitable_operators;
    SystemClock clock;
    auto const executor = co_await asio::this_coro::executor;
    asio::signal_set signals(executor, SIGTERM, SIGINT);
    co_await signals.async_wait(asio::use_awaitable);
    log.info("functions.stopping", {});
    // Whoever asks twice, or waits longer than the grace, is heeded at once: a kill loses nothing.
    co_await (stop_and_close(server, world) || clock.sleep_for(stop_grace + std::chrono::seconds{1}) ||
              signals.async_wait(asio::use_awaitable));
    end(cli::exit_done);
}

}  // namespace

int run_functions(cli::CommandLine const& line, config::Settings settings) {
    auto const parent = current_parent();
    ignore_closed_readers();
    LogSink log(line.log_level, line.log_as_json ? LogFormat::json : LogFormat::text, LogStreams::functions_host);
    asio::io_context loop(1);
    auto const port = *settings.functions_port;
    server::FunctionsOptions options{KSSEDR_VERSION, settings.region_name, settings.invocation_budget,
                                     settings.policy.names_vaults()};
    std::string const mode(to_string(settings.policy.mode));
    warn_of_locks(log, settings);
    World world(loop.get_executor(), log, std::move(settings));
    server::FunctionsHandler handler(world.intake(), world.sweeper(), world.clock(), log, std::move(options));

    listen::ServerOptions server_options;
    server_options.port = port;
    server_options.body_limit = body_limit;
    server_options.connections_max = connections_max;
    // The host decides how long it keeps a connection; being the one who closes it would race its next request.
    server_options.idle_limit = std::chrono::hours{1};
    auto server = listen::HttpServer::open(loop.get_executor(), server_options, handler, log);
    if (!server) {
        std::fprintf(stderr, "kssedr: %s\n", server.error().message().c_str());
        return cli::exit_failed;
    }
    (*server)->start();
    log.info("functions.listening",
             {{"port", fmt::format("{}", (*server)->port())}, {"mode", mode}, {"version", KSSEDR_VERSION}});
    TaskGroup tasks(loop.get_executor(), [](std::string const&, std::exception_ptr) { end(cli::exit_failed); });
    tasks.spawn("parent", end_with_parent(parent, log));
    tasks.spawn("signals", end_when_asked(**server, world, log));
    loop.run();
    end(cli::exit_failed);
}

}  // namespace kssedr::app
