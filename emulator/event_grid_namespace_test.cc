#include "emulator/event_grid_namespace.h"

#include "test/local_azure/test_world.h"

#include <boost/json/array.hpp>

namespace kssedr::emulator {
namespace {

constexpr std::string_view event = R"({"id":"e1","source":"/s","type":"T","specversion":"1.0","data":{"a":[1, 2]}})";

class NamespaceTest : public ::testing::Test {
protected:
    NamespaceTest() {
        auto const made =
            t.admin("PUT", "topic-subscriptions",
                    R"({"namespace":"shop","topic":"expiry","name":"kssedr","lock":"PT1M","deliveriesMax":2})");
        EXPECT_EQ(text_of(member(made, "host")), "shop.westeurope-1.eventgrid.localhost:8443") << made.body;
        token = t.token_for("https://eventgrid.azure.net");
    }
    listen::Response post(std::string const& behind, std::string const& body, std::string const& query = {}) {
        return t.ask({.method = "POST",
                      .host = "shop.westeurope-1.eventgrid.localhost:8443",
                      .target = "/topics/expiry" + behind + "?api-version=2024-06-01" + query,
                      .body = body,
                      .token = token});
    }
    listen::Response publish(std::string_view body = event) { return post(":publish", std::string(body)); }
    json::array receive(std::string const& query = "&maxEvents=10") {
        return member(post("/eventsubscriptions/kssedr:receive", {}, query), "value").get_array();
    }
    // How many lock tokens an operation took, of the one given.
    std::size_t settle(std::string const& operation, std::string const& lock, std::string const& query = {}) {
        auto const answer =
            post("/eventsubscriptions/kssedr:" + operation, R"({"lockTokens":[")" + lock + "\"]}", query);
        EXPECT_EQ(answer.status, 200U) << answer.body;
        EXPECT_EQ(member(answer, "failedLockTokens").get_array().size() +
                      member(answer, "succeededLockTokens").get_array().size(),
                  1U);
        return member(answer, "succeededLockTokens").get_array().size();
    }
    static std::string lock_of(json::value const& received) {
        return text_of(received.at("brokerProperties").at("lockToken"));
    }

    TestWorld t;
    std::string token;
};

TEST_F(NamespaceTest, AnEventIsLockedUntilItIsSettledOrItsLockEnds) {
    EXPECT_EQ(publish().status, 200U);
    auto const first = receive();
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(text_of(first[0].at("event").at("id")), "e1");
    EXPECT_EQ(first[0].at("brokerProperties").at("deliveryCount").to_number<int>(), 1);
    EXPECT_TRUE(receive().empty()) << "it is locked";
    t.clock.advance(std::chrono::seconds{50});
    EXPECT_EQ(settle("renewLock", lock_of(first[0])), 1U);
    t.clock.advance(std::chrono::seconds{50});
    EXPECT_TRUE(receive().empty()) << "it was locked anew";
    t.clock.advance(std::chrono::seconds{11});
    EXPECT_EQ(settle("acknowledge", lock_of(first[0])), 0U) << "the lock has ended";
    auto const second = receive();
    ASSERT_EQ(second.size(), 1U);
    EXPECT_NE(lock_of(second[0]), lock_of(first[0]));
    EXPECT_EQ(settle("acknowledge", lock_of(second[0])), 1U);
    EXPECT_EQ(settle("acknowledge", lock_of(second[0])), 0U);
    t.clock.advance(std::chrono::minutes{10});
    EXPECT_TRUE(receive().empty());
}

TEST_F(NamespaceTest, WhatIsReleasedComesAgainAndWhatCameTooOftenIsGone) {
    EXPECT_EQ(publish("[" + std::string(event) + "]").status, 200U);
    EXPECT_EQ(settle("release", lock_of(receive().at(0)), "&releaseDelayInSeconds=10"), 1U);
    EXPECT_TRUE(receive().empty());
    t.clock.advance(std::chrono::seconds{10});
    EXPECT_EQ(settle("release", lock_of(receive().at(0))), 1U);
    EXPECT_TRUE(receive().empty()) << "it was delivered twice";
    EXPECT_EQ(publish().status, 200U);
    EXPECT_EQ(settle("reject", lock_of(receive().at(0))), 1U);
    EXPECT_TRUE(receive().empty());
    EXPECT_EQ(t.world.topic_subscriptions.front().dead, 2U);
}

TEST_F(NamespaceTest, RefusesWhatTheServiceWould) {
    EXPECT_EQ(publish(R"({"id":"e1"})").status, 400U);
    EXPECT_EQ(post("/eventsubscriptions/kssedr:receive", {}, "&maxEvents=101").status, 400U);
    EXPECT_EQ(post("/eventsubscriptions/kssedr:receive", {}, "&maxWaitTime=5").status, 400U);
    EXPECT_EQ(post("/eventsubscriptions/kssedr:release", R"({"lockTokens":[]})", "&releaseDelayInSeconds=5").status,
              400U);
    EXPECT_EQ(post("/eventsubscriptions/other:receive", {}).status, 404U);
    EXPECT_EQ(post("/eventsubscriptions/kssedr:drop", {}).status, 404U);
    token = t.token_for("https://vault.localhost");
    EXPECT_EQ(publish().status, 401U);
}

}  // namespace
}  // namespace kssedr::emulator
