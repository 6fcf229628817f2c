/// KeyProof: puts into a request to a service's own endpoint what shows that its sender has a key. Pure.
///
/// Sources, Microsoft Learn: "Access control on Azure Cosmos DB resources"; "HMAC authentication" of App Configuration;
/// "Sign an HTTP request" of Communication Services; the data plane references of SignalR Service and Web PubSub.

#pragma once

#include "base/time.h"
#include "http/transport.h"
#include "rotation/entry_trial.h"

#include <string_view>

namespace kssedr::azure {

/// `request` has its method and URL, and no body; `now` dates it. `user` is who signs in, where somebody does.
/// `invalid_argument` where the key is not of the form that the proof needs.
[[nodiscard]] Result<void> prove_key(http::Request& request, rotation::EntryTrial const& trial, std::string_view user,
                                     SecretString const& key, TimePoint now);

}  // namespace kssedr::azure
