#include "engine/shadow.h"

#include "base/encoding.h"

#include <fmt/format.h>

#include <algorithm>

namespace kssedr::engine {
namespace {

rotation::SecretVersion copy_of(rotation::SecretVersion const& version, TimePoint now) {
    rotation::SecretVersion copy;
    copy.properties = version.properties;
    copy.value = version.value.clone();
    copy.seen_at = now;
    return copy;
}

// What a service that writes its keys so might make.
SecretString make_stand_in(rotation::KeyForm const& form, Random& random) {
    bool const is_base64 = form.kind == rotation::KeyForm::Kind::base64;
    std::string bytes(form.least, '\0');
    random.fill(bytes);
    if (is_base64) return SecretString::absorb(format_base64(bytes));
    std::string text = form.begins + format_hex(bytes);
    text.resize(std::max(form.least, form.begins.size()));
    return SecretString::absorb(std::move(text));
}

}  // namespace

bool is_shadow_id(std::string_view id) {
    // More zeros than a service's own ids begin with.
    constexpr int zeros_at_least = 20;
    int zeros = 0;
    for (char const c : id) {
        if (c == '-') continue;
        if (c != '0') return false;
        if (++zeros == zeros_at_least) return true;
    }
    return false;
}

Async<rotation::SecretVersion> ShadowVault::fetch(rotation::SecretRef secret, std::string version,
                                                  SteadyPoint deadline) {
    auto const place = published_.find(secret.key());
    if (place != published_.end())
        for (auto at = place->second.rbegin(); at != place->second.rend(); ++at)
            if (version.empty() || at->properties.version == version) co_return copy_of(*at, now_);
    auto fetched = co_await real_.fetch(std::move(secret), std::move(version), deadline);
    if (fetched) now_ = std::max(now_, fetched->seen_at);
    co_return fetched;
}

Async<std::vector<rotation::SecretProperties>> ShadowVault::list_versions(rotation::SecretRef secret,
                                                                          SteadyPoint deadline) {
    auto const key = secret.key();
    KSSEDR_CO_TRY(auto versions, co_await real_.list_versions(std::move(secret), deadline));
    for (auto const& version : published_[key]) versions.push_back(version.properties);
    co_return versions;
}

Async<rotation::SecretListing> ShadowVault::list_secrets(rotation::VaultHost vault, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto listing, co_await real_.list_secrets(vault, deadline));
    now_ = std::max(now_, listing.seen_at);
    for (auto& listed : listing.secrets) {
        auto const place = published_.find(rotation::SecretRef{vault, listed->name}.key());
        if (place == published_.end() || place->second.empty()) continue;
        auto properties = place->second.back().properties;
        properties.version.clear();
        listed = std::make_shared<rotation::SecretProperties const>(std::move(properties));
    }
    co_return listing;
}

Async<rotation::SecretProperties> ShadowVault::publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                                       SteadyPoint) {
    auto& versions = published_[secret.key()];
    rotation::SecretVersion version;
    version.properties.name = secret.name;
    version.properties.version = fmt::format("{:032x}", versions.size() + 1);
    version.properties.content_type = draft.content_type;
    version.properties.tags = draft.tags;
    version.properties.not_before = draft.not_before;
    version.properties.expires = draft.expires;
    version.properties.created = version.properties.updated = std::chrono::floor<std::chrono::seconds>(now_);
    version.value = draft.value.clone();
    version.seen_at = now_;
    versions.push_back(std::move(version));
    co_return versions.back().properties;
}

Async<void> ShadowVault::disable(rotation::SecretRef, std::string, SteadyPoint) {
    co_return Result<void>();
}

Async<rotation::Credentials> ShadowProvider::list(rotation::OwnerId owner, SteadyPoint deadline) {
    auto const key = owner.key();
    KSSEDR_CO_TRY(auto credentials, co_await real_.list(std::move(owner), deadline));
    for (auto& credential : credentials.slots) {
        auto const place = made_.find(key + '/' + credential.slot);
        if (place == made_.end()) continue;
        credential.value = place->second.value.clone();
        if (credential.made) credential.made = place->second.at;
    }
    co_return credentials;
}

Async<rotation::Credentials> ShadowProvider::regenerate(rotation::OwnerId owner, std::string slot,
                                                        SteadyPoint deadline) {
    made_[owner.key() + '/' + slot] = {make_stand_in(shape(owner).keys.front(), random_), clock_.now()};
    co_return co_await list(std::move(owner), deadline);
}

Task<ports::TrialResult> ShadowProvider::verify(rotation::OwnerId, SecretString const&, SecretString const&,
                                                SteadyPoint) {
    co_return ports::TrialResult{ports::Trial::accepted, {}};
}

Async<rotation::CredentialList> ShadowLists::list(rotation::OwnerId owner, SteadyPoint deadline) {
    auto const key = owner.key();
    KSSEDR_CO_TRY(auto listed, co_await real_.list(std::move(owner), deadline));
    std::ranges::copy(added_[key], std::back_inserter(listed));
    std::erase_if(listed, [&](auto const& credential) { return removed_.contains(credential.id); });
    co_return listed;
}

Async<rotation::AddedCredential> ShadowLists::add(rotation::OwnerId owner, std::string mark, TimePoint ends,
                                                  SteadyPoint) {
    rotation::AddedCredential added{fmt::format("00000000-0000-0000-0000-{:012x}", ++ids_),
                                    make_stand_in(shape(owner).keys.front(), random_)};
    added_[owner.key()].push_back({added.id, std::move(mark), {}, clock_.now(), ends});
    values_.push_back(added.value.clone());
    co_return added;
}

Async<void> ShadowLists::remove(rotation::OwnerId, std::string id, SteadyPoint) {
    removed_.insert(std::move(id));
    co_return Result<void>();
}

Task<ports::TrialResult> ShadowLists::verify(rotation::OwnerId owner, SecretString const& credential,
                                             SecretString const& value, SteadyPoint deadline) {
    if (std::ranges::find(values_, credential) != values_.end())
        co_return ports::TrialResult{ports::Trial::accepted, {}};
    co_return co_await real_.verify(std::move(owner), credential, value, deadline);
}

Async<void> ShadowLogins::set(rotation::OwnerId owner, std::string login, SecretString const& password, SteadyPoint) {
    set_.insert_or_assign(owner.key() + '/' + login, password.clone());
    co_return Result<void>();
}

Task<ports::TrialResult> ShadowLogins::try_login(rotation::OwnerId owner, std::string login,
                                                 SecretString const& password, SteadyPoint deadline) {
    auto const place = set_.find(owner.key() + '/' + login);
    if (place == set_.end()) co_return co_await real_.try_login(std::move(owner), std::move(login), password, deadline);
    bool const is_it = place->second == password;
    co_return ports::TrialResult{is_it ? ports::Trial::accepted : ports::Trial::rejected, {}};
}

}  // namespace kssedr::engine
