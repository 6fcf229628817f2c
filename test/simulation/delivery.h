/// Delivery: what a source hands to a process at once, as the bytes that Event Grid writes.

#pragma once

#include "estate.h"

#include "rotation/outcome.h"

#include <span>
#include <string>
#include <vector>

namespace kssedr::simulation {

/// One event on its way.
struct EventSent {
    enum class Kind : std::uint8_t { near_expiry, expired, other_type, broken };
    Kind kind = Kind::near_expiry;
    int secret = 0;  ///< of those that are about one
    std::string version;
    std::string id;  ///< each copy's own, so that its outcome is found again

    [[nodiscard]] bool is_of_a_secret() const { return kind == Kind::near_expiry || kind == Kind::expired; }
};

/// The events as messages: alone, in arrays, several in one delivery, in either schema. What is broken is a message of
/// its own, since it spoils the one it stands in.
[[nodiscard]] std::vector<std::string> compose_messages(std::span<EventSent const> events, Estate const& estate,
                                                        Chance& chance);

}  // namespace kssedr::simulation
