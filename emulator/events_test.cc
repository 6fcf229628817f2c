#include "test/local_azure/test_world.h"

#include <boost/json/array.hpp>

namespace kssedr::emulator {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

TEST(NearExpiry, IsThirtyDaysBeforeOrSoon) {
    auto const now = test::epoch;
    EXPECT_EQ(near_expiry_at(now + days(90), now), now + days(60));
    EXPECT_EQ(near_expiry_at(now + days(30) + 1s, now), now + 1s);
    EXPECT_EQ(near_expiry_at(now + days(30), now), now + 15min);
    EXPECT_EQ(near_expiry_at(now + days(2), now), now + 15min);
    EXPECT_EQ(near_expiry_at(now + 20min, now), now + 10min);
    EXPECT_EQ(near_expiry_at(now, now), std::nullopt);
    EXPECT_EQ(near_expiry_at(now - 1s, now), std::nullopt);
}

class EventsTest : public ::testing::Test {
protected:
    std::string set(std::string const& exp, std::string const& more = {}) {
        auto const response = t.vault("PUT", "/secrets/s", R"({"value":"v","attributes":{"exp":)" + exp + more + "}}");
        EXPECT_EQ(response.status, 200U) << response.body;
        auto const id = text_of(member(response, "id"));
        return id.substr(id.rfind('/') + 1);
    }
    std::string in(Duration span) {
        return std::to_string(
            std::chrono::floor<std::chrono::seconds>(t.clock.now() + span).time_since_epoch().count());
    }
    /// The short types, with the version each is about.
    std::vector<std::pair<std::string, std::string>> happened() {
        std::vector<std::pair<std::string, std::string>> list;
        t.events.tick();
        for (auto const& one : t.events.events_since(0, EventSchema::cloud_events))
            list.emplace_back(text_of(member(one, "event.type")).substr(19),
                              text_of(member(one, "event.data.Version")));
        return list;
    }
    using Happened = std::vector<std::pair<std::string, std::string>>;
    TestWorld t;
};

TEST_F(EventsTest, TheLifeOfAVersion) {
    auto const version = set(in(days(90)));
    EXPECT_EQ(happened(), (Happened{{"SecretNewVersionCreated", version}}));
    t.clock.advance(days(60) - 1s);
    EXPECT_EQ(happened().size(), 1U);
    t.clock.advance(2s);
    EXPECT_EQ(happened(), (Happened{{"SecretNewVersionCreated", version}, {"SecretNearExpiry", version}}));
    t.clock.advance(days(30));
    EXPECT_EQ(happened().back(), (std::pair<std::string, std::string>{"SecretExpired", version}));
    t.clock.advance(days(300));
    EXPECT_EQ(happened().size(), 3U);
}

TEST_F(EventsTest, AReplacedVersionIsNotSpokenOf) {
    auto const first = set(in(days(90)));
    auto const second = set(in(days(200)));
    t.clock.advance(days(100));
    EXPECT_EQ(happened(), (Happened{{"SecretNewVersionCreated", first}, {"SecretNewVersionCreated", second}}));
}

TEST_F(EventsTest, UnlessTheVaultIsToldToSpeakOfAll) {
    t.admin("PUT", "vaults", R"({"name":"demo","eventsForOldVersions":true})");
    auto const first = set(in(days(90)));
    auto const second = set(in(days(200)));
    t.clock.advance(days(61));
    EXPECT_EQ(happened(), (Happened{{"SecretNewVersionCreated", first},
                                    {"SecretNewVersionCreated", second},
                                    {"SecretNearExpiry", first}}));
}

TEST_F(EventsTest, AnExpiryThatIsMovedMovesItsEvents) {
    auto const version = set(in(days(90)));
    t.vault("PATCH", "/secrets/s/" + version, R"({"attributes":{"exp":)" + in(days(400)) + "}}");
    t.clock.advance(days(100));
    EXPECT_EQ(happened().size(), 1U);
    t.clock.advance(days(300));
    EXPECT_EQ(happened().size(), 3U);
}

TEST_F(EventsTest, ADisabledVersionIsSpokenOfAndADeletedOneIsNot) {
    auto const version = set(in(days(90)), R"(,"enabled":false)");
    t.clock.advance(days(61));
    EXPECT_EQ(happened(), (Happened{{"SecretNewVersionCreated", version}, {"SecretNearExpiry", version}}));
    t.vault("DELETE", "/secrets/s");
    t.clock.advance(days(30));
    EXPECT_EQ(happened().size(), 2U);
}

TEST_F(EventsTest, BothSchemasAsDocumented) {
    auto const exp = in(days(90));
    auto const version = set(exp);
    auto const vault_id =
        "/subscriptions/" + t.subscription() + "/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo";
    auto const cloud = t.events.events_since(0, EventSchema::cloud_events)[0].at("event");
    EXPECT_EQ(text_of(member(cloud, "specversion")), "1.0");
    EXPECT_EQ(text_of(member(cloud, "source")), vault_id);
    EXPECT_EQ(text_of(member(cloud, "subject")), "s");
    EXPECT_TRUE(text_of(member(cloud, "time")).starts_with("2026-01-15T09:30:00.")) << text_of(member(cloud, "time"));
    EXPECT_EQ(text_of(member(cloud, "data.Id")), "https://demo.vault.localhost:8443/secrets/s/" + version);
    EXPECT_EQ(text_of(member(cloud, "data.EXP")), exp);
    EXPECT_TRUE(cloud.at("data").at("NBF").is_null());
    EXPECT_EQ(text_of(member(cloud, "data.VaultName")), "demo");
    EXPECT_EQ(text_of(member(cloud, "data.ObjectType")), "Secret");
    auto const classic = t.events.events_since(0, EventSchema::event_grid)[0].at("event");
    EXPECT_EQ(text_of(member(classic, "topic")), vault_id);
    EXPECT_EQ(text_of(member(classic, "eventType")), "Microsoft.KeyVault.SecretNewVersionCreated");
    EXPECT_EQ(text_of(member(classic, "dataVersion")), "1");
    EXPECT_EQ(text_of(member(classic, "id")), text_of(member(cloud, "id")));
}

TEST(Endpoint, OnlyLoopbackIsTaken) {
    auto const endpoint = parse_endpoint("http://localhost:7071/api/events?code=x");
    ASSERT_TRUE(endpoint);
    EXPECT_EQ(endpoint->port, 7071);
    EXPECT_EQ(endpoint->target, "/api/events?code=x");
    EXPECT_TRUE(parse_endpoint("http://127.0.0.1"));
    for (auto const* url : {"", "https://localhost/", "http://example.com/", "http://localhost.example.com/",
                            "http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://localhost:x/",
                            "http://localhost/a b", "http://u@localhost.evil/", "http://localhost/\r\nX: y"})
        EXPECT_FALSE(parse_endpoint(url)) << url;
}

}  // namespace
}  // namespace kssedr::emulator
