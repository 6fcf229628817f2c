/// EventHubClient: reads the partitions of one event hub for one consumer group.
///
/// The interface between what speaks AMQP and what shares partitions among instances and keeps checkpoints. Source of
/// the semantics: Microsoft Learn, "AMQP 1.0 in Azure Service Bus and Event Hubs protocol guide".

#pragma once

#include "async/async.h"
#include "base/time.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::azure {

struct ReceivedEvent {
    std::string body;    ///< all data sections of the message, joined
    std::string offset;  ///< opaque
    std::int64_t sequence = 0;
    TimePoint enqueued{};
};

/// Where in a partition reading begins.
struct EventPosition {
    enum class Kind : std::uint8_t { earliest, latest, after_offset, after_sequence, from_time };
    Kind kind = Kind::earliest;
    std::string offset;
    std::int64_t sequence = 0;
    TimePoint time{};
};

/// What a partition tells of itself.
struct PartitionProperties {
    std::string partition;
    std::int64_t first_sequence = 0;
    std::int64_t last_sequence = -1;  ///< -1: empty
    std::string last_offset;
};

/// One link. Closed when it is destroyed.
class PartitionReader {
public:
    virtual ~PartitionReader() = default;

    /// What has arrived, up to `most`; waits for the first until the deadline, and gives none then. No more than a
    /// bounded number is ever on its way here unasked. After an error the reader is of no more use. Errors:
    /// `unavailable` (the connection or the link was lost, or the service is busy; may be opened again), `conflict`
    /// (another reader with the same or a higher epoch took the partition), `permission_denied`, `not_found`,
    /// `invalid_argument` (the position lies past the end, service code `com.microsoft:argument-error`; or is of
    /// another kind than the hub's, `com.microsoft:georeplication:invalid-offset`).
    virtual Async<std::vector<ReceivedEvent>> read(std::size_t most, SteadyPoint deadline) = 0;
};

class EventHubClient {
public:
    virtual ~EventHubClient() = default;

    virtual Async<std::vector<std::string>> list_partitions(SteadyPoint deadline) = 0;
    virtual Async<PartitionProperties> describe(std::string partition, SteadyPoint deadline) = 0;
    /// Opens a link with an epoch. Errors as those of `PartitionReader::read`.
    virtual Async<std::unique_ptr<PartitionReader>> open(std::string partition, EventPosition from, std::int64_t epoch,
                                                         SteadyPoint deadline) = 0;
    /// Ends the connection. To be awaited before it is destroyed, once something was asked.
    virtual Task<void> close() = 0;
};

}  // namespace kssedr::azure
