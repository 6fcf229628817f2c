/// Dispatcher: whom every event source of the daemon hands its messages to.
///
/// It bounds what is under way at once, so that memory stays flat however much waits at the sources; tries again what
/// failed, a few times; and completes a delivery only when the ledger has kept what became of it
/// (ports/event_source.h). Event loop thread only.

#pragma once

#include "async/latch.h"
#include "async/task_group.h"
#include "async/waiters.h"
#include "engine/intake.h"
#include "engine/ledger.h"
#include "ports/event_source.h"

#include <memory>
#include <string>
#include <vector>

namespace kssedr::engine {

/// What may be under way at once. A single delivery that is larger is taken alone.
struct DispatcherLimits {
    std::size_t deliveries = 256;
    std::size_t bytes = std::size_t{16} << 20U;
};

class Dispatcher final : public ports::EventConsumer {
public:
    Dispatcher(asio::any_io_executor executor, Intake& intake, Ledger& ledger, Clock& clock, Random& random, Log& log,
               DispatcherLimits limits = {});

    Task<void> take(std::string_view source, std::span<std::string_view const> messages) override;

    /// Begins nothing more, and tries nothing again: whoever hands over waits from now on, until it is cancelled. What
    /// is under way goes on to its end.
    void stop();
    [[nodiscard]] std::size_t deliveries() const { return deliveries_; }
    /// Completes when nothing is under way.
    Task<void> join();

private:
    /// One that is under way. It outlives a `take` that is cancelled.
    struct Delivery {
        std::string source;
        std::vector<std::string> messages;
        bool is_done = false;
        Waiters done{};
    };

    Task<void> handle(std::shared_ptr<Delivery> delivery, std::size_t bytes);
    /// Whether it was kept.
    Task<bool> settle(Delivery& delivery);
    [[nodiscard]] bool has_room(std::size_t bytes) const;

    Intake& intake_;
    Ledger& ledger_;
    Clock& clock_;
    Random& random_;
    Log& log_;
    DispatcherLimits limits_;
    std::size_t deliveries_ = 0;
    std::size_t bytes_ = 0;
    Waiters room_;
    Latch stopping_;
    TaskGroup tasks_;
};

}  // namespace kssedr::engine
