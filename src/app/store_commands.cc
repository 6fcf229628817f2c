#include "app/store_commands.h"

#include "async/run.h"
#include "cli/exit_code.h"
#include "cli/history.h"
#include "cli/parked.h"
#include "store/store.h"

#include <boost/asio/io_context.hpp>

namespace kssedr::app {
namespace {

// Who only looks makes no store, and does not look through all of one before it says a few lines.
constexpr store::StoreOptions options_of_a_visitor{.missing = store::Missing::is_an_error,
                                                   .integrity = store::Integrity::is_trusted};

Task<cli::CommandResult> run_in(store::Store& kept, Clock& clock, cli::CommandLine const& line,
                                ports::HistoryQuery query, cli::Print print, cli::PrinterOptions options) {
    switch (line.command) {
    case cli::Command::parked_list: co_return co_await cli::list_parked(kept.parked(), clock, print, options);
    case cli::Command::parked_requeue:
        co_return co_await cli::requeue_parked(line.parked_id, kept.parked(), kept.inbox(), clock, options);
    case cli::Command::parked_drop: co_return co_await cli::drop_parked(line.parked_id, kept.parked(), clock, options);
    default: co_return co_await cli::run_history(line, std::move(query), kept.history(), clock, print, options);
    }
}

Task<cli::CommandResult> run_and_close(store::Store& kept, Clock& clock, cli::CommandLine const& line,
                                       ports::HistoryQuery query, cli::Print print, cli::PrinterOptions options) {
    auto result = co_await run_in(kept, clock, line, std::move(query), std::move(print), options);
    co_await kept.close();
    co_return result;
}

}  // namespace

bool is_about_store(cli::Command command) {
    return command == cli::Command::history || command == cli::Command::parked_list ||
           command == cli::Command::parked_requeue || command == cli::Command::parked_drop;
}

int run_store_command(cli::CommandLine const& line, config::Settings const& settings, cli::Print print, cli::Print say,
                      cli::PrinterOptions options) {
    SystemClock clock;
    auto query = cli::make_history_query(line, settings.cloud.vault_suffix, clock.now());
    if (!query) return say(query.error().message()), cli::exit_usage;
    asio::io_context loop(1);
    auto kept = store::Store::open(loop.get_executor(), clock, settings.store_location, options_of_a_visitor);
    if (!kept) return say(kept.error().message()), cli::exit_usage;
    auto const result = kssedr::run(loop, run_and_close(**kept, clock, line, *std::move(query), print, options));
    if (!result.complaint.empty()) say(result.complaint);
    print(result.output);
    return result.exit_code;
}

}  // namespace kssedr::app
