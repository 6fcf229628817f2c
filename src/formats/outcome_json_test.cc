#include "formats/outcome_json.h"

#include "base/encoding.h"
#include "base/hash.h"
#include "formats/json_cursor.h"
#include "formats/json_text.h"

#include <gtest/gtest.h>

namespace kssedr::formats {
namespace {

using namespace std::chrono_literals;
using rotation::Outcome;
using rotation::OutcomeKind;

constexpr TimePoint start{std::chrono::milliseconds{1768469412123}};  // 2026-01-15T09:30:12.123Z

Outcome full_outcome() {
    return {.kind = OutcomeKind::rotated,
            .code = "rotated",
            .reason = "key2 was regenerated and published",
            .trigger = rotation::Trigger::sweep,
            .vault = "contoso.vault.azure.net",
            .secret = "storage-key",
            .version = "fb87f021a36946c69bb0108ac694733b",
            .new_version = "ee059b2bb5bc48398a53b168c6cdcb10",
            .resource = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a",
            .credential = "key2",
            .former_credential = "key1",
            .expires = start + 1h,
            .retry_after = start + 2h,
            .verified = "yes",
            .also_changed = {"contoso.vault.azure.net/other", "x"},
            .event_id = "e1",
            .started_at = start,
            .duration = 1234ms};
}

bool is_json(std::string_view text) {
    JsonCursor json(text);
    json.skip();
    return json.finish().has_value();
}

TEST(OutcomeJson, MembersHaveTheirNamesAndOrder) {
    EXPECT_EQ(
        format_outcome(full_outcome()),
        R"({"schema":1,"outcome":"rotated","code":"rotated","reason":"key2 was regenerated and published","trigger":"sweep",)"
        R"("vault":"contoso.vault.azure.net","secret":"storage-key","version":"fb87f021a36946c69bb0108ac694733b",)"
        R"("newVersion":"ee059b2bb5bc48398a53b168c6cdcb10",)"
        R"("resource":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a",)"
        R"("credential":"key2","formerCredential":"key1","expires":"2026-01-15T10:30:12.123Z","verified":"yes",)"
        R"("alsoChanged":["contoso.vault.azure.net/other","x"],"retryAfter":"2026-01-15T11:30:12.123Z","eventId":"e1",)"
        R"("startedAt":"2026-01-15T09:30:12.123Z","durationMs":1234})");
}

TEST(OutcomeJson, AbsentMembersAreLeftOut) {
    EXPECT_EQ(
        format_outcome({.kind = OutcomeKind::ignored, .started_at = start}),
        R"({"schema":1,"outcome":"ignored","trigger":"event","startedAt":"2026-01-15T09:30:12.123Z","durationMs":0})");
    EXPECT_EQ(format_outcome({}), R"({"schema":1,"outcome":"failed","trigger":"event","durationMs":0})");
}

TEST(OutcomeJson, TextFromOutsideIsEscapedAndCut) {
    Outcome outcome;
    outcome.event_id = "\x1b[2J\u202e\"\\\n\xff" + std::string(500, 'x');
    outcome.vault = "a\tb";
    outcome.secret = "\xf0\x9f\x98\x80";
    outcome.reason = "a \"quoted\"\nline \xc3";
    auto const text = format_outcome(outcome);
    EXPECT_TRUE(is_json(text)) << text;
    EXPECT_TRUE(is_utf8(text));
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find("\u202e"), std::string::npos);
    EXPECT_NE(text.find(R"("eventId":"\\u{1b}[2J\\u{202e}\"\\\\n\\xff)"), std::string::npos) << text;
    EXPECT_EQ(text.find(std::string(130, 'x')), std::string::npos);
    EXPECT_NE(text.find(R"("vault":"a\\u{9}b")"), std::string::npos);
    EXPECT_NE(text.find(R"("secret":"😀")"), std::string::npos);
    EXPECT_NE(text.find(R"("reason":"a \"quoted\"\\nline \\xc3")"), std::string::npos);
}

DecodedEvent decoded(std::string_view source) {
    return {rotation::Event{.id = "e1", .type = "t"}, "e1", source};
}

TEST(PoisonMessage, HoldsTheEventAsItCame) {
    std::string_view const source = "{\"id\" : \"e1\",\n \"x\":1.50}";
    Outcome const outcome{.kind = OutcomeKind::refused, .code = "not-permitted", .event_id = "e1"};
    EXPECT_EQ(format_poison_message(decoded(source), outcome),
              R"({"schema":1,"outcome":)" + format_outcome(outcome) + R"(,"event":)" + std::string(source) + '}');
}

TEST(PoisonMessage, TakesTheIdFromTheEventWhereTheOutcomeHasNone) {
    EXPECT_NE(format_poison_message(decoded("{}"), {}).find(R"("eventId":"e1")"), std::string::npos);
}

TEST(PoisonMessage, MalformedInputIsShownByHeadAndDigest) {
    std::string const source = "not JSON \x01\xff" + std::string(10'000, 'y');
    DecodedEvent const event{fail(Errc::corrupt, "no"), "", source};
    auto const message = format_poison_message(event, {.kind = OutcomeKind::refused, .code = "malformed"});
    EXPECT_TRUE(is_json(message));
    EXPECT_NE(message.find(R"("head":"not JSON \\u{1}\\xff)"), std::string::npos);
    EXPECT_NE(message.find(R"("sha256":")" + format_hex(sha256(source)) + '"'), std::string::npos);
    EXPECT_EQ(message.find("\"event\":"), std::string::npos);
    EXPECT_NE(message.find(std::string(4096 - 11, 'y')), std::string::npos);
    EXPECT_EQ(message.find(std::string(4096 - 10, 'y')), std::string::npos);
}

TEST(PoisonMessage, WhatCannotStandInJsonIsShownByItsHead) {
    for (std::string_view const source : {"\"{\\\"id\\\":1}\"", "", "{\"a\":\"\xff\"}"}) {
        auto const message = format_poison_message(decoded(source), {});
        EXPECT_TRUE(is_json(message));
        EXPECT_TRUE(is_utf8(message));
        EXPECT_EQ(message.find("\"event\":"), std::string::npos) << message;
    }
}

TEST(PoisonMessage, AMalformedEventIsShownByItsHeadEvenWhereItIsJson) {
    DecodedEvent const event{fail(Errc::invalid_argument, "no type"), "e1", R"({"id":"e1"})"};
    auto const message = format_poison_message(event, {});
    EXPECT_TRUE(is_json(message));
    EXPECT_EQ(message.find("\"event\":"), std::string::npos);
    EXPECT_NE(message.find(R"("head":"{\"id\":\"e1\"}")"), std::string::npos) << message;
}

TEST(PoisonMessage, NeverExceedsItsLimit) {
    std::string const fillers[] = {"x", "\x01", "\x1b", "\xff", "\"", "\\", "é", "\u202e", "😀", "\xf0\x9f"};
    for (auto const& filler : fillers) {
        std::string huge;
        while (huge.size() < 100'000) huge += filler;
        auto outcome = full_outcome();
        for (auto* text :
             {&outcome.code, &outcome.reason, &outcome.vault, &outcome.secret, &outcome.version, &outcome.new_version,
              &outcome.resource, &outcome.credential, &outcome.former_credential, &outcome.verified, &outcome.event_id})
            *text = huge;
        outcome.also_changed.assign(40, huge);
        DecodedEvent const malformed{fail(Errc::corrupt, "no"), huge, huge};
        auto const event = R"({"x":)" + format_json_string(huge) + '}';
        for (auto const& message :
             {format_poison_message(malformed, outcome), format_poison_message(malformed, {}),
              format_poison_message(decoded(event), {}), format_poison_message(decoded(event), outcome)}) {
            EXPECT_LE(message.size(), 32U * 1024);
            EXPECT_TRUE(is_json(message));
            EXPECT_TRUE(is_utf8(message));
            EXPECT_NE(message.find("\"sha256\""), std::string::npos);
        }
    }
    // To the byte: the largest event that fits is kept whole.
    auto const around = format_poison_message(decoded("{}"), {}).size() - 2;
    auto const event_of = [](std::size_t size) { return R"({"x":")" + std::string(size - 8, 'x') + "\"}"; };
    bool kept = true;
    for (std::size_t size = 32 * 1024 - around - 100; size < 32 * 1024 - around + 100; ++size) {
        auto const message = format_poison_message(decoded(event_of(size)), {});
        EXPECT_LE(message.size(), 32U * 1024);
        bool const is_kept = message.find("\"event\":") != std::string::npos;
        EXPECT_TRUE(kept || !is_kept);
        kept = is_kept;
    }
    EXPECT_FALSE(kept);
}

}  // namespace
}  // namespace kssedr::formats
