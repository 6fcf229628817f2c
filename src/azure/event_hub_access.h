/// EventHubAccess: an event hub, and what opens it.
///
/// Sources: Microsoft Learn, "Get an Event Hubs connection string"; "Authenticate access to Event Hubs with shared
/// access signatures".

#pragma once

#include "base/error.h"
#include "base/secret_string.h"
#include "base/time.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace kssedr::azure {

struct EventHubAccess {
    std::string host;  ///< of the namespace, in lower case
    std::uint16_t port = 5671;
    std::string hub;
    bool is_emulator = false;  ///< Microsoft's own, which speaks no TLS
    std::string key_name;      ///< of a shared access key
    SecretString key;          ///< empty: none
    SecretString signature;    ///< made by somebody else, which can not be renewed; empty: none

    [[nodiscard]] bool uses_identity() const { return key.empty() && signature.empty(); }
};

/// `hub`: where the text names none, or the same. `invalid_argument`, with what is wrong and no part of the text.
[[nodiscard]] Result<EventHubAccess> parse_event_hub_connection(std::string_view text, std::string_view hub);

/// A token for `resource` (`sb://host/hub`) that holds until `ends`: HMAC-SHA256 of the resource and the time.
[[nodiscard]] SecretString make_access_signature(std::string_view resource, std::string_view key_name,
                                                 SecretString const& key, TimePoint ends);

}  // namespace kssedr::azure
