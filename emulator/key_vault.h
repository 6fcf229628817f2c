/// KeyVault: the secrets data plane over HTTP (api-versions 7.0 to 7.6, 7.6-preview.1, 2025-07-01, 2026-04-01).
///
/// What secrets are and what may be done with them is secret_store.h; here are paths, tokens, JSON and headers.

#pragma once

#include "emulator/service.h"

namespace kssedr::emulator {

/// Told of every version that is made or changed; outlives the service.
class SecretObserver {
public:
    virtual ~SecretObserver() = default;
    virtual void secret_set(Vault const& vault, Secret const& secret) = 0;
    virtual void secret_updated(Vault const& vault, Secret const& secret, SecretVersion const& version) = 0;
};

class KeyVault final : public Service {
public:
    KeyVault(Ground ground, SecretObserver& observer) : ground_(ground), observer_(observer) {}

    void name(Call& call) const override;
    listen::Response answer(Call& call) override;
    listen::Response refuse(Call const& call, unsigned status, std::string const& code,
                            std::string const& message) override;

private:
    struct Visit;

    /// Whether the caller may come in; the refusal where not.
    std::optional<listen::Response> turn_away(Call& call, Vault& vault);
    std::optional<std::string> find_token_fault(Call& call, Vault const& vault) const;
    Answered<json::value> carry_out(Visit& visit);
    Answered<json::value> set(Visit& visit);
    Answered<json::value> update(Visit& visit);
    Answered<json::value> list(Visit& visit);
    Answered<json::value> list_versions(Visit& visit);
    Answered<json::value> list_deleted(Visit& visit);
    listen::Response challenge(Call const& call, Vault const& vault, std::string const& message);
    listen::Response refuse_with(Call const& call, Refusal const& refusal);
    void dress(Call const& call, listen::Response& response);

    Ground ground_;
    SecretObserver& observer_;
};

}  // namespace kssedr::emulator
