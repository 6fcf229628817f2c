/// Shared access policies that are part of a resource: there is no call to regenerate a key, the resource is written
/// back as a whole (IoT Hub, Device Provisioning Service).
///
/// Reading a resource does not show its policies' keys; listing them does. What is written back is the resource to the
/// byte, with the listed policies in it and one key changed. Source: Microsoft.Devices, IotHubs and
/// provisioningServices; recordings of other clients that do the same.

#pragma once

#include "base/error.h"
#include "base/secret_string.h"

#include <string>
#include <string_view>

namespace kssedr::azure {

/// The resource with `member` of its `properties` (put there where it is not) holding the policies of a listing
/// (`{"value":[{"keyName":…,"primaryKey":…}]}`), of which `key_name`'s has `new_key` in its member `slot`. `corrupt`
/// where an answer is not what it should be, or the listing goes on.
[[nodiscard]] Result<SecretString> replace_policy_key(std::string_view resource, std::string_view listing,
                                                      std::string_view member, std::string_view key_name,
                                                      std::string_view slot, SecretString const& new_key);

/// The resource's `etag`; `corrupt` where it has none: without it somebody else's change would be undone.
[[nodiscard]] Result<std::string> parse_etag(std::string_view resource);

}  // namespace kssedr::azure
