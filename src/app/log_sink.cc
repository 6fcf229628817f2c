#include "app/log_sink.h"

#include "async/clock.h"
#include "base/ascii.h"
#include "formats/json_text.h"

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include <fmt/format.h>

namespace kssedr::app {
namespace {

// Longer than any sentence of ours; what came from outside was cut to 128 characters where it was put in.
constexpr std::size_t value_length_max = 2048;

std::string_view word(LogLevel level) {
    switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    default: return "error";
    }
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    default: return spdlog::level::err;
    }
}

std::string text_value(std::string_view value) {
    std::string escaped = escape_for_display(value, value_length_max);
    bool const is_plain = escaped.find_first_of(R"( "=\)") == std::string::npos;
    if (is_plain) return escaped;
    std::string quoted = "\"";
    for (char const c : escaped) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

std::shared_ptr<spdlog::logger> make_logger(bool to_stdout) {
    spdlog::sink_ptr sink;
    if (to_stdout) {
        sink = std::make_shared<spdlog::sinks::ansicolor_stdout_sink_st>();
    } else {
        sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_st>();
    }
    auto logger = std::make_shared<spdlog::logger>("kssedr", std::move(sink));
    logger->set_level(spdlog::level::trace);
    logger->set_pattern("%^%v%$");
    logger->flush_on(spdlog::level::trace);
    return logger;
}

}  // namespace

LogSink::LogSink(LogLevel level, LogFormat format, LogStreams streams)
    : level_(level),
      format_(format),
      quiet_(make_logger(streams == LogStreams::functions_host)),
      loud_(make_logger(false)) {}

LogSink::~LogSink() = default;

void LogSink::put(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (level < level_) return;
    auto& logger = level >= LogLevel::warn ? *loud_ : *quiet_;
    logger.log(spdlog_level(level), "{}", format_log_line(format_, SystemClock().now(), level, event, fields));
}

std::string format_log_line(LogFormat format, TimePoint now, LogLevel level, std::string_view event,
                            std::initializer_list<LogField> fields) {
    if (format == LogFormat::json) {
        std::string line =
            fmt::format(R"({{"time":"{}","level":"{}","event":"{}")", format_rfc3339(now), word(level), event);
        for (auto const& [name, value] : fields)
            if (!value.empty())
                line += fmt::format(R"(,"{}":{})", name,
                                    formats::format_json_string(escape_for_display(value, value_length_max)));
        return line + '}';
    }
    std::string line = fmt::format("{} {:<5} {}", format_rfc3339(now), word(level), event);
    for (auto const& [name, value] : fields)
        if (!value.empty()) line += fmt::format(" {}={}", name, text_value(value));
    return line;
}

}  // namespace kssedr::app
