/// KafkaSession: from joining a group until leaving it: what arrives is handed over, what is taken is committed, and
/// partitions come and go.
///
/// A partition that the group asks back is given back when what is under way in it is taken, or a few seconds have
/// passed; what was taken by then is committed first. So another member begins where this one ended, and only what was
/// still under way comes twice. Event loop thread only.

#pragma once

#include "async/clock.h"
#include "async/task_group.h"
#include "async/waiters.h"
#include "azure/contiguous_positions.h"
#include "azure/kafka_consumer.h"
#include "azure/kafka_health.h"
#include "azure/token_source.h"
#include "base/log.h"
#include "ports/event_source.h"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::azure {

class KafkaSession {
public:
    /// What is referred to outlives it.
    KafkaSession(asio::any_io_executor executor, KafkaConsumer& client, std::string name,
                 ports::EventConsumer& consumer, KafkaHealth& health, Clock& clock, Log& log, KafkaLimits limits);
    KafkaSession(KafkaSession const&) = delete;
    KafkaSession& operator=(KafkaSession const&) = delete;
    ~KafkaSession();

    /// Asks for a token for `audience` whenever librdkafka wants one.
    void sign_in_with(TokenSource& tokens, std::string audience);
    /// Until it is cancelled.
    Task<void> run();
    /// Lets go of what is under way, commits what was taken, and leaves the group. To be awaited before its end, and
    /// not cancelled.
    Task<void> close();

private:
    using Positions = ContiguousPositions<std::int64_t>;
    struct Partition {
        std::int32_t number = 0;
        Positions positions{};
        bool is_leaving = false;  // nothing more of it is handed over
        bool is_gone = false;     // what is still under way in it is nobody's any more
    };

    // What has happened.
    Task<void> pump(std::function<bool()> is_done, SteadyPoint deadline);
    /// True: there may be more at once.
    bool serve();
    void on_event(KafkaEvent event);
    void on_rebalance(KafkaEvent event);
    void on_commit_answered(rd_kafka_event_t* event);
    void on_error(rd_kafka_event_t* event);
    void on_log(rd_kafka_event_t* event);
    void on_statistics(rd_kafka_event_t* event);
    Task<void> fetch_token();

    // Messages.
    [[nodiscard]] bool has_room() const;
    void on_message(KafkaEvent event);
    Task<void> hand_over(std::shared_ptr<Partition> partition, Positions::Ticket ticket, KafkaEvent event,
                         std::string_view value);

    // Offsets.
    void store(Partition const& partition);
    void say_not_committed(std::string_view why);

    // Partitions.
    void take_partitions(rd_kafka_topic_partition_list_t const* partitions);
    Task<void> give_back();
    void finish_giving_back();
    void forget(rd_kafka_topic_partition_list_t const* partitions);
    [[nodiscard]] bool is_leaving_under_way() const;

    KafkaConsumer& client_;
    Librdkafka const& kafka_;
    std::string name_;
    ports::EventConsumer& consumer_;
    KafkaHealth& health_;
    Clock& clock_;
    Log& log_;
    KafkaLimits limits_;
    TokenSource* tokens_ = nullptr;
    std::string audience_;
    Token token_;

    asio::posix::stream_descriptor wake_;
    std::map<std::int32_t, std::shared_ptr<Partition>> partitions_;
    std::optional<KafkaEvent> asked_back_;  // what asks partitions back, until they are given back
    std::size_t messages_ = 0;              // under way
    std::size_t bytes_ = 0;
    bool is_commit_refused_ = false;  // and that has been said
    bool is_closing_ = false;
    Waiters taken_;
    TaskGroup tasks_;
    TaskGroup takes_;
};

}  // namespace kssedr::azure
