/// Event: what Key Vault announced, as far as kssedr believes it.
///
/// An event is a hint (DESIGN 2, law 2): it names a secret and a version; everything else is read from the vault.

#pragma once

#include "rotation/arm_id.h"
#include "rotation/secret_ref.h"

#include <optional>
#include <string>

namespace kssedr::rotation {

enum class EventKind : std::uint8_t {
    starts_rotation,  ///< Microsoft.KeyVault.SecretNearExpiry or SecretExpired
    other,            ///< any other type: ignored
};

struct Event {
    std::string id;    ///< the publisher's; duplicates carry the same. Empty where none was sent
    std::string type;  ///< as sent
    EventKind kind = EventKind::other;
    SecretRef secret;                     ///< meaningful where `kind` starts a rotation
    std::string version;                  ///< 32 hexadecimal digits; empty where the event names none
    std::optional<ArmId> vault_resource;  ///< `source` or `topic`, where it is a vault's ARM id
    std::string trace_parent;  ///< `traceparent` as sent, at most 64 bytes of it: what it is worth is not known

    friend bool operator==(Event const&, Event const&) = default;
};

}  // namespace kssedr::rotation
