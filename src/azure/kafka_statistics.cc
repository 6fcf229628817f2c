#include "azure/kafka_statistics.h"

#include "azure/json_view.h"

#include <map>

namespace kssedr::azure {
namespace {

// By their number.
std::map<std::int64_t, bool> connected_brokers(JsonView brokers) {
    std::map<std::int64_t, bool> connected;
    for (auto const& [name, broker] : brokers.members()) {
        auto const number = broker["nodeid"].integer();
        if (number) connected[*number] = connected[*number] || broker["state"].text() == "UP";
    }
    return connected;
}

// What waits, and what is under way.
std::optional<std::uint64_t> behind(JsonView partition) {
    auto const committed = partition["consumer_lag"].integer();
    if (committed && *committed >= 0) return static_cast<std::uint64_t>(*committed);
    // The group has committed nothing yet: what was not read at least.
    auto const end = partition["hi_offset"].integer();
    auto const read = partition["app_offset"].integer();
    if (!end || !read || *end < 0 || *read < 0) return std::nullopt;
    return *end > *read ? static_cast<std::uint64_t>(*end) - static_cast<std::uint64_t>(*read) : 0;
}

}  // namespace

Result<KafkaStatistics> parse_kafka_statistics(std::string_view json) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(json));
    auto const root = document.root();
    if (!root.is_object()) return fail(Errc::corrupt, "librdkafka's statistics are no JSON object");
    auto const connected = connected_brokers(root["brokers"]);
    auto const group = root["cgrp"];
    KafkaStatistics told;
    told.is_well = group["state"].text() == "up" && group["join_state"].text() == "steady";
    told.backlog = 0;
    for (auto const& [topic_name, topic] : root["topics"].members()) {
        for (auto const& [name, partition] : topic["partitions"].members()) {
            auto const state = partition["fetch_state"].text();
            // -1 is its own, for what belongs to no partition.
            if (name == "-1" || !state || *state == "none") continue;
            ++told.partitions;
            auto const leader = connected.find(partition["broker"].integer().value_or(-1));
            told.is_well = told.is_well && *state == "active" && leader != connected.end() && leader->second;
            auto const more = behind(partition);
            told.backlog = told.backlog && more ? std::optional(*told.backlog + *more) : std::nullopt;
        }
    }
    return told;
}

}  // namespace kssedr::azure
