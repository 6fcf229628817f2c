/// LogSink: log lines to the process's streams, through spdlog.

#pragma once

#include "base/log.h"
#include "base/time.h"

#include <cstdint>
#include <memory>

namespace spdlog {
class logger;
}

namespace kssedr::app {

enum class LogFormat : std::uint8_t { text, json };

/// Where lines go. The Functions host takes every line on standard error for an error, or for a warning where it says
/// "warn"; everything else must go to standard output there.
enum class LogStreams : std::uint8_t { all_on_stderr, functions_host };

class LogSink final : public Log {
public:
    LogSink(LogLevel level, LogFormat format, LogStreams streams);
    ~LogSink() override;

    [[nodiscard]] bool keeps(LogLevel level) const override { return level >= level_; }

private:
    void put(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override;

    LogLevel level_;
    LogFormat format_;
    std::shared_ptr<spdlog::logger> quiet_;  // debug and info
    std::shared_ptr<spdlog::logger> loud_;   // warn and error
};

/// One line, without its end. Values are escaped, in the text format as in JSON: what needs quotes has `"` and `\`
/// escaped in them, so that no value can pass for fields. Empty fields are left out.
[[nodiscard]] std::string format_log_line(LogFormat format, TimePoint now, LogLevel level, std::string_view event,
                                          std::initializer_list<LogField> fields);

}  // namespace kssedr::app
