/// Checkpoints and ownerships, in a database: for one machine, or for machines that share a PostgreSQL.

#pragma once

#include "ports/checkpoints.h"
#include "store/job_queue.h"

namespace kssedr::store {

class StoredCheckpoints final : public ports::Checkpoints {
public:
    /// `clock` dates claims; it outlives this.
    StoredCheckpoints(JobQueue& jobs, Clock const& clock) : jobs_(jobs), clock_(clock) {}

    Async<std::vector<ports::Ownership>> list_ownerships(ports::EventStream stream, SteadyPoint deadline) override;
    Async<std::optional<ports::Ownership>> claim(ports::EventStream stream, ports::Ownership claim,
                                                 SteadyPoint deadline) override;
    Async<std::vector<ports::Checkpoint>> list_checkpoints(ports::EventStream stream, SteadyPoint deadline) override;
    Async<void> update(ports::EventStream stream, ports::Checkpoint checkpoint, SteadyPoint deadline) override;

private:
    JobQueue& jobs_;
    Clock const& clock_;
};

}  // namespace kssedr::store
