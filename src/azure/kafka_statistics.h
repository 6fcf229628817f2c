/// What librdkafka tells of itself every few seconds, as far as health is concerned. Pure.
///
/// Source: librdkafka's STATISTICS.md.

#pragma once

#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace kssedr::azure {

struct KafkaStatistics {
    /// Member of the group, and connected to the leader of each partition that it was given.
    bool is_well = false;
    std::uint32_t partitions = 0;  ///< that it was given
    /// Messages behind what is committed, of all these; nothing where that is not known of each.
    std::optional<std::uint64_t> backlog;

    friend bool operator==(KafkaStatistics const&, KafkaStatistics const&) = default;
};

/// `corrupt` where it is no JSON object.
[[nodiscard]] Result<KafkaStatistics> parse_kafka_statistics(std::string_view json);

}  // namespace kssedr::azure
