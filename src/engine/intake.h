/// Intake: a delivery of messages, taken apart and handled event by event.
///
/// Every event ends in exactly one outcome, in the order of the events; one malformed event harms no other. Several
/// secrets are handled at once, up to a limit, the vaults in turn and few of one vault; those of one owner queue behind
/// one another and hold no place meanwhile. A vault that did not answer one event of a delivery is not asked for
/// others.

#pragma once

#include "engine/rotator.h"
#include "formats/events.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace kssedr::engine {

struct HandledEvent {
    formats::DecodedEvent event;
    rotation::Outcome outcome;
};

/// How much time a delivery has.
struct Budget {
    SteadyPoint begin_by = SteadyPoint::max();  ///< events not begun by then end as `failed`, code `no-time`
    SteadyPoint deadline = SteadyPoint::max();  ///< when the caller stops waiting
};

/// Told each outcome as it ends.
using OnOutcome = std::function<void(rotation::Outcome const&)>;

class Intake final {
public:
    /// Outcomes are logged as they end, or told to `on_outcome` instead.
    Intake(Rotator& rotator, Clock& clock, Log& log, std::string vault_suffix, OnOutcome on_outcome = {});

    /// The messages must live until this completes; the result holds views into them.
    Task<std::vector<HandledEvent>> handle(std::span<std::string_view const> messages, Budget budget);
    /// Handles those of them once more that have failed.
    Task<void> handle_failed_again(std::vector<HandledEvent>& handled, Budget budget);

private:
    /// The messages' events, each with its outcome to come.
    [[nodiscard]] std::vector<HandledEvent> take_apart(std::span<std::string_view const> messages) const;
    /// Gives those of `handled` their outcomes that `places` names.
    Task<void> handle_each(std::vector<HandledEvent>& handled, std::vector<std::size_t> places, Budget budget);
    /// What to do where another attempt is at work on the event's owner.
    enum class Others : std::uint8_t { go_first, are_waited_for };
    Task<rotation::Outcome> handle_event(formats::DecodedEvent const& decoded, Budget const& budget, Others others);

    Rotator& rotator_;
    Clock& clock_;
    Log& log_;
    std::string vault_suffix_;
    OnOutcome on_outcome_;
};

/// The one line that every outcome leaves in the log, at a level that says who must act. `history_head`: the hash of
/// the history's chain with this outcome in it, where a history is kept.
void log_outcome(Log& log, rotation::Outcome const& outcome, std::string const& history_head = {});

}  // namespace kssedr::engine
