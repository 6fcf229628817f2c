/// Outcome: how the handling of one event, or one secret of a sweep or a command, ended.
///
/// One word for it everywhere: answers, logs, metrics, history (CONTRACT 4). The words and codes are public interface.

#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::rotation {

enum class OutcomeKind : std::uint8_t {
    rotated,     ///< a credential was regenerated and a new version published
    adopted,     ///< the other credential was already fresh: published without regenerating
    repaired,    ///< the current version held no valid credential: a valid one was published
    superseded,  ///< not the current version any more, or the secret is gone or disabled: nothing was done
    ignored,     ///< not an event that starts a rotation
    unmanaged,   ///< the secret names nothing that can be rotated
    deferred,    ///< may not be done yet; says until when
    refused,     ///< a person must act; says how
    failed,      ///< a fault that may pass; says which
};

[[nodiscard]] std::string_view to_string(OutcomeKind kind);

/// Whether a new version was published.
[[nodiscard]] constexpr bool has_published(OutcomeKind kind) {
    return kind == OutcomeKind::rotated || kind == OutcomeKind::adopted || kind == OutcomeKind::repaired;
}

enum class Trigger : std::uint8_t { event, sweep, command, api };

[[nodiscard]] std::string_view to_string(Trigger trigger);

struct Outcome {
    OutcomeKind kind = OutcomeKind::failed;
    std::string code;    ///< a stable word; docs/operations/outcomes.md lists them
    std::string reason;  ///< a sentence for a person: what, why, what to do
    Trigger trigger = Trigger::event;
    std::string vault;              ///< host
    std::string secret;             ///< name
    std::string version;            ///< the version judged
    std::string new_version;        ///< the version published
    std::string resource;           ///< the owner's id
    std::string credential;         ///< the slot now published
    std::string former_credential;  ///< the slot published before
    std::optional<TimePoint> expires;
    std::optional<TimePoint> retry_after;
    std::string verified;                   ///< `yes`, `no`, `not-reachable`; empty where not tried
    std::vector<std::string> also_changed;  ///< siblings moved
    std::string event_id;
    TimePoint started_at{};
    Duration duration{};

    friend bool operator==(Outcome const&, Outcome const&) = default;
};

}  // namespace kssedr::rotation
