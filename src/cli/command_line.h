/// The command line, understood.

#pragma once

#include "base/log.h"
#include "config/settings.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::cli {

enum class Command : std::uint8_t {
    functions,
    serve,
    handle,
    rotate,
    plan,
    sweep,
    explain,
    providers,
    role_definition,
    history,
    parked_list,
    parked_requeue,
    parked_drop,
    version
};

struct CommandLine {
    Command command = Command::version;
    config::Overrides overrides;
    LogLevel log_level = LogLevel::info;
    bool log_as_json = false;
    bool json = false;
    std::string file = "-";               ///< handle
    std::string secret_url;               ///< rotate, explain
    bool is_forced = false;               ///< rotate --force
    bool is_compromised = false;          ///< rotate --compromised
    bool is_sure = false;                 ///< rotate --yes
    bool is_dry_run = false;              ///< rotate --dry-run
    std::vector<std::string> vault_urls;  ///< plan, sweep
    Duration within{};                    ///< plan --within
    bool wants_exit_code = false;         ///< plan --exit-code
    std::string provider;                 ///< providers; empty: all
    std::vector<std::string> role_ids;    ///< providers role-definition; none: what the configuration uses
    std::string vault;                    ///< history --vault; empty: any
    std::string secret;                   ///< history --secret; empty: any
    std::string outcome;                  ///< history --outcome; empty: any
    std::optional<TimePoint> since;       ///< history --since, a date
    std::optional<Duration> since_ago;    ///< history --since, a duration
    std::size_t limit = 100;              ///< history --limit
    bool wants_proof = false;             ///< history --verify
    std::string head;                     ///< history --head; empty: none
    std::int64_t parked_id = 0;           ///< parked requeue, parked drop
};

/// Parses. Where there is nothing to run (help was asked for and printed, or the usage is wrong and was said), the exit
/// code.
[[nodiscard]] std::expected<CommandLine, int> parse_command_line(int argc, char const* const* argv);

}  // namespace kssedr::cli
