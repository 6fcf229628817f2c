/// Webhook: a hook that is called by HTTP, each call signed.
///
/// The signature is of Stripe's convention: `X-Kssedr-Signature: t={seconds},v1={hex}`, where `hex` is the HMAC-SHA-256
/// of `{seconds}.{body}` under the signing secret's value. Who checks it also checks that `t` is recent; the body's
/// `id`, which stands in `X-Kssedr-Id` too, is another for each call.

#pragma once

#include "async/clock.h"
#include "http/transport.h"
#include "ports/vault.h"
#include "providers/hook_protocol.h"

namespace kssedr::providers {

/// The value of the header for a body that is sent at `now`.
[[nodiscard]] std::string format_hook_signature(SecretString const& secret, TimePoint now, SecretString const& body);

class Webhook {
public:
    /// All outlive it.
    Webhook(http::Transport& transport, ports::Vault& vault, Clock& clock)
        : transport_(transport), vault_(vault), clock_(clock) {}

    /// Calls `hook.url` once. Any status but 2xx is the answer's failure, with what it means; redirects are none of
    /// 2xx. Errors: those of reading the signing secret and of the transport. `hook` outlives the call.
    Async<HookAnswer> call(rotation::Hook const& hook, HookRequest const& request, SecretString body,
                           SteadyPoint deadline);

private:
    Async<SecretString> fetch_signing_secret(rotation::Hook const& hook, SteadyPoint deadline);

    http::Transport& transport_;
    ports::Vault& vault_;
    Clock& clock_;
};

}  // namespace kssedr::providers
