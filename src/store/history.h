/// The history, in a database.

#pragma once

#include "ports/outcome_history.h"
#include "store/job_queue.h"

namespace kssedr::store {

class StoredHistory final : public ports::OutcomeHistory {
public:
    explicit StoredHistory(JobQueue& jobs) : jobs_(jobs) {}

    Async<std::string> append(std::vector<ports::HistoryLine> lines, SteadyPoint deadline) override;
    Async<std::vector<ports::HistoryEntry>> find(ports::HistoryQuery query, SteadyPoint deadline) override;
    Async<ports::HistoryProof> verify(std::string head, SteadyPoint deadline) override;
    Async<std::uint64_t> forget_before(TimePoint when, SteadyPoint deadline) override;

private:
    JobQueue& jobs_;
};

}  // namespace kssedr::store
