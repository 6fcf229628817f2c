/// The command line, understood.

#pragma once

#include "base/log.h"
#include "config/settings.h"

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace kssedr::cli {

enum class Command : std::uint8_t {
    functions,
    handle,
    rotate,
    plan,
    sweep,
    explain,
    providers,
    role_definition,
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
};

/// Parses. Where there is nothing to run (help was asked for and printed, or the usage is wrong and was said), the exit
/// code.
[[nodiscard]] std::expected<CommandLine, int> parse_command_line(int argc, char const* const* argv);

}  // namespace kssedr::cli
