/// Estate: many vaults' secrets and as many storage accounts in memory, behind the ports the engine acts through.
///
/// Made for benches: it answers after `latency` of the clock, a listing after so much for each of its pages; it keeps
/// what it must and no history, and counts its calls. What it lists it makes anew only where it has changed. It never
/// fails; what failures do is the business of the tests and of the simulator.

#pragma once

#include "async/clock.h"
#include "base/encoding.h"
#include "base/random.h"
#include "ports/credential_provider.h"
#include "ports/vault.h"
#include "ports/vault_directory.h"

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

namespace kssedr::bench {

struct Calls {
    std::size_t vault_reads = 0;
    std::size_t publications = 0;
    std::size_t provider = 0;
};

class Estate final : public ports::Vault, public ports::CredentialProvider, public ports::VaultDirectory {
public:
    Estate(Clock& clock, Random& random, Duration latency) : clock_(clock), random_(random), latency_(latency) {}

    /// A secret of the vault that holds key1 of an account of its own, and is due.
    void add_due(std::size_t number);

    Calls calls;
    std::string const vault_host = "bench.vault.azure.net";
    std::string const subscription = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg";

    Async<rotation::SecretVersion> fetch(rotation::SecretRef secret, std::string version, SteadyPoint) override;
    Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef secret, SteadyPoint) override;
    Async<rotation::SecretListing> list_secrets(rotation::VaultHost vault, SteadyPoint) override;
    Async<rotation::SecretProperties> publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                              SteadyPoint) override;
    Async<void> disable(rotation::SecretRef, std::string, SteadyPoint) override {
        co_return fail(Errc::internal, "nothing is told passwords here");
    }
    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override;
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override;
    Async<rotation::Credentials> list(rotation::OwnerId owner, SteadyPoint) override;
    Async<rotation::Credentials> regenerate(rotation::OwnerId owner, std::string slot, SteadyPoint) override;
    Task<ports::TrialResult> verify(rotation::OwnerId, SecretString const&, SecretString const&, SteadyPoint) override;
    Async<std::string> fetch_vault_host(rotation::ArmId, SteadyPoint) override;
    Async<std::vector<rotation::VaultHost>> list_vaults(rotation::ArmId, SteadyPoint) override;

private:
    struct Key {
        std::string value;
        TimePoint made;
    };
    struct Secret {
        rotation::SecretProperties properties;
        std::string value;
        rotation::ListedSecret listed;  // null: not listed as it is now
    };

    std::string new_key();
    [[nodiscard]] rotation::Credentials credentials_of(std::string const& account) const;
    [[nodiscard]] Secret& find(std::string const& name) { return secrets_[numbers_.at(name)]; }
    [[nodiscard]] std::size_t pages() const;
    Task<void> take_time(std::size_t answers = 1);

    Clock& clock_;
    Random& random_;
    Duration latency_;
    std::size_t versions_ = 0;
    std::vector<Secret> secrets_;                                 // as they are listed
    std::unordered_map<std::string, std::size_t> numbers_;        // by name
    std::unordered_map<std::string, std::array<Key, 2>> owners_;  // by account name
};

}  // namespace kssedr::bench
