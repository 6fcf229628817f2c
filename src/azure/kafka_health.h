/// KafkaHealth: how a source over Kafka's protocol is, from what librdkafka says.
///
/// librdkafka mends connections by itself and says little of it: an error when something fails, once, and statistics
/// every few seconds. So an error gives the reason, and the statistics say whether it is still so. Pure; one thread.

#pragma once

#include "azure/kafka_settings.h"
#include "azure/kafka_statistics.h"
#include "ports/event_source.h"

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

namespace kssedr::azure {

/// Text of librdkafka's that is fit for people and logs: escaped, at most 300 characters, and without what a broker
/// said about signing in, since that may quote what it was sent.
[[nodiscard]] std::string to_shown_text(std::string_view text);

class KafkaHealth {
public:
    KafkaHealth(std::string brokers, std::string topic, std::string group, KafkaSignIn sign_in, TimePoint now);

    /// Something failed; `text` is librdkafka's.
    void on_error(rd_kafka_resp_err_t code, std::string_view text, TimePoint now);
    /// It could not be started, or has no token.
    void on_failure(ports::SourceState state, std::string reason, TimePoint now);
    /// The group has given it partitions, or said that it has none for it.
    void on_assignment(TimePoint now);
    void on_statistics(KafkaStatistics const& told, TimePoint now);

    [[nodiscard]] ports::SourceHealth const& now() const { return health_; }

private:
    /// How bad an error is, and what is to be done.
    struct Judgement {
        ports::SourceState state;
        std::string reason;
        bool holds_at_once;  ///< else only where the statistics say so too
    };
    [[nodiscard]] Judgement judge(rd_kafka_resp_err_t code, std::string_view text) const;
    [[nodiscard]] std::string sign_in_cure() const;
    void set(ports::SourceState state, std::string reason, TimePoint now);

    std::string brokers_;
    std::string topic_;
    std::string group_;
    KafkaSignIn sign_in_;
    ports::SourceHealth health_;
    std::string last_fault_;  // what is likely to blame where the statistics tell that it is not well
    int unwell_ = 0;          // how often in a row
};

}  // namespace kssedr::azure
