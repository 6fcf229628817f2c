// The part of KafkaSession that commits offsets, and takes partitions and gives them back.

#include "azure/kafka_session.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <utility>

namespace kssedr::azure {

void KafkaSession::store(Partition const& partition) {
    if (partition.is_gone) return;
    auto const stored = client_.store(partition.number, *partition.positions.contiguous() + 1);
    if (!stored) say_not_committed(stored.error().message());
}

void KafkaSession::on_commit_answered(rd_kafka_event_t* event) {
    auto failed = kafka_.rd_kafka_event_error(event);
    auto const* const list = kafka_.rd_kafka_event_topic_partition_list(event);
    for (int i = 0; list != nullptr && i < list->cnt; ++i)
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) failed = list->elems[i].err;
    if (failed == RD_KAFKA_RESP_ERR__NO_OFFSET) return;  // there was nothing new
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR)
        is_commit_refused_ = false;
    else
        say_not_committed(kafka_.rd_kafka_err2str(failed));
}

void KafkaSession::say_not_committed(std::string_view why) {
    if (std::exchange(is_commit_refused_, true)) return;
    log_.warn("kafka.not_committed", {{"source", name_}, {"why", to_shown_text(why)}});
}

void KafkaSession::on_rebalance(KafkaEvent event) {
    auto const* const list = kafka_.rd_kafka_event_topic_partition_list(event.get());
    switch (kafka_.rd_kafka_event_error(event.get())) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: take_partitions(list); return;
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS: break;
    default:
        for (auto const& [number, partition] : partitions_) partition->is_gone = true;
        partitions_.clear();
        client_.unassign_all();
        return;
    }
    for (int i = 0; i < list->cnt; ++i)
        if (auto const found = partitions_.find(list->elems[i].partition); found != partitions_.end())
            found->second->is_leaving = true;
    log_.debug("kafka.asked_back", {{"source", name_}, {"less", std::to_string(list->cnt)}});
    asked_back_ = std::move(event);
    if (is_closing_)
        finish_giving_back();
    else
        tasks_.spawn("partitions", give_back());
}

void KafkaSession::take_partitions(rd_kafka_topic_partition_list_t const* partitions) {
    for (int i = 0; i < partitions->cnt; ++i)
        partitions_.insert_or_assign(partitions->elems[i].partition,
                                     std::make_shared<Partition>(Partition{partitions->elems[i].partition}));
    auto const assigned = client_.assign(partitions);
    if (!assigned) {
        health_.on_error(RD_KAFKA_RESP_ERR__STATE, assigned.error().message(), clock_.now());
        return;
    }
    health_.on_assignment(clock_.now());
    log_.info("kafka.assigned", {{"source", name_},
                                 {"more", std::to_string(partitions->cnt)},
                                 {"partitions", std::to_string(partitions_.size())}});
}

bool KafkaSession::is_leaving_under_way() const {
    auto const is_under_way = [](auto const& entry) {
        return entry.second->is_leaving && entry.second->positions.is_under_way();
    };
    return std::ranges::any_of(partitions_, is_under_way);
}

Task<void> KafkaSession::give_back() {
    using namespace asio::experimental::awaitable_operators;
    auto const deadline = clock_.steady_now() + limits_.give_back_within;
    if (!client_.has_lost_partitions()) {
        while (is_leaving_under_way() && clock_.steady_now() < deadline) {
            co_await (taken_.wait() || clock_.sleep_until(deadline));
        }
    }
    finish_giving_back();
}

void KafkaSession::finish_giving_back() {
    auto const event = std::move(*asked_back_);
    asked_back_.reset();
    auto const* const list = kafka_.rd_kafka_event_topic_partition_list(event.get());
    forget(list);
    auto const given = client_.unassign(list);
    if (!given) client_.unassign_all();
    log_.info(
        "kafka.given_back",
        {{"source", name_}, {"less", std::to_string(list->cnt)}, {"partitions", std::to_string(partitions_.size())}});
}

void KafkaSession::forget(rd_kafka_topic_partition_list_t const* partitions) {
    for (int i = 0; i < partitions->cnt; ++i) {
        auto const found = partitions_.find(partitions->elems[i].partition);
        if (found == partitions_.end()) continue;
        found->second->is_gone = true;
        partitions_.erase(found);
    }
}

}  // namespace kssedr::azure
