#include "cli/history.h"

#include "base/encoding.h"
#include "base/hash.h"
#include "cli/exit_code.h"
#include "cli/parked.h"

#include <gtest/gtest.h>

namespace kssedr::cli {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint at{std::chrono::milliseconds{1768469400000}};  // 2026-01-15T09:30:00Z

std::expected<CommandLine, int> parse(std::vector<char const*> words) {
    words.insert(words.begin(), "kssedr");
    return parse_command_line(static_cast<int>(words.size()), words.data());
}

TEST(HistoryCommand, TheCommandLineIsUnderstood) {
    auto const line = parse({"history", "--vault", "demo", "--secret", "web", "--outcome", "refused", "--since", "P7D",
                             "--limit", "5", "--json"});
    ASSERT_TRUE(line);
    EXPECT_EQ(line->command, Command::history);
    EXPECT_TRUE(line->json);
    auto const query = make_history_query(*line, "vault.azure.net", at);
    ASSERT_TRUE(query);
    EXPECT_EQ(query->vault, "demo.vault.azure.net");
    EXPECT_EQ(query->secret, "web");
    EXPECT_EQ(query->outcome, "refused");
    EXPECT_EQ(query->since, at - std::chrono::days{7});
    EXPECT_EQ(query->limit, 5U);
    auto const proof = parse({"history", "--verify", "--head", "abc"});
    ASSERT_TRUE(proof);
    EXPECT_TRUE(proof->wants_proof);
    EXPECT_EQ(proof->head, "abc");
}

TEST(HistoryCommand, SinceIsADateATimeOrADuration) {
    struct Case {
        char const* text;
        TimePoint since;
    };
    for (auto const& c : std::vector<Case>{{"2026-01-15", at - 9h - 30min},
                                           {"2026-01-15T09:30:00Z", at},
                                           {"2026-01-15T10:30:00+01:00", at},
                                           {"PT1H", at - 1h}}) {
        auto const line = parse({"history", "--since", c.text});
        ASSERT_TRUE(line) << c.text;
        auto const query = make_history_query(*line, "vault.azure.net", at);
        ASSERT_TRUE(query);
        EXPECT_EQ(query->since, c.since) << c.text;
    }
}

TEST(HistoryCommand, AVaultIsANameAHostOrAUrlOfThisCloud) {
    struct Case {
        std::string given;
        std::string host;  // empty: refused
    };
    for (auto const& c : std::vector<Case>{{"demo", "demo.vault.azure.net"},
                                           {"demo.vault.azure.net", "demo.vault.azure.net"},
                                           {"https://demo.vault.azure.net/", "demo.vault.azure.net"},
                                           {"demo.vault.example", ""},
                                           {"https://", ""}}) {
        CommandLine line;
        line.vault = c.given;
        auto const query = make_history_query(line, "vault.azure.net", at);
        EXPECT_EQ(query ? query->vault : std::string(), c.host) << c.given;
    }
}

ports::HistoryEntry entry(std::string text) {
    return {17, std::string(64, 'a'), {at, "refused", "not-permitted", "demo.vault.azure.net", "web", std::move(text)}};
}

TEST(HistoryCommand, AnEntryIsShownForPeopleAndAsJson) {
    auto const whole = entry(R"({"schema":1,"outcome":"refused","reason":"say\u0020so"})");
    EXPECT_EQ(format_history_entry(whole, {}),
              "refused    demo.vault.azure.net/web  2026-01-15T09:30:00Z  #17\n           say so [not-permitted]\n");
    EXPECT_EQ(format_history_entry(whole, {.json = true}),
              R"({"schema":1,"number":17,"at":"2026-01-15T09:30:00Z","hash":")" + std::string(64, 'a') +
                  R"(","outcome":)" + whole.line.text + "}\n");
    // Somebody wrote something else into the store: it breaks neither the line nor the terminal.
    for (std::string const text : {"{\"a\":1", "[1]", "{} {}", "{\"reason\":\"\xff\"}", "\x1b[2J\n"}) {
        auto const json = format_history_entry(entry(text), {.json = true});
        EXPECT_TRUE(json.contains(R"(,"text":")")) << json;
        EXPECT_EQ(std::ranges::count(json, '\n'), 1);
        EXPECT_FALSE(format_history_entry(entry(text), {}).contains('\x1b'));
    }
}

TEST(HistoryCommand, AProofSaysWhatItFound) {
    struct Case {
        std::string_view name;
        ports::HistoryProof proof;
        std::string_view head;
        std::string_view says;
        std::string_view json;
    };
    for (auto const& c : std::vector<Case>{
             {"whole", {.lines = 3, .head = "h"}, "", "whole: 3 lines", R"("whole":true,"lines":3,"head":"h"})"},
             {"broken", {.lines = 3, .head = "h", .broken = 2}, "", "broken at line 2", R"("brokenAt":2)"},
             {"has the head", {.lines = 3, .head = "h"}, "k", "stands in it", R"("hasHead":true)"},
             {"lacks it",
              {.lines = 3, .head = "h", .has_head = false},
              "k",
              "does not stand in it",
              R"("whole":false)"},
             {"forgotten",
              {.head = "h", .forgotten_until = at},
              "",
              "2026-01-15T09:30:00Z were forgotten",
              R"("forgottenUntil":"2026-01-15T09:30:00Z")"}}) {
        SCOPED_TRACE(c.name);
        auto const text = format_history_proof(c.proof, c.head, {});
        EXPECT_TRUE(text.contains(c.says)) << text;
        EXPECT_TRUE(text.ends_with("head h\n"));
        auto const json = format_history_proof(c.proof, c.head, {.json = true});
        EXPECT_TRUE(json.contains(c.json)) << json;
    }
}

TEST(HistoryCommand, TheExitCodeSaysWhoMustAct) {
    struct Case {
        Errc code;
        int exit_code;
    };
    for (auto const& c : std::vector<Case>{{Errc::unavailable, exit_failed},
                                           {Errc::deadline_exceeded, exit_failed},
                                           {Errc::corrupt, exit_person},
                                           {Errc::permission_denied, exit_person},
                                           {Errc::not_found, exit_usage},
                                           {Errc::invalid_argument, exit_usage}})
        EXPECT_EQ(fail_by_store(Error(c.code, "why")).exit_code, c.exit_code) << to_string(c.code);
}

TEST(ParkedCommand, AnEntryIsShownForPeopleAndAsJson) {
    ports::ParkedEvent parked{.id = 7,
                              .vault = "demo.vault.azure.net",
                              .secret = "web",
                              .code = "not-permitted",
                              .outcome = "refused",
                              .reason = "add it",
                              .first_at = at,
                              .last_at = at,
                              .count = 3,
                              .source = "hub",
                              .event = "{}",
                              .sha256 = format_hex(sha256("{}"))};
    EXPECT_EQ(format_parked(parked, {}),
              "7     refused   demo.vault.azure.net/web [not-permitted]\n      add it\n"
              "      3 times, last at 2026-01-15T09:30:00Z, from hub\n");
    EXPECT_TRUE(format_parked(parked, {.json = true}).contains(R"("count":3,"source":"hub","event":"{}")"));
    parked.event = "{";
    EXPECT_TRUE(format_parked(parked, {.json = true}).contains(R"("head":"{")"));
}

}  // namespace
}  // namespace kssedr::cli
