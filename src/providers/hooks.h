/// Hooks: the provider of owners whose credentials a program or a web service of the user's own makes.
///
/// It asks in the words of hook_protocol.h, by hook_process.h or webhook.h, and says what became of it: of a
/// regeneration that does not end in an answer nobody knows whether it happened; of the others, nothing was done.

#pragma once

#include "base/log.h"
#include "base/random.h"
#include "providers/hook_process.h"
#include "providers/webhook.h"

#include <vector>

namespace kssedr::providers {

class Hooks final : public ports::CredentialProvider {
public:
    /// The references outlive it.
    Hooks(http::Transport& transport, ports::Vault& vault, Clock& clock, Random& random, Log& log,
          std::vector<rotation::Hook> hooks);

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override;
    [[nodiscard]] std::string explain_unserved(rotation::OwnerId const& owner) const override;
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override;
    Async<rotation::Credentials> list(rotation::OwnerId owner, SteadyPoint deadline) override;
    Async<rotation::Credentials> regenerate(rotation::OwnerId owner, std::string slot, SteadyPoint deadline) override;
    Task<ports::TrialResult> verify(rotation::OwnerId owner, SecretString const& credential, SecretString const& value,
                                    SteadyPoint deadline) override;

private:
    /// Null where configuration has none.
    [[nodiscard]] rotation::Hook const* find(rotation::OwnerId const& owner) const;
    Result<rotation::Hook const*> hook_of(rotation::OwnerId const& owner) const;
    Async<HookAnswer> ask(rotation::Hook const& hook, HookRequest const& request, SteadyPoint deadline);
    void log_said(rotation::Hook const& hook, HookRequest const& request, HookAnswer const& answer);
    [[nodiscard]] HookRequest make_request(HookOperation operation);

    Clock& clock_;
    Random& random_;
    Log& log_;
    HookProcess processes_;
    Webhook webhook_;
    std::vector<rotation::Hook> const hooks_;  // never changes: calls under way refer to it
};

/// How a hook's credentials look in values.
[[nodiscard]] rotation::CredentialShape shape_of(rotation::Hook const& hook);

}  // namespace kssedr::providers
