/// OneSecret: a ports::Vault for those who read a secret of their own: every secret has the same value.

#pragma once

#include "ports/vault.h"

#include <optional>
#include <string>

namespace kssedr::test {

class OneSecret final : public ports::Vault {
public:
    explicit OneSecret(std::string value) : value_(std::move(value)) {}

    Async<rotation::SecretVersion> fetch(rotation::SecretRef secret, std::string, SteadyPoint) override {
        asked = secret.url();
        if (fails_with) co_return fail(*fails_with, "no");
        rotation::SecretVersion version;
        version.value = SecretString::copy_of(value_);
        co_return version;
    }
    Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef, SteadyPoint) override {
        co_return fail(Errc::internal, "not asked");
    }
    Async<rotation::SecretListing> list_secrets(rotation::VaultHost, SteadyPoint) override {
        co_return fail(Errc::internal, "not asked");
    }
    Async<rotation::SecretProperties> publish(rotation::SecretRef, rotation::SecretDraft const&, SteadyPoint) override {
        co_return fail(Errc::internal, "not asked");
    }
    Async<void> disable(rotation::SecretRef, std::string, SteadyPoint) override {
        co_return fail(Errc::internal, "not asked");
    }

    std::string asked;
    std::optional<Errc> fails_with;

private:
    std::string value_;
};

}  // namespace kssedr::test
