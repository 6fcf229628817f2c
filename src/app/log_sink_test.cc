#include "app/log_sink.h"

#include <gtest/gtest.h>

namespace kssedr::app {
namespace {

TEST(LogLine, IsOneLineWhateverComesFromOutside) {
    auto const now = *parse_rfc3339("2026-01-15T09:30:00.5Z");
    EXPECT_EQ(format_log_line(LogFormat::text, now, LogLevel::warn, "rotation.outcome",
                              {{"secret", "web"}, {"reason", "say \"no\"\n\x1b[2J"}, {"empty", ""}}),
              "2026-01-15T09:30:00.500Z warn  rotation.outcome secret=web reason=\"say \\\"no\\\"\\\\n\\\\u{1b}[2J\"");
    EXPECT_EQ(format_log_line(LogFormat::json, now, LogLevel::info, "x.y", {{"reason", "a\n\"b\""}, {"empty", ""}}),
              R"({"time":"2026-01-15T09:30:00.500Z","level":"info","event":"x.y","reason":"a\\n\"b\""})");
}

TEST(LogLine, NoValueEndsItsQuotesItself) {
    auto const now = *parse_rfc3339("2026-01-15T09:30:00.5Z");
    EXPECT_EQ(format_log_line(LogFormat::text, now, LogLevel::info, "x.y",
                              {{"a", R"(b\" outcome=rotated c="\)"}, {"d", R"(\)"}}),
              R"(2026-01-15T09:30:00.500Z info  x.y a="b\\\" outcome=rotated c=\"\\" d="\\")");
}

}  // namespace
}  // namespace kssedr::app
