/// What a source over Kafka's protocol is set to, and what of that librdkafka is told. Pure.
///
/// Sources: librdkafka's CONFIGURATION.md; Microsoft Learn, "Recommended configurations for Apache Kafka clients"
/// (Event Hubs).

#pragma once

#include "base/secret_string.h"
#include "base/time.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kssedr::azure {

struct KafkaSourceOptions {
    enum class Start : std::uint8_t { earliest, latest };

    std::string name;
    std::string brokers;  ///< `host:port`, separated by commas
    std::string topic;
    std::string group;
    std::string user;       ///< SASL PLAIN's; Event Hubs' is `$ConnectionString`. Empty with an empty password: Entra
    SecretString password;  ///< Event Hubs': the connection string
    bool is_plaintext = false;      ///< neither TLS nor SASL
    Start start = Start::earliest;  ///< where the group has no offset, or one that is gone
    std::string ca_file;            ///< PEM; empty: the system's
};

/// Bounds, and how long things may take.
struct KafkaLimits {
    /// What is handed over at once; a single message that is larger is handed over alone. As much again may wait read.
    std::size_t messages = 256;
    std::size_t bytes = std::size_t{8} << 20U;
    /// A member that the group has not heard of for so long is dead to it.
    Duration session = std::chrono::seconds{30};
    Duration commit_every = std::chrono::seconds{1};
    /// What is under way when partitions are taken away, or at the end, is waited for so long before what is complete
    /// is committed.
    Duration give_back_within = std::chrono::seconds{5};
    Duration close_within = std::chrono::seconds{4};
    Duration look_every = std::chrono::seconds{5};  ///< librdkafka tells how it is
};

enum class KafkaSignIn : std::uint8_t { none, password, token };

[[nodiscard]] KafkaSignIn to_sign_in(KafkaSourceOptions const& options);

/// Names and values for `rd_kafka_conf_set`, all but the password.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> format_kafka_settings(KafkaSourceOptions const& options,
                                                                                     KafkaLimits const& limits);

/// Whom a token for these brokers is for: `https://` and the first one's host, lower case.
[[nodiscard]] std::string to_token_audience(std::string_view brokers);

}  // namespace kssedr::azure
