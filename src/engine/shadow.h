/// Shadow ports: a world in which effects happen in memory only.
///
/// A plan is a sweep over them: it judges and decides with the very code that acts, and what one rotation would leave
/// behind is what the next one sees. Reads go through to the real vault and provider; nothing is ever written there.

#pragma once

#include "async/clock.h"
#include "base/random.h"
#include "ports/credential_lists.h"
#include "ports/credential_provider.h"
#include "ports/login_passwords.h"
#include "ports/vault.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::engine {

/// Whether a shadow made up that id, of a version or of a credential: it names nothing outside, and nobody is to be
/// told it.
[[nodiscard]] bool is_shadow_id(std::string_view id);

class ShadowVault final : public ports::Vault {
public:
    explicit ShadowVault(ports::Vault& real) : real_(real) {}

    Async<rotation::SecretVersion> fetch(rotation::SecretRef secret, std::string version,
                                         SteadyPoint deadline) override;
    Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef secret,
                                                                 SteadyPoint deadline) override;
    Async<rotation::SecretListing> list_secrets(rotation::VaultHost vault, SteadyPoint deadline) override;
    Async<rotation::SecretProperties> publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                              SteadyPoint deadline) override;
    Async<void> disable(rotation::SecretRef secret, std::string version, SteadyPoint deadline) override;

private:
    ports::Vault& real_;
    std::map<std::string, std::vector<rotation::SecretVersion>> published_;  // by SecretRef::key(), oldest first
    TimePoint now_{};                                                        // the vault's, as last told
};

class ShadowProvider final : public ports::CredentialProvider {
public:
    ShadowProvider(ports::CredentialProvider& real, Clock& clock, Random& random)
        : real_(real), clock_(clock), random_(random) {}

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override { return real_.serves(owner); }
    [[nodiscard]] std::string explain_unserved(rotation::OwnerId const& owner) const override {
        return real_.explain_unserved(owner);
    }
    [[nodiscard]] bool may_try(rotation::OwnerId const& owner) const override { return real_.may_try(owner); }
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override {
        return real_.shape(owner);
    }
    Async<rotation::Credentials> list(rotation::OwnerId owner, SteadyPoint deadline) override;
    Async<rotation::Credentials> regenerate(rotation::OwnerId owner, std::string slot, SteadyPoint deadline) override;
    Task<ports::TrialResult> verify(rotation::OwnerId owner, SecretString const& credential, SecretString const& value,
                                    SteadyPoint deadline) override;

private:
    struct Made {
        SecretString value;
        TimePoint at;
    };

    ports::CredentialProvider& real_;
    Clock& clock_;
    Random& random_;
    std::map<std::string, Made> made_;  // by owner's key and slot
};

class ShadowLists final : public ports::CredentialLists {
public:
    ShadowLists(ports::CredentialLists& real, Clock& clock, Random& random)
        : real_(real), clock_(clock), random_(random) {}

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override { return real_.serves(owner); }
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override {
        return real_.shape(owner);
    }
    Async<rotation::CredentialList> list(rotation::OwnerId owner, SteadyPoint deadline) override;
    Async<rotation::AddedCredential> add(rotation::OwnerId owner, std::string mark, TimePoint ends,
                                         SteadyPoint deadline) override;
    Async<void> remove(rotation::OwnerId owner, std::string id, SteadyPoint deadline) override;
    Task<ports::TrialResult> verify(rotation::OwnerId owner, SecretString const& credential, SecretString const& value,
                                    SteadyPoint deadline) override;

private:
    ports::CredentialLists& real_;
    Clock& clock_;
    Random& random_;
    std::map<std::string, rotation::CredentialList> added_;  // by owner's key
    std::size_t ids_ = 0;                                    // given so far
    std::vector<SecretString> values_;                       // of those
    std::set<std::string> removed_;                          // ids
};

class ShadowLogins final : public ports::LoginPasswords {
public:
    explicit ShadowLogins(ports::LoginPasswords& real) : real_(real) {}

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override { return real_.serves(owner); }
    [[nodiscard]] std::string explain_unserved(rotation::OwnerId const& owner) const override {
        return real_.explain_unserved(owner);
    }
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner,
                                                  std::string_view login) const override {
        return real_.shape(owner, login);
    }
    [[nodiscard]] std::vector<std::string> logins(rotation::OwnerId const& owner) const override {
        return real_.logins(owner);
    }
    [[nodiscard]] SecretString make_password(rotation::OwnerId const& owner) override {
        return real_.make_password(owner);
    }
    Async<void> set(rotation::OwnerId owner, std::string login, SecretString const& password,
                    SteadyPoint deadline) override;
    Task<ports::TrialResult> try_login(rotation::OwnerId owner, std::string login, SecretString const& password,
                                       SteadyPoint deadline) override;

private:
    ports::LoginPasswords& real_;
    std::map<std::string, SecretString> set_;  // by owner's key and login
};

}  // namespace kssedr::engine
