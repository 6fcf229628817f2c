/// KafkaSource: events from a topic of Kafka, or of an event hub by its Kafka endpoint, as a member of a consumer
/// group.
///
/// Offsets follow the rule of all sources: what is committed for a partition is how far every message before has been
/// taken (`ports::EventConsumer::take`), so a message may come twice and is never lost. Event loop thread only.

#pragma once

#include "async/clock.h"
#include "async/offload.h"
#include "async/task_group.h"
#include "azure/kafka_health.h"
#include "azure/kafka_settings.h"
#include "azure/token_source.h"
#include "base/log.h"
#include "ports/event_source.h"

#include <memory>
#include <string>

namespace kssedr::azure {

class KafkaConsumer;

class KafkaSource final : public ports::EventSource {
public:
    /// `tokens` is asked where neither a password nor plaintext is set, and may be null else. `offload`, `clock`, `log`
    /// and `tokens` outlive this.
    KafkaSource(asio::any_io_executor executor, Offload& offload, KafkaSourceOptions options, TokenSource* tokens,
                Clock& clock, Log& log, KafkaLimits limits = {});

    [[nodiscard]] std::string const& name() const override { return options_.name; }
    /// Once. Cancelled, it commits what has been taken, gives its partitions back, and ends within
    /// `KafkaLimits::close_within` and what librdkafka's threads need to end.
    Task<void> run(ports::EventConsumer& consumer) override;
    [[nodiscard]] ports::SourceHealth health() const override { return health_.now(); }

private:
    /// Starts librdkafka, again and again until it starts.
    Task<std::unique_ptr<KafkaConsumer>> open();

    asio::any_io_executor executor_;
    Offload& offload_;
    KafkaSourceOptions options_;
    TokenSource* tokens_;
    Clock& clock_;
    Log& log_;
    KafkaLimits limits_;
    KafkaHealth health_;
};

}  // namespace kssedr::azure
