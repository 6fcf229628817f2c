/// KafkaConsumer: one member of a consumer group, by librdkafka.
///
/// librdkafka has threads of its own; what they have to say they put into two queues, and write to a descriptor that
/// the event loop watches. So nothing of ours is called on their threads. Messages have a queue apart from all else:
/// whoever has no room for more leaves it alone, and still answers when partitions are shared anew. Once that queue is
/// full librdkafka fetches no more.
///
/// Made by `open` and ended by its destructor on any thread, since both block; all between on one.

#pragma once

#include "azure/kafka_library.h"
#include "azure/kafka_settings.h"

#include <cstdint>
#include <memory>
#include <string>

namespace kssedr::azure {

class KafkaConsumer {
public:
    /// Begins to join the group. Tries nothing that needs the network. `unavailable` where the library is not
    /// installed; `invalid_argument` where it does not take a setting, such as a file of authorities that is none. The
    /// password is copied by librdkafka, which wipes its copy at the end.
    [[nodiscard]] static Result<std::unique_ptr<KafkaConsumer>> open(KafkaSourceOptions const& options,
                                                                     KafkaLimits const& limits);
    KafkaConsumer(KafkaConsumer const&) = delete;
    KafkaConsumer& operator=(KafkaConsumer const&) = delete;
    /// Blocks until librdkafka's threads have ended, milliseconds as a rule. Everything taken out of here is gone by
    /// then.
    ~KafkaConsumer();

    [[nodiscard]] Librdkafka const& library() const { return kafka_; }
    /// Becomes readable when there may be something in a queue that was empty. Owned by this.
    [[nodiscard]] int wake_descriptor() const { return wake_; }
    /// To be called before the queues are looked into.
    void clear_wake() const;
    /// Makes the descriptor readable.
    void wake() const;

    /// What has happened, but for messages; null where nothing has. To be asked every few minutes at least, or the
    /// group gives the partitions to others.
    [[nodiscard]] KafkaEvent next_event() const { return next_of(events_); }
    /// An event with one message, or with an error; null where none is here.
    [[nodiscard]] KafkaEvent next_message() const { return next_of(messages_); }

    /// Takes what the group gives, and begins to fetch.
    [[nodiscard]] Result<void> assign(rd_kafka_topic_partition_list_t const* partitions);
    /// Gives back what the group asks back, once what is stored for it is committed. Messages of these that wait read
    /// do not come any more.
    [[nodiscard]] Result<void> unassign(rd_kafka_topic_partition_list_t const* partitions);
    /// Gives everything back, after an error of the group's.
    void unassign_all();
    /// Whether the group has taken the partitions already: nothing can be committed for them.
    [[nodiscard]] bool has_lost_partitions() const { return kafka_.rd_kafka_assignment_lost(client_) != 0; }

    /// `next` is the first message that is not done, of a partition that is assigned. It is committed within
    /// `KafkaLimits::commit_every`, when the partition is given back, and when the group is left; an event says how
    /// that went, and what failed is sent again.
    [[nodiscard]] Result<void> store(std::int32_t partition, std::int64_t next);

    [[nodiscard]] Result<void> set_token(SecretString const& token, TimePoint ends);
    void say_no_token(std::string const& why);

    /// Begins to leave the group. Events must be answered as before until `is_closed()`.
    void begin_close();
    /// It could not leave in time. What waits for an answer would keep the destructor for as long as a group remembers
    /// a member, so that librdkafka is left to itself then: it leaves when it can, and its threads stay.
    void abandon() { is_abandoned_ = true; }
    [[nodiscard]] bool is_closed() const { return kafka_.rd_kafka_consumer_closed(client_) != 0; }

private:
    KafkaConsumer(Librdkafka const& kafka, rd_kafka_t* client, std::string topic);
    [[nodiscard]] KafkaEvent next_of(KafkaQueue const& queue) const;
    [[nodiscard]] Result<void> to_result(rd_kafka_error_t* error) const;

    Librdkafka const& kafka_;
    rd_kafka_t* client_;
    std::string topic_;
    int wake_;
    bool is_abandoned_ = false;
    KafkaQueue events_;
    KafkaQueue messages_;
};

}  // namespace kssedr::azure
