/// SlotsByKind: one provider for all whose credentials stand in slots: Azure's resources by the catalogue, the rest by
/// hooks.

#pragma once

#include "ports/credential_provider.h"

namespace kssedr::providers {

class SlotsByKind final : public ports::CredentialProvider {
public:
    /// Both outlive it.
    SlotsByKind(ports::CredentialProvider& resources, ports::CredentialProvider& hooks)
        : resources_(resources), hooks_(hooks) {}

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override { return of(owner).serves(owner); }
    [[nodiscard]] std::string explain_unserved(rotation::OwnerId const& owner) const override {
        return of(owner).explain_unserved(owner);
    }
    [[nodiscard]] bool may_try(rotation::OwnerId const& owner) const override { return of(owner).may_try(owner); }
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override {
        return of(owner).shape(owner);
    }
    Async<rotation::Credentials> list(rotation::OwnerId owner, SteadyPoint deadline) override {
        auto& provider = of(owner);
        return provider.list(std::move(owner), deadline);
    }
    Async<rotation::Credentials> regenerate(rotation::OwnerId owner, std::string slot, SteadyPoint deadline) override {
        auto& provider = of(owner);
        return provider.regenerate(std::move(owner), std::move(slot), deadline);
    }
    [[nodiscard]] Duration may_land_for(rotation::OwnerId const& owner) const override {
        return of(owner).may_land_for(owner);
    }
    Task<ports::TrialResult> verify(rotation::OwnerId owner, SecretString const& credential, SecretString const& value,
                                    SteadyPoint deadline) override {
        auto& provider = of(owner);
        return provider.verify(std::move(owner), credential, value, deadline);
    }

private:
    [[nodiscard]] ports::CredentialProvider& of(rotation::OwnerId const& owner) const {
        return owner.kind() == rotation::OwnerId::Kind::hook ? hooks_ : resources_;
    }

    ports::CredentialProvider& resources_;
    ports::CredentialProvider& hooks_;
};

}  // namespace kssedr::providers
