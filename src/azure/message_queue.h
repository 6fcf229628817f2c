/// MessageQueue: a service that hands messages out for a time: a storage queue, a subscription of Event Grid's pull
/// delivery.
///
/// What was handed out is locked for whoever has it, until the lock ends; then it is handed out again. So whoever dies
/// loses nothing, and whoever takes long renews.

#pragma once

#include "async/async.h"
#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::azure {

struct QueuedMessage {
    std::string body;
    std::string id;       ///< the service's, where the lock alone does not name it
    std::string receipt;  ///< proves that it is locked for us; a renewal may change it
};

class MessageQueue {
public:
    virtual ~MessageQueue() = default;

    /// What waits, at most so many, locked for us; none where nothing does. May wait for some to come.
    virtual Async<std::vector<QueuedMessage>> receive(std::size_t at_most, SteadyPoint deadline) = 0;
    /// Locks it for as long again. `not_found`, of this and of what follows: it is ours no more.
    virtual Async<void> renew(QueuedMessage& message, SteadyPoint deadline) = 0;
    /// It is done with, and not handed out again.
    virtual Async<void> acknowledge(QueuedMessage const& message, SteadyPoint deadline) = 0;
    /// Unlocks it: another may have it at once.
    virtual Async<void> give_back(QueuedMessage const& message, SteadyPoint deadline) = 0;
    /// How many there are, as far as it can be told.
    virtual Async<std::optional<std::uint64_t>> count(SteadyPoint deadline) = 0;

    [[nodiscard]] virtual Duration renew_every() const = 0;
    /// How long to wait before an empty queue is asked again, once it was empty often.
    [[nodiscard]] virtual Duration longest_pause() const = 0;
};

}  // namespace kssedr::azure
