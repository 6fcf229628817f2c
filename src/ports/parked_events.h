/// ParkedEvents: what needs a person. A notice, never a stop (CONTRACT 4): the sweep judges every secret anew.

#pragma once

#include "async/async.h"
#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::ports {

/// One secret and one code, however often it came to that. A malformed event has neither vault nor secret: each is an
/// entry of its own, told apart by its hash, and there are a thousand of them at most; the oldest go.
struct ParkedEvent {
    std::int64_t id = 0;  ///< given by the store
    std::string vault;
    std::string secret;
    std::string code;
    std::string outcome;  ///< `refused` or `failed`
    std::string reason;   ///< of the last time
    TimePoint first_at{};
    TimePoint last_at{};
    std::uint64_t count = 1;
    std::string source;  ///< the event source, or `sweep`
    std::string event;   ///< the last event's JSON, at most 32 KB; of a malformed one its first 4 KB; empty for a sweep
    std::string sha256;  ///< of the whole event, lower-case hex; empty for a sweep
};

class ParkedEvents {
public:
    virtual ~ParkedEvents() = default;

    /// Adds or counts, durably. `id`, `first_at` and `count` of what is handed over are not looked at. Errors as those
    /// of OutcomeHistory::append.
    virtual Async<void> park(std::vector<ParkedEvent> events, SteadyPoint deadline) = 0;
    /// The secret came to an outcome: its entries close, but for the one of `except_code`.
    virtual Async<void> close(std::string vault, std::string secret, std::string except_code, SteadyPoint deadline) = 0;
    /// The oldest first; those with a higher id than `after`, a thousand at most.
    virtual Async<std::vector<ParkedEvent>> list(std::int64_t after, std::size_t limit, SteadyPoint deadline) = 0;
    virtual Async<std::uint64_t> count(SteadyPoint deadline) = 0;
    /// Nothing where there is none of that id.
    virtual Async<std::optional<ParkedEvent>> find(std::int64_t id, SteadyPoint deadline) = 0;
    /// Whether there was one.
    virtual Async<bool> drop(std::int64_t id, SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
