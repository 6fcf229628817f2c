/// The inbox, in a database.

#pragma once

#include "ports/inbox.h"
#include "store/job_queue.h"

namespace kssedr::store {

/// When the inbox is full, so that its senders wait with the rest.
struct InboxLimits {
    std::int64_t messages = 10'000;
    std::int64_t bytes = 256 * 1024 * 1024;
};

class StoredInbox final : public ports::Inbox {
public:
    StoredInbox(JobQueue& jobs, InboxLimits limits) : jobs_(jobs), limits_(limits) {}

    Async<std::int64_t> put(std::string source, std::string message, SteadyPoint deadline) override;
    Async<std::vector<ports::AcceptedMessage>> list(std::int64_t after, std::size_t limit,
                                                    SteadyPoint deadline) override;
    Async<void> remove(std::vector<std::int64_t> ids, SteadyPoint deadline) override;
    Async<std::uint64_t> count(SteadyPoint deadline) override;

private:
    JobQueue& jobs_;
    InboxLimits limits_;
};

}  // namespace kssedr::store
