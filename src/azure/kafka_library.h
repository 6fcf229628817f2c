/// librdkafka, loaded when the first source over Kafka's protocol starts; and owners for what it gives out.
///
/// Whatever is owned here goes before the client that it came from (`rd_kafka_t`) does.
/// Source: librdkafka's `rdkafka.h`, version 2.0.2.

#pragma once

#include "base/shared_library.h"

#include <librdkafka/rdkafka.h>

#include <memory>

#define KSSEDR_LIBRDKAFKA(apply)                                                                                       \
    apply(rd_kafka_conf_new) apply(rd_kafka_conf_destroy) apply(rd_kafka_conf_set) apply(rd_kafka_conf_set_events)     \
        apply(rd_kafka_new) apply(rd_kafka_destroy_flags) apply(rd_kafka_set_log_queue)                                \
            apply(rd_kafka_poll_set_consumer) apply(rd_kafka_subscribe) apply(rd_kafka_incremental_assign)             \
                apply(rd_kafka_incremental_unassign) apply(rd_kafka_assign) apply(rd_kafka_assignment_lost)            \
                    apply(rd_kafka_offsets_store) apply(rd_kafka_consumer_close_queue) apply(rd_kafka_consumer_closed) \
                        apply(rd_kafka_oauthbearer_set_token) apply(rd_kafka_oauthbearer_set_token_failure)            \
                            apply(rd_kafka_topic_name) apply(rd_kafka_err2str) apply(rd_kafka_error_code)              \
                                apply(rd_kafka_error_string) apply(rd_kafka_error_destroy)
#define KSSEDR_LIBRDKAFKA_QUEUES(apply)                                                                              \
    apply(rd_kafka_queue_new) apply(rd_kafka_queue_destroy) apply(rd_kafka_queue_get_consumer)                       \
        apply(rd_kafka_queue_get_partition) apply(rd_kafka_queue_forward) apply(rd_kafka_queue_poll)                 \
            apply(rd_kafka_queue_io_event_enable) apply(rd_kafka_event_type) apply(rd_kafka_event_destroy)           \
                apply(rd_kafka_event_message_next) apply(rd_kafka_event_error) apply(rd_kafka_event_error_string)    \
                    apply(rd_kafka_event_log) apply(rd_kafka_event_stats) apply(rd_kafka_event_topic_partition_list) \
                        apply(rd_kafka_topic_partition_list_new) apply(rd_kafka_topic_partition_list_add)            \
                            apply(rd_kafka_topic_partition_list_destroy)

namespace kssedr::azure {

struct Librdkafka {
    KSSEDR_LIBRDKAFKA(KSSEDR_LIBRARY_MEMBER)
    KSSEDR_LIBRDKAFKA_QUEUES(KSSEDR_LIBRARY_MEMBER)

    [[nodiscard]] static Result<Librdkafka> load();
};

/// The library, loaded by whoever asks first; `unavailable` where it is not installed. Any thread.
[[nodiscard]] Result<Librdkafka const*> librdkafka();

template <class T>
using KafkaOwned = std::unique_ptr<T, void (*)(T*)>;
using KafkaEvent = KafkaOwned<rd_kafka_event_t>;
using KafkaQueue = KafkaOwned<rd_kafka_queue_t>;
using KafkaPartitions = KafkaOwned<rd_kafka_topic_partition_list_t>;

}  // namespace kssedr::azure
