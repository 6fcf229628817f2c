#include "base/time.h"

#include "support/seeded_random.h"

#include <gtest/gtest.h>

namespace kssedr {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint at(std::int64_t seconds, std::int64_t ms = 0) {
    return TimePoint{std::chrono::seconds{seconds} + std::chrono::milliseconds{ms}};
}

struct TimeCase {
    char const* text;
    TimePoint time;
};

TEST(Rfc3339, IsReadAsAzureWritesIt) {
    TimeCase const cases[] = {
        {"1970-01-01T00:00:00Z", at(0)},
        {"2026-01-15T09:30:12Z", at(1768469412)},
        {"2026-01-15T09:30:12.1Z", at(1768469412, 100)},
        {"2026-01-15T09:30:12.123Z", at(1768469412, 123)},
        {"2026-01-15T09:30:12.1239999Z", at(1768469412, 123)},
        {"2026-01-15T09:30:12.123456789Z", at(1768469412, 123)},
        {"2026-01-15T09:30:12", at(1768469412)},
        {"2026-01-15T09:30:11.992", at(1768469411, 992)},
        {"2026-01-15t09:30:12z", at(1768469412)},
        {"2026-01-15T09:30:12+00:00", at(1768469412)},
        {"2026-01-15T09:30:12.1234567+00:00", at(1768469412, 123)},
        {"2026-01-15T10:30:12+01:00", at(1768469412)},
        {"2026-01-15T04:00:12-05:30", at(1768469412)},
        {"2024-02-29T00:00:00Z", at(1709164800)},
        {"2016-12-31T23:59:60Z", at(1483228800)},
        {"1969-12-31T23:59:59Z", at(-1)},
        {"9999-12-31T23:59:59Z", at(253402300799)},
        {"0001-01-01T00:00:00Z", at(-62135596800)},
    };
    for (auto const& [text, time] : cases) EXPECT_EQ(parse_rfc3339(text), time) << text;
}

TEST(Rfc3339, NothingElseIsRead) {
    for (std::string_view const text : {"",
                                        "2026",
                                        "2026-01-15",
                                        "2026-01-15T09:30Z",
                                        "2026-01-15 09:30:12Z",
                                        "2026-1-15T09:30:12Z",
                                        "2026-01-15T9:30:12Z",
                                        "2026-13-15T09:30:12Z",
                                        "2026-00-15T09:30:12Z",
                                        "2026-02-29T09:30:12Z",
                                        "2026-01-32T09:30:12Z",
                                        "2026-01-15T24:30:12Z",
                                        "2026-01-15T09:60:12Z",
                                        "2026-01-15T09:30:61Z",
                                        "2026-01-15T09:30:12.Z",
                                        "2026-01-15T09:30:12.1234567890Z",
                                        "2026-01-15T09:30:12,5Z",
                                        "2026-01-15T09:30:12ZZ",
                                        "2026-01-15T09:30:12 Z",
                                        " 2026-01-15T09:30:12Z",
                                        "2026-01-15T09:30:12Z ",
                                        "2026-01-15T09:30:12+1:00",
                                        "2026-01-15T09:30:12+01",
                                        "2026-01-15T09:30:12+0100",
                                        "2026-01-15T09:30:12+24:00",
                                        "2026-01-15T09:30:12+01:60",
                                        "2026-01-15T09:30:12+01:00Z",
                                        "-026-01-15T09:30:12Z",
                                        "12026-01-15T09:30:12Z",
                                        "2026-01-15T09:30:-1Z",
                                        "2026/01/15T09:30:12Z",
                                        "20260115T093012Z",
                                        "1768469412"})
        EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(Rfc3339, IsWrittenInUtcWithMillisecondsWhereThereAreAny) {
    EXPECT_EQ(format_rfc3339(at(0)), "1970-01-01T00:00:00Z");
    EXPECT_EQ(format_rfc3339(at(1768469412)), "2026-01-15T09:30:12Z");
    EXPECT_EQ(format_rfc3339(at(1768469412, 7)), "2026-01-15T09:30:12.007Z");
    EXPECT_EQ(format_rfc3339(at(-1, 500)), "1969-12-31T23:59:59.500Z");
    EXPECT_EQ(format_rfc3339(at(-62135596800)), "0001-01-01T00:00:00Z");
}

TEST(Rfc3339, WhatIsWrittenIsReadAgain) {
    test::SeededRandom random(3);
    for (int i = 0; i < 2000; ++i) {
        TimePoint const time{std::chrono::milliseconds{static_cast<std::int64_t>(random.below(250'000'000'000'000)) -
                                                       60'000'000'000'000}};
        EXPECT_EQ(parse_rfc3339(format_rfc3339(time)), time);
        auto const whole = std::chrono::floor<std::chrono::seconds>(time);
        if (whole >= at(0)) {
            EXPECT_EQ(parse_http_date(format_http_date(time)), whole);
        }
    }
}

TEST(HttpDate, HasOneForm) {
    EXPECT_EQ(parse_http_date("Tue, 20 Aug 2024 20:52:39 GMT"), at(1724187159));
    EXPECT_EQ(format_http_date(at(1724187159, 999)), "Tue, 20 Aug 2024 20:52:39 GMT");
    EXPECT_EQ(format_http_date(at(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
    for (std::string_view const text :
         {"", "Tue, 20 Aug 2024 20:52:39", "Tue, 20 Aug 2024 20:52:39 UTC", "Tue, 20 Aug 2024 20:52:39 GMT ",
          "Tue 20 Aug 2024 20:52:39 GMT", "Tuesday, 20-Aug-24 20:52:39 GMT", "Tue Aug 20 20:52:39 2024",
          "Tue, 20 aug 2024 20:52:39 GMT", "Tue, 32 Aug 2024 20:52:39 GMT", "Tue, 2 Aug 2024 20:52:39 GMT",
          "Tue, 20 Aug 2024 24:52:39 GMT", "Tue, 20 Aug 24 20:52:39 GMT", "Tue, 20 Au", "Tue, "})
        EXPECT_FALSE(parse_http_date(text)) << text;
}

struct DurationCase {
    char const* text;
    Duration span;
};

TEST(IsoDuration, IsRead) {
    using std::chrono::days;
    DurationCase const cases[] = {{"P30D", days{30}},
                                  {"PT4M", 4min},
                                  {"P1W", days{7}},
                                  {"P1DT12H", 36h},
                                  {"P1W2DT3H4M5S", days{9} + 3h + 4min + 5s},
                                  {"PT0S", 0s},
                                  {"P0D", 0s},
                                  {"PT90M", 90min},
                                  {"PT86400S", days{1}},
                                  {"P0007D", days{7}}};
    for (auto const& [text, span] : cases) EXPECT_EQ(parse_iso_duration(text), span) << text;
    for (std::string_view const text :
         {"",           "P",       "PT",    "P1",   "1D",   "P1DT", "P1D1D", "P1D2W", "PT1S1M",
          "PTT1H",      "PT1HT1M", "P1M",   "P1Y",  "PT1D", "P1H",  "P-1D",  "-P1D",  "P+1D",
          "PT-0S",      "P1.5D",   "P1,5D", "P 1D", "P1D ", " P1D", "p1d",   "P1d",   "P99999999999999999999D",
          "P10000001D", "30",      "P1DX"})
        EXPECT_FALSE(parse_iso_duration(text)) << text;
}

TEST(IsoDuration, IsWritten) {
    using std::chrono::days;
    DurationCase const cases[] = {
        {"PT0S", 0s}, {"PT0S", 999ms},    {"PT1S", 1s},     {"PT4M", 4min},
        {"PT1H", 1h}, {"P30D", days{30}}, {"P1DT12H", 36h}, {"P7DT1H2M3S", days{7} + 1h + 2min + 3s}};
    for (auto const& [text, span] : cases) {
        EXPECT_EQ(format_iso_duration(span), text);
        EXPECT_EQ(parse_iso_duration(text), std::chrono::floor<std::chrono::seconds>(span));
    }
}

TEST(Span, IsWrittenForPeople) {
    using std::chrono::days;
    DurationCase const cases[] = {{"0 ms", 0ms},
                                  {"999 ms", 999ms},
                                  {"1.0 s", 1s},
                                  {"1.5 s", 1500ms},
                                  {"1 min", 60s},
                                  {"12 min", 12min + 59s},
                                  {"1 h", 1h},
                                  {"1 h 30 min", 90min},
                                  {"23 h 59 min", 24h - 1ms},
                                  {"1 d", days{1}},
                                  {"3 d 4 h", days{3} + 4h + 59min},
                                  {"-2 min", -2min}};
    for (auto const& [text, span] : cases) EXPECT_EQ(format_span(span), text);
}

TEST(SteadyPoint, IsOrderedAndMoved) {
    SteadyPoint const a{5ms};
    EXPECT_LT(a, a + 1ms);
    EXPECT_EQ((a + 7ms) - a, 7ms);
    EXPECT_GT(SteadyPoint::max(), a);
}

}  // namespace
}  // namespace kssedr
