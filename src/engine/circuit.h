/// Circuit: spares an endpoint that does not answer, and those who would wait for it.
///
/// After eight calls in a row without an answer it opens: for half a minute nothing is sent there, and callers are told
/// so at once instead of each finding out by its own time-outs. Then one call is let through to try; its answer closes
/// the circuit, its failure opens it again. Pure: time comes in.

#pragma once

#include "base/error.h"
#include "base/time.h"

#include <optional>

namespace kssedr::engine {

/// The service code of what was not sent for that reason; the retry loop does not repeat it.
inline constexpr std::string_view circuit_open = "CircuitOpen";

class Circuit {
public:
    /// Whether a call may be sent now: nothing, or how long not.
    [[nodiscard]] std::optional<Duration> wait_of(SteadyPoint now) {
        if (failures_ < failures_max) return std::nullopt;
        if (now < until_) return until_ - now;
        // This one tries; should its end never be told, another may try later.
        until_ = now + open_for;
        return std::nullopt;
    }

    enum class Change : std::uint8_t { none, opened, closed };
    /// What became of a call: `error` is null where it was answered as it should. Any answer is one.
    Change note(Error const* error, SteadyPoint now) {
        bool const is_unanswered =
            error != nullptr && (error->code() == Errc::unavailable || error->code() == Errc::outcome_unknown);
        bool const was_open = failures_ >= failures_max;
        if (!is_unanswered) {
            failures_ = 0;
            return was_open ? Change::closed : Change::none;
        }
        if (failures_ < failures_max) ++failures_;
        if (failures_ < failures_max) return Change::none;
        until_ = now + open_for;
        return was_open ? Change::none : Change::opened;
    }

private:
    // More than one caller's attempts: a single one finds out by itself.
    static constexpr int failures_max = 8;
    static constexpr Duration open_for = std::chrono::seconds{30};

    int failures_ = 0;
    SteadyPoint until_;
};

}  // namespace kssedr::engine
