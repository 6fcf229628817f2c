#include "bench/estate.h"

#include "support/storage_shape.h"

#include <fmt/format.h>

namespace kssedr::bench {

using std::chrono::days;

namespace {

std::string value_of(std::string_view account, std::string_view key) {
    return fmt::format("DefaultEndpointsProtocol=https;AccountName={};AccountKey={};EndpointSuffix=core.windows.net",
                       account, key);
}

}  // namespace

std::string Estate::new_key() {
    std::string bytes(64, '\0');
    random_.fill(bytes);
    return format_base64(bytes);
}

void Estate::add_due(std::size_t number) {
    auto const account = fmt::format("acct{:06}", number);
    auto const now = std::chrono::floor<std::chrono::seconds>(clock_.now());
    owners_[account] = {Key{new_key(), now - days{300}}, Key{new_key(), now - days{300}}};
    Secret secret;
    secret.properties.name = fmt::format("secret{:06}", number);
    secret.properties.version = fmt::format("{:032x}", ++versions_);
    secret.properties.content_type =
        fmt::format("{}/providers/Microsoft.Storage/storageAccounts/{}", subscription, account);
    secret.properties.tags = {{"orgin", secret.properties.content_type}, {"key", "0"}};
    secret.properties.created = secret.properties.updated = now - days{61};
    secret.properties.expires = now + days{29};
    secret.value = value_of(account, owners_[account][0].value);
    numbers_[secret.properties.name] = secrets_.size();
    secrets_.push_back(std::move(secret));
}

std::size_t Estate::pages() const {
    return (secrets_.size() + 24) / 25;  // of 25, as Key Vault gives them
}

Task<void> Estate::take_time(std::size_t answers) {
    co_await clock_.sleep_for(latency_ * static_cast<Duration::rep>(answers));
}

Async<rotation::SecretVersion> Estate::fetch(rotation::SecretRef secret, std::string, SteadyPoint) {
    ++calls.vault_reads;
    co_await take_time();
    auto const& found = find(secret.name);
    rotation::SecretVersion version;
    version.properties = found.properties;
    version.value = SecretString::copy_of(found.value);
    version.seen_at = std::chrono::floor<std::chrono::seconds>(clock_.now());
    co_return version;
}

Async<std::vector<rotation::SecretProperties>> Estate::list_versions(rotation::SecretRef secret, SteadyPoint) {
    ++calls.vault_reads;
    co_await take_time();
    co_return std::vector{find(secret.name).properties};
}

Async<rotation::SecretListing> Estate::list_secrets(rotation::VaultHost, SteadyPoint) {
    calls.vault_reads += pages();
    co_await take_time(pages());
    rotation::SecretListing listing;
    listing.seen_at = std::chrono::floor<std::chrono::seconds>(clock_.now());
    listing.secrets.reserve(secrets_.size());
    for (auto& secret : secrets_) {
        if (!secret.listed) {
            auto properties = secret.properties;
            properties.version.clear();
            secret.listed = std::make_shared<rotation::SecretProperties const>(std::move(properties));
        }
        listing.secrets.push_back(secret.listed);
    }
    co_return listing;
}

Async<rotation::SecretProperties> Estate::publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                                  SteadyPoint) {
    ++calls.publications;
    co_await take_time();
    auto& found = find(secret.name);
    found.listed.reset();
    found.value.assign(draft.value.expose());
    found.properties.version = fmt::format("{:032x}", ++versions_);
    found.properties.tags = draft.tags;
    found.properties.created = found.properties.updated = std::chrono::floor<std::chrono::seconds>(clock_.now());
    found.properties.expires = draft.expires;
    co_return found.properties;
}

bool Estate::serves(rotation::OwnerId const& owner) const {
    return owner.type() == "Microsoft.Storage/storageAccounts";
}

rotation::CredentialShape Estate::shape(rotation::OwnerId const& owner) const {
    return test::storage_shape(std::string(owner.name()));
}

rotation::Credentials Estate::credentials_of(std::string const& account) const {
    rotation::Credentials credentials;
    auto const& keys = owners_.at(account);
    for (std::size_t slot = 0; slot < keys.size(); ++slot)
        credentials.slots.push_back(
            {slot == 0 ? "key1" : "key2", SecretString::copy_of(keys[slot].value), keys[slot].made});
    return credentials;
}

Async<rotation::Credentials> Estate::list(rotation::OwnerId owner, SteadyPoint) {
    ++calls.provider;
    co_await take_time();
    co_return credentials_of(std::string(owner.name()));
}

Async<rotation::Credentials> Estate::regenerate(rotation::OwnerId owner, std::string slot, SteadyPoint) {
    ++calls.provider;
    co_await take_time();
    owners_.at(std::string(owner.name()))[slot == "key1" ? 0 : 1] = {new_key(), clock_.now()};
    co_return credentials_of(std::string(owner.name()));
}

Task<ports::TrialResult> Estate::verify(rotation::OwnerId, SecretString const&, SecretString const&, SteadyPoint) {
    co_return ports::TrialResult{ports::Trial::accepted, {}};
}

Async<std::string> Estate::fetch_vault_host(rotation::ArmId, SteadyPoint) {
    co_return vault_host;
}

Async<std::vector<rotation::VaultHost>> Estate::list_vaults(rotation::ArmId, SteadyPoint) {
    co_return std::vector<rotation::VaultHost>{{std::string(vault_host)}};
}

}  // namespace kssedr::bench
