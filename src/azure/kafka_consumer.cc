#include "azure/kafka_consumer.h"

#include "azure/kafka_health.h"
#include "base/ascii.h"
#include "base/check.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>

namespace kssedr::azure {
namespace {

using Text = std::array<char, 512>;

// A queue of librdkafka's, and what ends it.
KafkaQueue owned(Librdkafka const& kafka, rd_kafka_queue_t* queue) {
    return {queue, kafka.rd_kafka_queue_destroy};
}

Result<void> set(Librdkafka const& kafka, rd_kafka_conf_t* settings, std::string const& name, char const* value) {
    Text why{};
    if (kafka.rd_kafka_conf_set(settings, name.c_str(), value, why.data(), why.size()) == RD_KAFKA_CONF_OK) return {};
    return fail(Errc::invalid_argument, "librdkafka does not take " + name + ": " + to_shown_text(why.data()));
}

Result<void> set_all(Librdkafka const& kafka, rd_kafka_conf_t* settings, KafkaSourceOptions const& options,
                     KafkaLimits const& limits) {
    for (auto const& [name, value] : format_kafka_settings(options, limits)) {
        KSSEDR_TRY_VOID(set(kafka, settings, name, value.c_str()));
    }
    kafka.rd_kafka_conf_set_events(settings, RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR |
                                                 RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_STATS |
                                                 RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH);
    if (to_sign_in(options) != KafkaSignIn::password) return {};
    auto terminated = options.password.clone();
    terminated.append({"\0", 1});
    // Why a password was not taken could quote it.
    if (kafka.rd_kafka_conf_set(settings, "sasl.password", terminated.expose().data(), nullptr, 0) == RD_KAFKA_CONF_OK)
        return {};
    return fail(Errc::invalid_argument, "librdkafka does not take the password");
}

}  // namespace

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::open(KafkaSourceOptions const& options,
                                                           KafkaLimits const& limits) {
    KSSEDR_TRY(auto const* kafka, librdkafka());
    KafkaOwned<rd_kafka_conf_t> settings(kafka->rd_kafka_conf_new(), kafka->rd_kafka_conf_destroy);
    KSSEDR_TRY_VOID(set_all(*kafka, settings.get(), options, limits));
    Text why{};
    auto* const client = kafka->rd_kafka_new(RD_KAFKA_CONSUMER, settings.get(), why.data(), why.size());
    if (client == nullptr)
        return fail(Errc::invalid_argument, "librdkafka does not start: " + to_shown_text(why.data()));
    [[maybe_unused]] auto* const now_its_own = settings.release();
    std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(*kafka, client, options.topic));
    if (consumer->wake_ < 0) return fail(Errc::unavailable, "no file descriptor is left for librdkafka's events");
    KafkaPartitions const topics(kafka->rd_kafka_topic_partition_list_new(1),
                                 kafka->rd_kafka_topic_partition_list_destroy);
    kafka->rd_kafka_topic_partition_list_add(topics.get(), options.topic.c_str(), RD_KAFKA_PARTITION_UA);
    auto const subscribed = kafka->rd_kafka_subscribe(client, topics.get());
    if (subscribed != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fail(Errc::invalid_argument,
                    "the topic " + options.topic + " is not taken: " + kafka->rd_kafka_err2str(subscribed));
    return consumer;
}

KafkaConsumer::KafkaConsumer(Librdkafka const& kafka, rd_kafka_t* client, std::string topic)
    : kafka_(kafka),
      client_(client),
      topic_(std::move(topic)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      events_(owned(kafka, kafka.rd_kafka_queue_new(client))),
      messages_(owned(kafka, kafka.rd_kafka_queue_new(client))) {
    std::uint64_t const one = 1;
    for (auto* const queue : {events_.get(), messages_.get()})
        kafka_.rd_kafka_queue_io_event_enable(queue, wake_, &one, sizeof one);
    // The client's own queue leads into the group's, and that into ours: what closes it wants a queue that is neither.
    kafka_.rd_kafka_poll_set_consumer(client_);
    auto const group = owned(kafka_, kafka_.rd_kafka_queue_get_consumer(client_));
    kafka_.rd_kafka_queue_forward(group.get(), events_.get());
    kafka_.rd_kafka_set_log_queue(client_, events_.get());
}

KafkaConsumer::~KafkaConsumer() {
    for (auto* const queue : {events_.get(), messages_.get()})
        kafka_.rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
    events_.reset();
    messages_.reset();
    if (!is_abandoned_) kafka_.rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    if (wake_ >= 0) ::close(wake_);
}

void KafkaConsumer::clear_wake() const {
    std::uint64_t count = 0;
    // Nothing to read is no fault.
    [[maybe_unused]] auto const read = ::read(wake_, &count, sizeof count);
}

void KafkaConsumer::wake() const {
    std::uint64_t const one = 1;
    // It fails where the count is full, and it is readable then.
    [[maybe_unused]] auto const written = ::write(wake_, &one, sizeof one);
}

KafkaEvent KafkaConsumer::next_of(KafkaQueue const& queue) const {
    return {kafka_.rd_kafka_queue_poll(queue.get(), 0), kafka_.rd_kafka_event_destroy};
}

Result<void> KafkaConsumer::to_result(rd_kafka_error_t* error) const {
    if (error == nullptr) return {};
    std::string const text = to_shown_text(kafka_.rd_kafka_error_string(error));
    kafka_.rd_kafka_error_destroy(error);
    return fail(Errc::unavailable, text);
}

Result<void> KafkaConsumer::assign(rd_kafka_topic_partition_list_t const* partitions) {
    for (int i = 0; i < partitions->cnt; ++i) {
        auto const& partition = partitions->elems[i];
        auto const queue =
            owned(kafka_, kafka_.rd_kafka_queue_get_partition(client_, partition.topic, partition.partition));
        // Each time: librdkafka undoes it when it stops fetching.
        if (queue != nullptr) kafka_.rd_kafka_queue_forward(queue.get(), messages_.get());
    }
    return to_result(kafka_.rd_kafka_incremental_assign(client_, partitions));
}

Result<void> KafkaConsumer::unassign(rd_kafka_topic_partition_list_t const* partitions) {
    return to_result(kafka_.rd_kafka_incremental_unassign(client_, partitions));
}

void KafkaConsumer::unassign_all() {
    kafka_.rd_kafka_assign(client_, nullptr);
}

Result<void> KafkaConsumer::store(std::int32_t partition, std::int64_t next) {
    KafkaPartitions const list(kafka_.rd_kafka_topic_partition_list_new(1),
                               kafka_.rd_kafka_topic_partition_list_destroy);
    kafka_.rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition)->offset = next;
    auto const stored = kafka_.rd_kafka_offsets_store(client_, list.get());
    if (stored == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return fail(Errc::unavailable, kafka_.rd_kafka_err2str(stored));
}

Result<void> KafkaConsumer::set_token(SecretString const& token, TimePoint ends) {
    auto terminated = token.clone();
    terminated.append({"\0", 1});
    Text why{};
    auto const set =
        kafka_.rd_kafka_oauthbearer_set_token(client_, terminated.expose().data(), ends.time_since_epoch().count(),
                                              "kssedr", nullptr, 0, why.data(), why.size());
    wipe(why);  // it may quote the token
    if (set == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return fail(Errc::invalid_argument,
                std::string("librdkafka does not take the token: ") + kafka_.rd_kafka_err2str(set));
}

void KafkaConsumer::say_no_token(std::string const& why) {
    kafka_.rd_kafka_oauthbearer_set_token_failure(client_, why.c_str());
}

void KafkaConsumer::begin_close() {
    auto* const error = kafka_.rd_kafka_consumer_close_queue(client_, events_.get());
    if (error != nullptr) kafka_.rd_kafka_error_destroy(error);
}

}  // namespace kssedr::azure
