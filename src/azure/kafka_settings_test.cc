#include "azure/kafka_settings.h"

#include <gtest/gtest.h>

namespace kssedr::azure {
namespace {

KafkaSourceOptions options(std::string_view user, std::string_view password, bool is_plaintext) {
    KafkaSourceOptions made;
    made.name = "kafka";
    made.brokers = "shop.servicebus.windows.net:9093";
    made.topic = "near-expiry";
    made.group = "kssedr";
    made.user = user;
    made.password = SecretString::copy_of(password);
    made.is_plaintext = is_plaintext;
    return made;
}

std::map<std::string, std::string> settings_of(KafkaSourceOptions const& given) {
    std::map<std::string, std::string> told;
    for (auto const& [name, value] : format_kafka_settings(given, {})) {
        EXPECT_FALSE(told.contains(name)) << name;
        told[name] = value;
    }
    return told;
}

TEST(KafkaSettings, SignInAsIsWanted) {
    struct Case {
        char const* name;
        KafkaSourceOptions options;
        std::string protocol;
        std::string mechanism;
        std::string user;
    };
    std::vector<Case> cases;
    cases.push_back({"a broker of one's own", options("", "", true), "plaintext", "", ""});
    cases.push_back({"Event Hubs with its connection string",
                     options("$ConnectionString", "Endpoint=sb://…;SharedAccessKey=hunter2", false), "sasl_ssl",
                     "PLAIN", "$ConnectionString"});
    cases.push_back({"a user of Kafka's", options("app", "hunter2", false), "sasl_ssl", "PLAIN", "app"});
    cases.push_back({"kssedr's identity", options("", "", false), "sasl_ssl", "OAUTHBEARER", ""});
    for (auto const& [name, given, protocol, mechanism, user] : cases) {
        auto told = settings_of(given);
        EXPECT_EQ(told["security.protocol"], protocol) << name;
        EXPECT_EQ(told["sasl.mechanisms"], mechanism) << name;
        EXPECT_EQ(told["sasl.username"], user) << name;
        // A certificate is always looked at, whatever defaults are.
        EXPECT_EQ(told["enable.ssl.certificate.verification"], mechanism.empty() ? "" : "true") << name;
        EXPECT_EQ(told["ssl.endpoint.identification.algorithm"], mechanism.empty() ? "" : "https") << name;
        EXPECT_FALSE(told.contains("ssl.ca.location")) << name;
        for (auto const& [setting, value] : told) EXPECT_FALSE(value.contains("hunter2")) << setting;
    }
}

TEST(KafkaSettings, CommitWhatIsStoredAndNothingElse) {
    auto told = settings_of(options("", "", true));
    EXPECT_EQ(told["enable.auto.offset.store"], "false");
    EXPECT_EQ(told["enable.auto.commit"], "true");
    EXPECT_EQ(told["partition.assignment.strategy"], "cooperative-sticky");
    EXPECT_EQ(told["allow.auto.create.topics"], "false");
    EXPECT_EQ(told["auto.offset.reset"], "earliest");
    EXPECT_EQ(told["queued.max.messages.kbytes"], "8192");
}

TEST(KafkaSettings, FollowTheOptions) {
    auto given = options("app", "hunter2", false);
    given.start = KafkaSourceOptions::Start::latest;
    given.ca_file = "/etc/kssedr/ca.pem";
    auto told = settings_of(given);
    EXPECT_EQ(told["auto.offset.reset"], "latest");
    EXPECT_EQ(told["ssl.ca.location"], "/etc/kssedr/ca.pem");
    EXPECT_EQ(told["group.id"], "kssedr");
}

TEST(KafkaSettings, AskForATokenForTheFirstBroker) {
    for (auto const& [brokers, audience] : std::vector<std::pair<std::string, std::string>>{
             {"shop.servicebus.windows.net:9093", "https://shop.servicebus.windows.net"},
             {"Shop.ServiceBus.Windows.net:9093", "https://shop.servicebus.windows.net"},
             {" a.example.com:9093 ,b.example.com:9093", "https://a.example.com"},
             {"", "https://"},
         })
        EXPECT_EQ(to_token_audience(brokers), audience) << brokers;
}

}  // namespace
}  // namespace kssedr::azure
