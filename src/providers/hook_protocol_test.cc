#include "providers/hook_protocol.h"

#include <gtest/gtest.h>

namespace kssedr::providers {
namespace {

using ports::Trial;

rotation::Hook relay() {
    return {.owner = *rotation::OwnerId::parse("hook:relay")};
}

HookAnswer answer(std::string_view text, std::optional<Error> failure = std::nullopt) {
    return {SecretString::copy_of(text), std::move(failure), {}};
}

constexpr std::string_view both = R"({"version":1,"slots":[{"name":"key2","value":"second-key"},)"
                                  R"({"name":"key1","value":"first-key","made":"2026-01-15T09:30:00Z","more":1}]})";

TEST(HookProtocol, ARequestSaysWhatIsAsked) {
    HookRequest request{.operation = HookOperation::regenerate, .id = "5d", .slot = "key1"};
    EXPECT_EQ(
        format_hook_request(relay(), request).expose(),
        "{\"version\":1,\"operation\":\"regenerate\",\"owner\":\"hook:relay\",\"id\":\"5d\",\"slot\":\"key1\"}\n");
    request = {.operation = HookOperation::verify, .id = "6e", .credential = SecretString::copy_of("a\"b\n")};
    EXPECT_EQ(format_hook_request(relay(), request).expose(),
              "{\"version\":1,\"operation\":\"verify\",\"owner\":\"hook:relay\",\"id\":\"6e\","
              "\"credential\":\"a\\\"b\\u000a\"}\n");
}

TEST(HookProtocol, SlotsComeInTheirOrder) {
    auto const credentials = parse_hook_slots(answer(both), relay());
    ASSERT_TRUE(credentials) << credentials.error().message();
    ASSERT_EQ(credentials->slots.size(), 2U);
    EXPECT_EQ(credentials->slots[0].slot, "key1");
    EXPECT_TRUE(credentials->slots[0].value.equals("first-key"));
    EXPECT_EQ(credentials->slots[0].made, parse_rfc3339("2026-01-15T09:30:00Z"));
    EXPECT_EQ(credentials->slots[1].slot, "key2");
    EXPECT_FALSE(credentials->slots[1].made);
}

TEST(HookProtocol, SlotsComeInPairs) {
    auto hook = relay();
    hook.slots = {"a", "b", "c", "d"};
    auto const credentials = parse_hook_slots(
        answer(R"({"slots":[{"name":"a","value":"1"},{"name":"b","value":"2"},{"name":"c","value":"3"},)"
               R"({"name":"d","value":"4"}]})"),
        hook);
    ASSERT_TRUE(credentials);
    EXPECT_EQ(credentials->slots[1].pair, 0U);
    EXPECT_EQ(credentials->slots[2].pair, 1U);
}

TEST(HookProtocol, WhatIsNoAnswerIsCorrupt) {
    for (std::string_view const text : {
             "",
             "Traceback",
             "[]",
             "{}",
             R"({"version":2,"slots":[{"name":"key1","value":"a"},{"name":"key2","value":"b"}]})",
             R"({"slots":[{"name":"key1","value":"a"}]})",
             R"({"slots":[{"name":"key1","value":"a"},{"name":"key1","value":"b"}]})",
             R"({"slots":[{"name":"key1","value":"a"},{"name":"key3","value":"b"}]})",
             R"({"slots":[{"name":"key1","value":"a"},{"name":"key2","value":""}]})",
             R"({"slots":[{"name":"key1","value":"a"},{"name":"key2","value":7}]})",
             R"({"slots":[{"name":"key1","value":"a"},{"name":"key2","value":"b","made":"today"}]})",
             R"({"slots":[{"name":"key1","value":"a"},{"name":"key2","value":"b"},{"name":"key3","value":"c"}]})",
         }) {
        auto const credentials = parse_hook_slots(answer(text), relay());
        ASSERT_FALSE(credentials) << text;
        EXPECT_EQ(credentials.error().code(), Errc::corrupt) << text;
    }
}

TEST(HookProtocol, AnErrorSaysWhatCanBeDone) {
    for (auto const& [word, code] : std::initializer_list<std::pair<std::string, Errc>>{
             {"throttled", Errc::throttled},
             {"denied", Errc::permission_denied},
             {"not-found", Errc::not_found},
             {"unavailable", Errc::unavailable},
             {"conflict", Errc::conflict},
             {"invalid", Errc::invalid_argument},
             {"unknown", Errc::outcome_unknown},
             {"of-its-own", Errc::outcome_unknown},
         }) {
        auto const text = R"({"error":{"code":")" + word + R"(","message":"the relay says no","retryAfter":30}})";
        // An exit status beside it says no more.
        for (auto const& failure : {std::optional<Error>(), std::optional(Error(Errc::internal, "status 3"))}) {
            auto const credentials = parse_hook_slots(answer(text, failure), relay());
            ASSERT_FALSE(credentials) << word;
            EXPECT_EQ(credentials.error().code(), code) << word;
            EXPECT_EQ(credentials.error().message(), "the relay says no");
            EXPECT_EQ(credentials.error().retry_after(), std::chrono::seconds{30});
        }
    }
}

TEST(HookProtocol, AFailureOutweighsAnAnswer) {
    auto const credentials = parse_hook_slots(answer(both, Error(Errc::outcome_unknown, "status 3")), relay());
    ASSERT_FALSE(credentials);
    EXPECT_EQ(credentials.error().message(), "status 3");
}

TEST(HookProtocol, ATrial) {
    auto const key = SecretString::copy_of("first-key");
    auto const accepted = parse_hook_trial(answer(R"({"result":"accepted"})"), key);
    ASSERT_TRUE(accepted);
    EXPECT_EQ(accepted->trial, Trial::accepted);
    auto const rejected = parse_hook_trial(answer(R"({"result":"rejected","why":"not\nknown"})"), key);
    ASSERT_TRUE(rejected);
    EXPECT_EQ(rejected->trial, Trial::rejected);
    EXPECT_EQ(rejected->why, "not\\nknown");
    EXPECT_EQ(parse_hook_trial(answer(R"({"result":"inconclusive"})"), key)->trial, Trial::inconclusive);
    EXPECT_FALSE(parse_hook_trial(answer(R"({"result":"perhaps"})"), key));
    EXPECT_FALSE(parse_hook_trial(answer("{}"), key));
}

TEST(HookProtocol, WhatHoldsACredentialIsNotShown) {
    auto const key = SecretString::copy_of("first-key");
    auto const trial = parse_hook_trial(answer(R"({"result":"rejected","why":"who is first-key?"})"), key);
    ASSERT_TRUE(trial);
    EXPECT_FALSE(trial->why.contains("first-key")) << trial->why;
    auto const credentials = parse_hook_slots(answer(R"({"error":{"code":"denied","message":"second-key is old"},)"
                                                     R"("slots":[{"name":"key2","value":"second-key"}]})"),
                                              relay());
    ASSERT_FALSE(credentials);
    EXPECT_FALSE(credentials.error().message().contains("second-key")) << credentials.error().message();

    HookRequest const request{.operation = HookOperation::verify, .id = "1", .credential = key.clone()};
    EXPECT_TRUE(tells_credential(SecretString::copy_of("<first-key>"), request, answer("")));
    EXPECT_TRUE(tells_credential(SecretString::copy_of("second-key"), request, answer(both)));
    EXPECT_FALSE(tells_credential(SecretString::copy_of("third-key"), request, answer(both)));
    EXPECT_FALSE(tells_credential(SecretString::copy_of("third-key"), {}, answer("no JSON")));
}

}  // namespace
}  // namespace kssedr::providers
