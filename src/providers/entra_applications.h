/// EntraApplications: client secrets of Entra applications, made and removed through Microsoft Graph.
///
/// A client secret is tried by asking Entra for a token with it, as the application itself would: the request goes to
/// kssedr's own tenant, where Graph knows the application, and what it brings is thrown away. *Rejected* is said only
/// where Entra weighed the secret and found it wrong; whatever else keeps it from answering is *inconclusive*, with the
/// reason. Event loop thread only.

#pragma once

#include "azure/graph.h"
#include "ports/credential_lists.h"

#include <map>
#include <string>

namespace kssedr::providers {

/// How client secrets look in the values of secrets, in that cloud.
[[nodiscard]] rotation::CredentialShape client_secret_shape(rotation::OwnerId const& application,
                                                            rotation::Cloud const& cloud);

/// What a failed request for a token tells of the secret that it was asked with.
[[nodiscard]] ports::TrialResult judge_token_error(Error const& error);

class EntraApplications final : public ports::CredentialLists {
public:
    /// All must outlive it. `tenant` is kssedr's; empty where nobody said it: then nothing can be tried.
    EntraApplications(http::Transport& transport, azure::GraphClient& graph, rotation::Cloud const& cloud,
                      std::string tenant);

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override;
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override;
    Async<rotation::CredentialList> list(rotation::OwnerId owner, SteadyPoint deadline) override;
    Async<rotation::AddedCredential> add(rotation::OwnerId owner, std::string mark, TimePoint ends,
                                         SteadyPoint deadline) override;
    Async<void> remove(rotation::OwnerId owner, std::string id, SteadyPoint deadline) override;
    /// Asks Graph first for what the application signs in by, where no listing has told it yet.
    Task<ports::TrialResult> verify(rotation::OwnerId owner, SecretString const& credential, SecretString const& value,
                                    SteadyPoint deadline) override;

private:
    Async<azure::GraphApplication> fetch(rotation::OwnerId const& owner, SteadyPoint deadline);

    http::Transport& transport_;
    azure::GraphClient& graph_;
    rotation::Cloud cloud_;
    std::string tenant_;
    std::map<std::string, std::string> app_ids_;  // by object id: neither ever changes
};

}  // namespace kssedr::providers
