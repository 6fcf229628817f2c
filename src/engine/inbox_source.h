/// InboxSource: the event source of what was accepted and stored first: pushed events, and parked ones that somebody
/// asked for again.
///
/// Of many instances over one store one works on it. Event loop thread only.

#pragma once

#include "async/task_group.h"
#include "async/waiters.h"
#include "engine/leadership.h"
#include "ports/event_source.h"
#include "ports/inbox.h"

#include <memory>
#include <set>
#include <vector>

namespace kssedr::engine {

class InboxSource final : public ports::EventSource {
public:
    InboxSource(asio::any_io_executor executor, ports::Inbox& inbox, ports::OwnerLock& lock, Clock& clock, Log& log);

    [[nodiscard]] std::string const& name() const override { return name_; }
    Task<void> run(ports::EventConsumer& consumer) override;
    [[nodiscard]] ports::SourceHealth health() const override { return health_; }
    /// Something was put into it: it is looked at now, and not at the next look.
    void look() { news_.wake_all(); }
    /// Lets go of what is under way: it is handed over again another time. To be awaited before its end.
    Task<void> close() {
        tasks_.cancel();
        return tasks_.join();
    }

private:
    /// What is handed over beyond what is under way. False: it could not be read.
    Task<bool> hand_over(ports::EventConsumer& consumer);
    Task<void> handle(ports::EventConsumer& consumer, ports::AcceptedMessage message);
    void set_state(ports::SourceState state, std::string reason);

    ports::Inbox& inbox_;
    Clock& clock_;
    Leadership leadership_;
    std::string name_ = "inbox";
    ports::SourceHealth health_;
    std::set<std::int64_t> under_way_;
    std::int64_t newest_ = 0;  // of those handed over
    Waiters news_;
    TaskGroup tasks_;
};

}  // namespace kssedr::engine
