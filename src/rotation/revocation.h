/// Revocation: a slot that nobody has any more gets a new credential, so that what was handed out once ends.
///
/// Pure. Only for providers that tell when a credential was made: else nobody could say whether it was revoked already.

#pragma once

#include "rotation/decision.h"

namespace kssedr::rotation {

enum class RevocationStep : std::uint8_t {
    read_earlier_version,  ///< more evidence is needed: read that of `holder` and decide again
    nothing,               ///< nobody left it, somebody holds it, or it was regenerated since
    wait,                  ///< not before `until`
    regenerate,            ///< regenerate `slot`, and publish nothing
};

struct Revocation {
    RevocationStep step = RevocationStep::nothing;
    std::size_t slot = 0;    ///< index into Situation::slots
    std::size_t holder = 0;  ///< index into Situation::holders
    TimePoint until{};
    std::string why;

    friend bool operator==(Revocation const&, Revocation const&) = default;
};

/// `grace` is how long after it was left a slot keeps its credential; never shorter than the overlap of who left it.
[[nodiscard]] Revocation decide_revocation(Situation const& seen, Duration grace);

}  // namespace kssedr::rotation
