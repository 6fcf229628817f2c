/// Log: one named event a line, with fields.
///
///   log.info("rotation.published", {{"vault", vault}, {"slot", slot}});
///
/// error = a person must act now; warn = a person will have to if it goes on; info = one a change of state;
/// debug = for whoever looks for a fault. Every name is listed in docs/operations/events.md. Field values are
/// text that the sink escapes; a `SecretString` does not convert to one.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace kssedr {

enum class LogLevel : std::uint8_t { debug, info, warn, error, off };

struct LogField {
    std::string_view name;
    std::string value;
};

class Log {
public:
    virtual ~Log() = default;

    /// Whether a line of this level is kept: for whoever would make its fields in vain many times.
    [[nodiscard]] virtual bool keeps(LogLevel) const { return true; }

    void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
        put(LogLevel::debug, event, fields);
    }
    void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
        put(LogLevel::info, event, fields);
    }
    void warn(std::string_view event, std::initializer_list<LogField> fields = {}) {
        put(LogLevel::warn, event, fields);
    }
    void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
        put(LogLevel::error, event, fields);
    }

private:
    virtual void put(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) = 0;
};

/// Keeps nothing.
class NullLog final : public Log {
public:
    [[nodiscard]] bool keeps(LogLevel) const override { return false; }

private:
    void put(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

}  // namespace kssedr
