/// Shared Key: proof to the blob service that a request comes from somebody who has the account's key.
///
/// Source: Microsoft Learn, "Authorize with Shared Key" (service versions from 2015-02-21 on). Pure.

#pragma once

#include "http/transport.h"

#include <string>
#include <string_view>

namespace kssedr::azure {

/// The text whose signature is sent: method, standard headers, `x-ms-` headers, account, path and query. The request
/// holds `x-ms-date` and `x-ms-version`. Total.
[[nodiscard]] std::string format_string_to_sign(http::Request const& request, std::string_view account);

/// Puts `SharedKey {account}:{signature}` into the request, all else of which stands. `key` is as Azure shows it,
/// base64; `invalid_argument` where it is not.
[[nodiscard]] Result<void> sign_with_shared_key(http::Request& request, std::string_view account,
                                                SecretString const& key);

}  // namespace kssedr::azure
