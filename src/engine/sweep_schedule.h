/// SweepSchedule: a sweep at the start, and then by a schedule with jitter, by one of those who share the leases.
///
/// Whoever sweeps holds a lease while it lives, so that of many instances one does; another takes over when that one is
/// gone. Event loop thread only.

#pragma once

#include "async/latch.h"
#include "async/task_group.h"
#include "engine/leadership.h"
#include "engine/ledger.h"
#include "engine/sweeper.h"

#include <memory>
#include <optional>
#include <set>
#include <string>

namespace kssedr::engine {

struct SweepScheduleOptions {
    Duration every = std::chrono::hours{1};  ///< from one sweep's start to the next one's; jitter takes up to a tenth
    std::string lease_key;  ///< what is swept, as the lock names it: those who sweep the same use the same
};

class SweepSchedule {
public:
    SweepSchedule(asio::any_io_executor executor, Sweeper& sweeper, Ledger& ledger, ports::OwnerLock& lock,
                  Clock& clock, Random& random, Log& log, SweepScheduleOptions options);

    /// Until it is cancelled. A sweep that has begun goes on: `stop` and `join` end it.
    Task<void> run();
    /// Begins no more sweeps, and in the one under way no more rotations.
    void stop() { stopping_.open(); }
    /// Completes when no sweep is under way, and all that it did is kept.
    Task<void> join() { return tasks_.join(); }

    /// What the last sweep of this process ended with, and when.
    struct Last {
        SweepSummary summary;
        TimePoint ended{};
    };
    [[nodiscard]] std::optional<Last> const& last() const { return last_; }
    /// When the next one begins; nothing while one is under way, and where another instance sweeps.
    [[nodiscard]] std::optional<TimePoint> next() const { return next_; }
    /// Whether this process is the one that sweeps.
    [[nodiscard]] bool is_sweeper() const { return leadership_.is_held(); }

private:
    /// What a sweep under way has ended with, and is not kept yet.
    struct Sweeping {
        std::vector<Settled> outcomes;
        bool has_ended = false;
        Waiters changed{};
    };

    Task<void> sweep(std::shared_ptr<Sweeping> sweeping);
    Task<void> keep(std::shared_ptr<Sweeping> sweeping);

    Sweeper& sweeper_;
    Ledger& ledger_;
    Clock& clock_;
    Random& random_;
    Log& log_;
    SweepScheduleOptions options_;
    Leadership leadership_;
    std::optional<Last> last_;
    std::optional<TimePoint> next_;
    std::set<std::string> failed_before_;  // secrets that failed at the last sweep
    Latch stopping_;
    TaskGroup tasks_;
};

}  // namespace kssedr::engine
