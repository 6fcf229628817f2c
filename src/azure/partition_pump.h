/// PartitionPump: reads one partition that this instance owns, hands its events over, and keeps its checkpoint.
///
/// Several batches are under way at once. The checkpoint is the last event before which every one is done with
/// (contiguous_positions.h): whatever dies, nothing is lost, and what was under way comes again. Event loop thread
/// only.

#pragma once

#include "async/clock.h"
#include "async/task_group.h"
#include "async/waiters.h"
#include "azure/contiguous_positions.h"
#include "azure/event_hub_client.h"
#include "base/log.h"
#include "base/random.h"
#include "ports/checkpoints.h"
#include "ports/event_source.h"

#include <optional>
#include <string>
#include <vector>

namespace kssedr::azure {

/// What to do where the checkpoint lies past the end of the partition: the hub was made anew, or its events are gone.
enum class OnLostPosition : std::uint8_t { earliest, latest, stop };

struct PumpOptions {
    std::string source;  ///< its name
    ports::EventStream stream;
    EventPosition start;  ///< where there is no checkpoint
    OnLostPosition on_lost_position = OnLostPosition::earliest;
};

class PartitionPump {
public:
    PartitionPump(asio::any_io_executor executor, EventHubClient& client, ports::Checkpoints& checkpoints,
                  ports::EventConsumer& consumer, Clock& clock, Random& random, Log& log, PumpOptions const& options,
                  std::string partition);

    void start(std::optional<ports::Checkpoint> from);
    /// Reads no more, and lets go of what is under way. What is done with is written to the checkpoint only where the
    /// partition is still ours, and until `deadline`.
    enum class Ownership : std::uint8_t { is_kept, is_lost };
    Task<void> stop(Ownership ownership, SteadyPoint deadline);

    [[nodiscard]] std::string const& partition() const { return partition_; }
    /// Why nothing is read; empty where all is well.
    [[nodiscard]] std::string const& trouble() const { return trouble_; }
    /// Whether only a person can mend it.
    [[nodiscard]] bool is_unusable() const { return is_unusable_; }
    /// Another took it: it is to be stopped, and not to be claimed again at once.
    [[nodiscard]] bool was_stolen() const { return was_stolen_; }
    /// How many events wait in the partition, where it was told.
    [[nodiscard]] std::optional<std::uint64_t> backlog() const { return backlog_; }

private:
    struct Position {
        std::string offset;
        std::int64_t sequence = 0;

        friend bool operator==(Position const&, Position const&) = default;
    };

    Task<void> read();
    /// Turns a start at the end into a place, so that it is the same whenever reading goes on from there.
    Async<void> settle_latest();
    /// Reads until something fails.
    Async<void> read_from(EventPosition from);
    Task<void> hand_over(std::vector<ReceivedEvent> events);
    Task<void> keep_checkpoint();
    [[nodiscard]] bool has_advanced() const;
    Task<void> write_checkpoint(SteadyPoint deadline);
    Task<void> watch_backlog();
    /// Whether to go on after a failure; what to do about it is in `next_`.
    Task<bool> may_go_on(Error const& error);
    Task<bool> find_position_again();
    [[nodiscard]] EventPosition next_position() const;

    EventHubClient& client_;
    ports::Checkpoints& checkpoints_;
    ports::EventConsumer& consumer_;
    Clock& clock_;
    Random& random_;
    Log& log_;
    PumpOptions const& options_;
    std::string partition_;
    std::optional<EventPosition> next_;  // where reading goes on; nothing: where options say
    ContiguousPositions<Position> positions_;
    std::optional<Position> written_;  // to the checkpoint
    bool is_checkpoint_late_ = false;
    std::size_t batches_ = 0;
    std::size_t bytes_ = 0;
    Waiters room_;
    Waiters advanced_;
    std::string trouble_;
    bool is_unusable_ = false;
    bool was_denied_ = false;
    bool was_stolen_ = false;
    std::optional<std::uint64_t> backlog_;
    int failures_ = 0;
    TaskGroup tasks_;
};

}  // namespace kssedr::azure
