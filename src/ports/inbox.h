/// Inbox: what was accepted and is not handled yet. What is put here was promised to its sender.

#pragma once

#include "async/async.h"

#include <cstdint>
#include <string>
#include <vector>

namespace kssedr::ports {

struct AcceptedMessage {
    std::int64_t id = 0;  ///< rises
    std::string source;
    std::string message;  ///< one delivery, as `EventConsumer::take` takes it
};

class Inbox {
public:
    virtual ~Inbox() = default;

    /// Durable when it completes; its id. `throttled` where it is full. Errors else as those of OutcomeHistory::append.
    virtual Async<std::int64_t> put(std::string source, std::string message, SteadyPoint deadline) = 0;
    /// The oldest first; those with a higher id than `after`, a hundred at most.
    virtual Async<std::vector<AcceptedMessage>> list(std::int64_t after, std::size_t limit, SteadyPoint deadline) = 0;
    virtual Async<void> remove(std::vector<std::int64_t> ids, SteadyPoint deadline) = 0;
    virtual Async<std::uint64_t> count(SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
