#include "azure/kafka_settings.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::azure {

KafkaSignIn to_sign_in(KafkaSourceOptions const& options) {
    if (options.is_plaintext) return KafkaSignIn::none;
    return options.password.empty() ? KafkaSignIn::token : KafkaSignIn::password;
}

std::vector<std::pair<std::string, std::string>> format_kafka_settings(KafkaSourceOptions const& options,
                                                                       KafkaLimits const& limits) {
    std::vector<std::pair<std::string, std::string>> settings{
        {"bootstrap.servers", options.brokers},
        {"client.id", "kssedr"},
        {"group.id", options.group},
        {"partition.assignment.strategy", "cooperative-sticky"},
        {"auto.offset.reset", options.start == KafkaSourceOptions::Start::latest ? "latest" : "earliest"},
        // What is done is said by us, and by nobody on our behalf; librdkafka tells the group of it, and knows when not
        // to: a commit on its way while the group shares its partitions anew makes a member lose them all.
        {"enable.auto.offset.store", "false"},
        {"enable.auto.commit", "true"},
        {"auto.commit.interval.ms", std::to_string(limits.commit_every.count())},
        {"allow.auto.create.topics", "false"},
        // Azure's load balancers forget a connection that is silent for four minutes.
        {"socket.keepalive.enable", "true"},
        {"metadata.max.age.ms", "180000"},
        {"topic.metadata.refresh.interval.ms", "180000"},
        {"connections.max.idle.ms", "180000"},
        {"session.timeout.ms", std::to_string(limits.session.count())},
        {"heartbeat.interval.ms", "3000"},
        {"log.connection.close", "false"},
        {"log.queue", "true"},
        {"statistics.interval.ms", std::to_string(limits.look_every.count())},
        // What waits read, all partitions together; and what a broker may answer with at once.
        {"queued.min.messages", "10000"},
        {"queued.max.messages.kbytes", std::to_string(std::max<std::size_t>(1, limits.bytes >> 10U))},
        {"fetch.max.bytes", "4194304"},
        {"receive.message.max.bytes", "67108864"},
    };
    auto const sign_in = to_sign_in(options);
    settings.emplace_back("security.protocol", sign_in == KafkaSignIn::none ? "plaintext" : "sasl_ssl");
    if (sign_in == KafkaSignIn::none) return settings;
    settings.emplace_back("ssl.endpoint.identification.algorithm", "https");
    settings.emplace_back("enable.ssl.certificate.verification", "true");
    if (!options.ca_file.empty()) settings.emplace_back("ssl.ca.location", options.ca_file);
    settings.emplace_back("sasl.mechanisms", sign_in == KafkaSignIn::password ? "PLAIN" : "OAUTHBEARER");
    if (sign_in == KafkaSignIn::password) settings.emplace_back("sasl.username", options.user);
    return settings;
}

std::string to_token_audience(std::string_view brokers) {
    auto const first = trim(split(brokers, ',').front());
    return "https://" + to_ascii_lower(first.substr(0, first.rfind(':')));
}

}  // namespace kssedr::azure
