/// FakeAzure: a vault and a storage account in memory and virtual time, behind the ports that the engine acts through.
///
/// Every call takes a moment, then happens. A test may script what befalls the n-th call: an error before or after its
/// effect, a death of the process (`Killed`), a change of the world. What holders of published credentials would see is
/// checked after every effect.

#pragma once

#include "async/clock.h"
#include "base/encoding.h"
#include "base/random.h"
#include "ports/credential_provider.h"
#include "ports/vault.h"
#include "ports/vault_directory.h"
#include "support/storage_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kssedr::test {

/// The process died here.
struct Killed {};

class FakeAzure final : public ports::Vault, public ports::CredentialProvider, public ports::VaultDirectory {
public:
    /// What befalls a call. `before` and `after` stand around its effect; either may throw Killed or change the world.
    struct Event {
        std::optional<Error> error_before;
        std::optional<Error> error_after;
        std::function<void()> before;
        std::function<void()> after;
        Duration takes{20};
    };
    /// Asked for every call with its number from 1 and its name (`secret.get`, `secret.versions`, `secret.set`,
    /// `keys.list`, `keys.regenerate`, `vault.get`).
    using Script = std::function<Event(int number, std::string_view operation)>;

    struct Key {
        std::string value;
        std::optional<TimePoint> made;
        std::size_t pair = 0;
    };
    struct Version {
        rotation::SecretProperties properties;
        std::string value;
    };

    FakeAzure(Clock& clock, Random& random) : clock_(clock), random_(random) {}

    Script script;
    std::map<std::string, Key> keys;  // key1, key2
    /// Every secret's versions, oldest first, by SecretRef::key().
    std::map<std::string, std::vector<Version>> secrets;
    std::vector<Version>& versions = secrets["demo.vault.azure.net/web"];  // of the secret that most tests are about
    /// What trying a credential tells beyond whether it is one of the owner's.
    std::function<std::optional<ports::TrialResult>()> trial;
    /// Secrets that may not be read, or not be written, by key.
    std::set<std::string> unreadable, unwritable;
    std::string vault_host = "demo.vault.azure.net";
    std::vector<rotation::VaultHost> vaults{{"demo.vault.azure.net"}};  ///< of every scope
    /// How far the vault's clock is ahead of ours.
    Duration clock_ahead{};
    /// The same for the n-th answer of the vault that tells the date alone, from 1.
    std::map<int, Duration> date_ahead;
    /// Told of every publication that is asked for, whatever becomes of it.
    std::function<void(rotation::SecretDraft const&)> on_publish;
    bool tells_when_made = true;
    bool may_be_tried = true;
    std::vector<std::string> calls;
    int regenerations = 0;

    std::string new_key() {
        std::string bytes(64, '\0');
        random_.fill(bytes);
        return format_base64(bytes);
    }
    void add_version(rotation::SecretProperties properties, std::string value,
                     std::string const& key = "demo.vault.azure.net/web") {
        properties.version = fmt::format("{:032x}", ++versions_made_);
        properties.name = key.substr(key.find('/') + 1);
        properties.created = properties.updated = std::chrono::floor<std::chrono::seconds>(clock_.now());
        secrets[key].push_back({std::move(properties), std::move(value)});
    }
    void regenerate_key(std::string const& slot) { keys[slot] = {new_key(), clock_.now(), keys[slot].pair}; }
    [[nodiscard]] bool is_alive(std::string_view value) const {
        return std::ranges::any_of(
            keys, [&](auto const& key) { return value.find(key.second.value) != std::string_view::npos; });
    }

    Async<rotation::SecretVersion> fetch(rotation::SecretRef secret, std::string version, SteadyPoint) override {
        auto const event = begin("secret.get");
        co_await clock_.sleep_for(event.takes);
        if (auto failed = occur(event, [] {})) co_return fail(*failed);
        if (unreadable.contains(secret.key())) co_return fail(Error(Errc::permission_denied, "ForbiddenByRbac"));
        auto const& of_secret = secrets[secret.key()];
        auto const found = std::ranges::find_if(of_secret.rbegin(), of_secret.rend(), [&](Version const& v) {
            return version.empty() || v.properties.version == version;
        });
        if (found == of_secret.rend()) co_return fail(Error(Errc::not_found, "no such secret"));
        if (!found->properties.enabled)
            co_return fail(Error(Errc::not_found, "disabled").with_service_code("SecretDisabled"));
        rotation::SecretVersion seen;
        seen.properties = found->properties;
        seen.value = SecretString::copy_of(found->value);
        seen.seen_at = date();
        co_return seen;
    }
    Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef secret, SteadyPoint) override {
        auto const event = begin("secret.versions");
        co_await clock_.sleep_for(event.takes);
        if (auto failed = occur(event, [] {})) co_return fail(*failed);
        std::vector<rotation::SecretProperties> listed;
        for (auto const& version : secrets[secret.key()]) listed.push_back(version.properties);
        co_return listed;
    }
    Async<rotation::SecretListing> list_secrets(rotation::VaultHost vault, SteadyPoint) override {
        auto const event = begin("secret.list");
        co_await clock_.sleep_for(event.takes);
        if (auto failed = occur(event, [] {})) co_return fail(*failed);
        rotation::SecretListing listed;
        listed.seen_at = date();
        for (auto const& [key, of_secret] : secrets) {
            if (!key.starts_with(vault.text + '/') || of_secret.empty()) continue;
            auto properties = of_secret.back().properties;
            properties.version.clear();
            listed.secrets.push_back(std::make_shared<rotation::SecretProperties const>(std::move(properties)));
        }
        co_return listed;
    }
    Async<rotation::SecretProperties> publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                              SteadyPoint) override {
        auto const event = begin("secret.set");
        if (on_publish) on_publish(draft);
        co_await clock_.sleep_for(event.takes);
        if (unwritable.contains(secret.key())) co_return fail(Error(Errc::permission_denied, "ForbiddenByRbac"));
        auto const effect = [&] {
            rotation::SecretProperties properties;
            properties.content_type = draft.content_type;
            properties.tags = draft.tags;
            properties.expires = draft.expires;
            properties.not_before = draft.not_before;
            add_version(std::move(properties), std::string(draft.value.expose()), secret.key());
        };
        if (auto failed = occur(event, effect)) co_return fail(*failed);
        co_return secrets[secret.key()].back().properties;
    }

    Async<void> disable(rotation::SecretRef secret, std::string version, SteadyPoint) override {
        auto const event = begin("secret.disable");
        co_await clock_.sleep_for(event.takes);
        auto const effect = [&] {
            for (auto& one : secrets[secret.key()])
                if (one.properties.version == version) one.properties.enabled = false;
        };
        if (auto failed = occur(event, effect)) co_return fail(*failed);
        co_return Result<void>();
    }

    [[nodiscard]] bool may_try(rotation::OwnerId const&) const override { return may_be_tried; }
    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override {
        return owner.type() == "Microsoft.Storage/storageAccounts";
    }
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner) const override {
        return storage_shape(std::string(owner.name()));
    }
    Async<rotation::Credentials> list(rotation::OwnerId, SteadyPoint) override {
        auto const event = begin("keys.list");
        co_await clock_.sleep_for(event.takes);
        if (auto failed = occur(event, [] {})) co_return fail(*failed);
        co_return credentials();
    }
    Async<rotation::Credentials> regenerate(rotation::OwnerId, std::string slot, SteadyPoint) override {
        auto const event = begin("keys.regenerate");
        co_await clock_.sleep_for(event.takes);
        auto const effect = [&] {
            ++regenerations;
            regenerate_key(slot);
        };
        if (auto failed = occur(event, effect)) co_return fail(*failed);
        co_return credentials();
    }
    Task<ports::TrialResult> verify(rotation::OwnerId, SecretString const& credential, SecretString const&,
                                    SteadyPoint) override {
        auto const event = begin("verify");
        co_await clock_.sleep_for(event.takes);
        if (trial)
            if (auto result = trial()) co_return *std::move(result);
        if (is_alive(credential.expose())) co_return ports::TrialResult{ports::Trial::accepted, {}};
        co_return ports::TrialResult{ports::Trial::rejected, "AuthenticationFailed"};
    }
    Async<std::string> fetch_vault_host(rotation::ArmId, SteadyPoint) override {
        auto const event = begin("vault.get");
        co_await clock_.sleep_for(event.takes);
        if (auto failed = occur(event, [] {})) co_return fail(*failed);
        co_return vault_host;
    }

    Async<std::vector<rotation::VaultHost>> list_vaults(rotation::ArmId, SteadyPoint) override {
        auto const event = begin("vault.list");
        co_await clock_.sleep_for(event.takes);
        if (auto failed = occur(event, [] {})) co_return fail(*failed);
        co_return vaults;
    }

    /// For calls of other fakes beside this.
    Event begin(std::string_view operation) {
        calls.emplace_back(operation);
        return script ? script(static_cast<int>(calls.size()), operation) : Event{};
    }
    template <class Effect>
    static std::optional<Error> occur(Event const& event, Effect effect) {
        if (event.before) event.before();
        if (event.error_before) return event.error_before;
        effect();
        if (event.after) event.after();
        return event.error_after;
    }

private:
    TimePoint date() {
        auto const ahead = date_ahead.find(++dates_told_);
        return std::chrono::floor<std::chrono::seconds>(clock_.now() +
                                                        (ahead == date_ahead.end() ? clock_ahead : ahead->second));
    }
    [[nodiscard]] rotation::Credentials credentials() const {
        rotation::Credentials all;
        for (auto const& [slot, key] : keys)
            all.slots.push_back(
                {slot, SecretString::copy_of(key.value), tells_when_made ? key.made : std::nullopt, key.pair});
        return all;
    }

    Clock& clock_;
    Random& random_;
    int versions_made_ = 0;
    int dates_told_ = 0;
};

}  // namespace kssedr::test
