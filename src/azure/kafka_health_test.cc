#include "azure/kafka_health.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

using ports::SourceState;
using namespace std::chrono_literals;

constexpr TimePoint begin{1768469400000ms};
constexpr KafkaStatistics well{true, 4, 7};
constexpr KafkaStatistics unwell{false, 4, {}};

KafkaHealth health(KafkaSignIn sign_in = KafkaSignIn::password) {
    return {"broker:9093", "near-expiry", "kssedr", sign_in, begin};
}

TEST(KafkaHealth, SaysWhatAnErrorMeansAndWhatToDo) {
    struct Case {
        rd_kafka_resp_err_t code;
        std::string text;
        SourceState state;
        std::string reason;
        KafkaSignIn sign_in = KafkaSignIn::password;
    };
    for (auto const& [code, text, state, reason, sign_in] : std::vector<Case>{
             {RD_KAFKA_RESP_ERR__AUTHENTICATION, "refused", SourceState::unusable,
              "mend user, or what secret_from holds"},
             {RD_KAFKA_RESP_ERR__AUTHENTICATION, "refused", SourceState::unusable, "Azure Event Hubs Data Receiver",
              KafkaSignIn::token},
             {RD_KAFKA_RESP_ERR__AUTHENTICATION, "refused", SourceState::unusable, "leave plaintext out",
              KafkaSignIn::none},
             {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "", SourceState::unusable, "there is no topic near-expiry"},
             {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "", SourceState::unusable, "by the group kssedr"},
             {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, "", SourceState::unusable, "by the group kssedr"},
             {RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, "", SourceState::unusable, "a group of its own"},
             {RD_KAFKA_RESP_ERR__SSL, "x: certificate verify failed: self-signed", SourceState::unusable,
              "SSL_CERT_FILE"},
             {RD_KAFKA_RESP_ERR__SSL, "handshake failed: Disconnected", SourceState::retrying, "Disconnected"},
             {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", SourceState::retrying,
              "none of broker:9093"},
             {RD_KAFKA_RESP_ERR__RESOLVE, "no such host", SourceState::retrying, "no such host"},
         }) {
        auto mine = health(sign_in);
        mine.on_error(code, text, begin + 1s);
        EXPECT_EQ(mine.now().state, state) << text;
        EXPECT_TRUE(mine.now().reason.contains(reason)) << mine.now().reason;
        EXPECT_EQ(mine.now().since, begin + 1s) << text;
    }
}

TEST(KafkaHealth, GoesByTheStatisticsWhereAnErrorMayHavePassed) {
    auto mine = health();
    EXPECT_EQ(mine.now().state, SourceState::starting);
    mine.on_assignment(begin + 1s);
    EXPECT_EQ(mine.now().state, SourceState::ready);
    mine.on_error(RD_KAFKA_RESP_ERR__TRANSPORT, "hung up", begin + 2s);
    EXPECT_EQ(mine.now().state, SourceState::ready) << "it connects anew by itself";
    mine.on_statistics(unwell, begin + 3s);
    EXPECT_EQ(mine.now().state, SourceState::ready) << "once may be a change of members";
    mine.on_statistics(unwell, begin + 8s);
    EXPECT_EQ(mine.now().state, SourceState::retrying);
    EXPECT_EQ(mine.now().reason, "hung up");
    EXPECT_EQ(mine.now().backlog, std::nullopt);
    mine.on_statistics(well, begin + 13s);
    EXPECT_EQ(mine.now().state, SourceState::ready);
    EXPECT_EQ(mine.now().reason, "");
    EXPECT_EQ(mine.now().since, begin + 13s);
    EXPECT_EQ(mine.now().backlog, 7U);
}

TEST(KafkaHealth, KeepsTheReasonThatSaysMore) {
    auto mine = health();
    mine.on_error(RD_KAFKA_RESP_ERR__AUTHENTICATION, "refused", begin);
    mine.on_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", begin);
    mine.on_statistics(unwell, begin);
    mine.on_statistics(unwell, begin);
    EXPECT_EQ(mine.now().state, SourceState::unusable);
    auto other = health();
    other.on_error(RD_KAFKA_RESP_ERR__RESOLVE, "no such host", begin);
    other.on_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", begin);
    EXPECT_TRUE(other.now().reason.contains("no such host")) << other.now().reason;
}

TEST(ToShownText, LeavesOutWhatABrokerSaysAboutSigningIn) {
    for (auto const& [text, shown] : std::vector<std::pair<std::string, std::string>>{
             {"Connect failed", "Connect failed"},
             {"b/1: SASL authentication error: SharedAccessKey=hunter2 is wrong",
              "b/1: SASL authentication error: (its words are left out)"},
             {"SaslAuthenticateRequest failed: hunter2", "SaslAuthenticateRequest failed: (its words are left out)"},
             {"a\nb\x1b[31m", "a\\nb\\u{1b}[31m"},
             {"", ""},
         })
        EXPECT_EQ(to_shown_text(text), shown);
    EXPECT_LE(to_shown_text(std::string(5000, 'x')).size(), 310U);
}

TEST(ParseKafkaStatistics, TellsWhetherAllIsConnectedAndHowMuchWaits) {
    struct Case {
        char const* name;
        std::string json;
        KafkaStatistics told;
    };
    auto const with = [](std::string const& group, std::string const& broker, std::string const& partitions) {
        return R"({"brokers":{"b:9093/bootstrap":{"nodeid":-1,"state":"INIT"},"b:9093/1":{"nodeid":1,"state":")" +
               broker + R"("}},"topics":{"near-expiry":{"partitions":{"-1":{"fetch_state":"none","consumer_lag":-1},)" +
               partitions + R"(}}},"cgrp":{"state":"up","join_state":")" + group + "\"}}";
    };
    std::string const one = R"("0":{"broker":1,"fetch_state":"active","consumer_lag":5})";
    std::string const fresh =
        R"("1":{"broker":1,"fetch_state":"active","consumer_lag":-1,"hi_offset":9,"app_offset":2})";
    std::string const unknown =
        R"("1":{"broker":1,"fetch_state":"active","consumer_lag":-1,"hi_offset":-1001,"app_offset":-1001})";
    for (auto const& [name, json, told] : std::vector<Case>{
             {"all is well", with("steady", "UP", one), {true, 1, 5}},
             {"nothing was committed yet", with("steady", "UP", one + "," + fresh), {true, 2, 12}},
             {"one does not tell", with("steady", "UP", one + "," + unknown), {true, 2, {}}},
             {"joining", with("wait-join", "UP", one), {false, 1, 5}},
             {"the leader is away", with("steady", "CONNECT", one), {false, 1, 5}},
             {"the leader is nobody",
              with("steady", "UP", R"("0":{"broker":-1,"fetch_state":"active","consumer_lag":0})"),
              {false, 1, 0}},
             {"it is not fetched yet",
              with("steady", "UP", R"("0":{"broker":1,"fetch_state":"offset-query","consumer_lag":0})"),
              {false, 1, 0}},
             {"others have all", with("steady", "INIT", R"("0":{"broker":1,"fetch_state":"none"})"), {true, 0, 0}},
             {"nothing in it", "{}", {false, 0, 0}},
             {"other kinds", R"({"brokers":1,"topics":[],"cgrp":"up"})", {false, 0, 0}},
         }) {
        auto const parsed = parse_kafka_statistics(json);
        ASSERT_TRUE(parsed.has_value()) << name;
        EXPECT_EQ(*parsed, told) << name;
    }
    for (auto const* const json : {"", "[]", "1", "{\"a\":", "\xff"})
        EXPECT_FALSE(parse_kafka_statistics(json).has_value()) << json;
}

}  // namespace
}  // namespace kssedr::azure
