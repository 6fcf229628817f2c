/// Parked events, in a database.

#pragma once

#include "ports/parked_events.h"
#include "store/job_queue.h"

namespace kssedr::store {

/// How many are kept; the oldest go.
struct ParkedLimits {
    std::int64_t malformed = 1'000;
    std::int64_t all = 10'000;
};

class StoredParked final : public ports::ParkedEvents {
public:
    StoredParked(JobQueue& jobs, ParkedLimits limits) : jobs_(jobs), limits_(limits) {}

    Async<void> park(std::vector<ports::ParkedEvent> events, SteadyPoint deadline) override;
    Async<void> close(std::string vault, std::string secret, std::string except_code, SteadyPoint deadline) override;
    Async<std::vector<ports::ParkedEvent>> list(std::int64_t after, std::size_t limit, SteadyPoint deadline) override;
    Async<std::uint64_t> count(SteadyPoint deadline) override;
    Async<std::optional<ports::ParkedEvent>> find(std::int64_t id, SteadyPoint deadline) override;
    Async<bool> drop(std::int64_t id, SteadyPoint deadline) override;

private:
    JobQueue& jobs_;
    ParkedLimits limits_;
};

}  // namespace kssedr::store
