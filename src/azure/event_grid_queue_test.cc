#include "azure/event_grid_queue.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

TEST(EventGridQueue, ReadsWhatWasReceived) {
    auto const messages = parse_received_events(
        R"({"value": [{"brokerProperties": {"lockToken": "CiYKIDE=", "deliveryCount": 1}, "event": {"id": "e1", "data": {"a": [1]}}},
                      {"event": {"id":"e2"}, "brokerProperties": {"deliveryCount": 2, "lockToken": "CiYKIDI="}, "more": 1}]})");
    ASSERT_TRUE(messages) << messages.error().message();
    ASSERT_EQ(messages->size(), 2U);
    EXPECT_EQ(messages->front().body, R"({"id": "e1", "data": {"a": [1]}})");
    EXPECT_EQ(messages->front().receipt, "CiYKIDE=");
    EXPECT_EQ(messages->back().body, R"({"id":"e2"})");
    EXPECT_TRUE(parse_received_events(R"({"value":[]})")->empty());
}

TEST(EventGridQueue, RefusesWhatIsNoSuchAnswer) {
    for (std::string_view const body :
         {"", "[]", "{}", R"({"value":{}})", R"({"value":[1]})", R"({"value":[{"event":{"id":"1"}}]})",
          R"({"value":[{"brokerProperties":{"lockToken":"t"}}]})",
          R"({"value":[{"event":{},"brokerProperties":{"lockToken":1}}]})",
          R"({"value":[{"event":{},"brokerProperties":{"lockToken":"t"}})"})
        EXPECT_FALSE(parse_received_events(body)) << body;
}

TEST(EventGridQueue, AnAnswerOf200CanHoldAFailure) {
    EXPECT_TRUE(parse_settlement(R"({"succeededLockTokens":["t"],"failedLockTokens":[]})"));
    EXPECT_TRUE(parse_settlement(R"({"succeededLockTokens":["t"]})"));
    auto const lost = parse_settlement(
        R"({"failedLockTokens":[{"lockToken":"t","error":{"code":"TokenLost","message":"Token has expired"}}]})");
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code(), Errc::not_found);
    EXPECT_NE(lost.error().message().find("TokenLost"), std::string::npos);
    auto const busy = parse_settlement(R"({"failedLockTokens":[{"lockToken":"t","error":{"code":"ServerBusy"}}]})");
    EXPECT_EQ(busy.error().code(), Errc::unavailable);
    EXPECT_FALSE(parse_settlement("no JSON"));
}

}  // namespace
}  // namespace kssedr::azure
