/// The answer to a leak (`rotate --compromised`): both credentials of an owner replaced at once, every holder that can
/// be moved taken along, and those named who are cut off.
///
/// Pure, as the decision is (rotation/decision.h), and taken anew after every step: a process killed anywhere and run
/// again goes on from the evidence, or begins anew with the slot that is held then, which ends in the same state.

#pragma once

#include "rotation/decision.h"

namespace kssedr::rotation {

/// What is known of the leak beside what is seen.
struct Leak {
    std::size_t slot = 0;         ///< whose credential leaked: the one that the secret held when the attempt began
    bool is_replaced = false;     ///< another credential stands there since
    bool is_other_fresh = false;  ///< and in the other slot
};

enum class LeakStep : std::uint8_t {
    read_earlier_version,  ///< that of `holder`, to know whether its consumers would be cut off
    refuse,                ///< a setting of kssedr's own holds the leaked credential: `holder`
    regenerate_other,      ///< nobody holds it
    publish_other,         ///< to `moving`, the secret that is judged last
    regenerate_leaked,
    done,
};

struct LeakDecision {
    LeakStep step = LeakStep::done;
    std::size_t holder = 0;            ///< index into Situation::holders
    std::vector<std::size_t> moving;   ///< indices into Situation::holders
    std::vector<std::string> cut_off;  ///< by the regeneration that is next, in words

    friend bool operator==(LeakDecision const&, LeakDecision const&) = default;
};

[[nodiscard]] LeakDecision decide_leak(Situation const& seen, Leak const& leak);

}  // namespace kssedr::rotation
