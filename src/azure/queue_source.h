/// QueueSource: the event source over a queue that locks what it hands out.
///
/// Thirty-two messages at once, each locked anew for as long as it takes, and acknowledged when it is done with.
/// Cancelled, it gives back what was not. Event loop thread only.

#pragma once

#include "async/clock.h"
#include "async/latch.h"
#include "async/task_group.h"
#include "async/waiters.h"
#include "azure/message_queue.h"
#include "base/log.h"
#include "base/random.h"
#include "ports/event_source.h"

#include <list>
#include <memory>
#include <string>

namespace kssedr::azure {

class QueueSource final : public ports::EventSource {
public:
    /// What is handed over by reference outlives it.
    QueueSource(asio::any_io_executor executor, std::string name, std::unique_ptr<MessageQueue> queue, Clock& clock,
                Random& random, Log& log);

    [[nodiscard]] std::string const& name() const override { return name_; }
    Task<void> run(ports::EventConsumer& consumer) override;
    [[nodiscard]] ports::SourceHealth health() const override { return health_; }

private:
    static constexpr std::size_t at_once_max = 32;

    // Locked for us and not done with.
    struct Held {
        QueuedMessage message;
        Latch is_done;
    };

    Task<void> work(ports::EventConsumer& consumer);
    /// The number of messages that came.
    Async<std::size_t> take_some(ports::EventConsumer& consumer);
    Task<void> handle(ports::EventConsumer& consumer, std::list<Held>::iterator place);
    Task<void> take(ports::EventConsumer& consumer, Held& held);
    Task<void> keep_locked(Held& held);
    Task<void> acknowledge(QueuedMessage const& message);
    Task<void> give_back();
    Task<void> count_sometimes();
    [[nodiscard]] Duration jittered(Duration span);
    void set_state(ports::SourceState state, std::string reason);

    std::string name_;
    std::unique_ptr<MessageQueue> queue_;
    Clock& clock_;
    Random& random_;
    Log& log_;
    ports::SourceHealth health_;
    std::list<Held> held_;
    Waiters room_;
    std::size_t width_ = at_once_max;  // how many are asked for at once, where there is room
    SteadyPoint count_again_at_{};
    TaskGroup tasks_;
};

}  // namespace kssedr::azure
