/// CatalogueSlots: the provider of every kind of owner whose keys the catalogue has slots for.
///
/// What is called and where keys stand in answers is data (rotation/catalogue.h); here is the order of calls: list;
/// regenerate, follow it to its end where it is long running, and list where the answer shows no keys.

#pragma once

#include "azure/arm_client.h"
#include "ports/credential_provider.h"
#include "providers/key_trial.h"
#include "providers/storage_trial.h"
#include "rotation/catalogue.h"

#include <string>
#include <string_view>

namespace kssedr::providers {

/// The body of a regeneration; empty where there is none. `asks` is put in as JSON writes it, and the key that is
/// chosen where there is a place for one.
[[nodiscard]] SecretString format_body(std::string_view template_text, std::string_view asks, SecretString const& key);

class CatalogueSlots final : public ports::CredentialProvider {
public:
    /// All must outlive it.
    CatalogueSlots(http::Transport& transport, azure::ArmClient& arm, Clock& clock, Random& random,
                   rotation::LazyCatalogue const& catalogue, rotation::Cloud const& cloud);

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override;
    [[nodiscard]] std::string explain_unserved(rotation::OwnerId const& owner) const override;
    [[nodiscard]] bool may_try(rotation::OwnerId const& owner) const override;
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override;
    Async<rotation::Credentials> list(rotation::OwnerId owner, SteadyPoint deadline) override;
    Async<rotation::Credentials> regenerate(rotation::OwnerId owner, std::string slot, SteadyPoint deadline) override;
    /// Longer where the service goes on after its answer.
    [[nodiscard]] Duration may_land_for(rotation::OwnerId const& owner) const override;
    Task<ports::TrialResult> verify(rotation::OwnerId owner, SecretString const& credential, SecretString const& value,
                                    SteadyPoint deadline) override;

private:
    /// Null where the catalogue has none.
    [[nodiscard]] rotation::CatalogueEntry const* find_entry(rotation::OwnerId const& owner) const;
    Result<rotation::CatalogueEntry const*> entry_of(rotation::OwnerId const& owner) const;
    Async<void> tell_when_made(rotation::CatalogueEntry const& entry, rotation::ArmId owner,
                               rotation::Credentials& credentials, SteadyPoint deadline);
    /// The call itself: its answer may show the keys, or nothing, or that it goes on.
    Async<http::Response> send_regeneration(rotation::CatalogueEntry const& entry, rotation::EntrySlot const& slot,
                                            rotation::ArmId owner, std::string operation, SteadyPoint deadline);
    /// How the call to regenerate spells the slot; asks the service where it gives its keys ids.
    Async<std::string> find_asks(rotation::CatalogueEntry const& entry, rotation::EntrySlot const& slot,
                                 rotation::ArmId owner, SteadyPoint deadline);

    /// Whether it is the key that was turned down: `tried` as it is, where another key of the owner's is taken.
    Task<ports::TrialResult> weigh_rejection(rotation::CatalogueEntry const& entry, rotation::OwnerId owner,
                                             SecretString const& credential, ports::TrialResult tried,
                                             SteadyPoint deadline);

    azure::ArmClient& arm_;
    Clock& clock_;
    Random& random_;
    rotation::LazyCatalogue const& catalogue_;
    rotation::Cloud cloud_;
    StorageTrial storage_trial_;
    KeyTrial key_trial_;
};

}  // namespace kssedr::providers
