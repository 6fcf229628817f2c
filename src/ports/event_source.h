/// EventSource: a way by which events arrive, and whom it hands them to.
///
/// A source connects, reads, hands over, acknowledges. It decides nothing about events, and never acknowledges one
/// before `EventConsumer::take` has completed for it: so each is handled at least once.

#pragma once

#include "async/async.h"
#include "base/time.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kssedr::ports {

class EventConsumer {
public:
    virtual ~EventConsumer() = default;

    /// Handles the messages of one delivery, each as its sender wrote it. Completes once every event in them has an
    /// outcome that is not `failed`, or is parked, and all that is kept: from then on they may be acknowledged. Waits
    /// while there is no room for more, and for as long as nothing can be kept. The messages live until it completes;
    /// cancelled, it throws, and nothing may be acknowledged. May be called again before it has completed.
    virtual Task<void> take(std::string_view source, std::span<std::string_view const> messages) = 0;
};

enum class SourceState : std::uint8_t {
    starting,  ///< not connected yet
    ready,     ///< connected, events arrive
    retrying,  ///< lost, or refused in a way that may pass; it goes on trying
    unusable,  ///< refused in a way that only a person can mend; it goes on trying, rarely
};

struct SourceHealth {
    SourceState state = SourceState::starting;
    std::string reason;                    ///< a sentence for a person: what, why, what to do; empty where it is ready
    TimePoint since{};                     ///< when it came into this state
    std::optional<std::uint64_t> backlog;  ///< events that wait at the source, where it tells
};

class EventSource {
public:
    virtual ~EventSource() = default;

    /// The name that configuration gives it: a label of metrics, and what people see.
    [[nodiscard]] virtual std::string const& name() const = 0;
    /// Connects, and hands over what arrives, until it is cancelled; whatever fails is tried again. Cancelled, it stops
    /// reading, gives back what it holds among instances as far as that is possible at once, and ends.
    virtual Task<void> run(EventConsumer& consumer) = 0;
    [[nodiscard]] virtual SourceHealth health() const = 0;
};

}  // namespace kssedr::ports
