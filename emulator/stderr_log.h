/// StderrLog: one line an entry on standard error, every value escaped.

#pragma once

#include "base/ascii.h"
#include "base/log.h"

#include <cstdio>

namespace kssedr::emulator {

class StderrLog final : public Log {
public:
    explicit StderrLog(LogLevel least) : least_(least) {}

private:
    void put(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override {
        if (level < least_) return;
        std::string line = "kssedr-emulator: " + std::string(event);
        for (auto const& field : fields) line += " " + std::string(field.name) + "=" + escape_for_display(field.value);
        std::fprintf(stderr, "%s\n", line.c_str());
    }

    LogLevel least_;
};

}  // namespace kssedr::emulator
