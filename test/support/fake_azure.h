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

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
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
    };
    struct Version {
        rotation::SecretProperties properties;
        std::string value;
    };

    FakeAzure(Clock& clock, Random& random) : clock_(clock), random_(random) {}

    Script script;
    std::map<std::string, Key> keys;  // key1, key2
    std::vector<Version> versions;    // of the one secret, oldest first
    std::string vault_host = "demo.vault.azure.net";
    bool tells_when_made = true;
    std::vector<std::string> calls;
    int regenerations = 0;

    std::string new_key() {
        std::string bytes(64, '\0');
        random_.fill(bytes);
        return format_base64(bytes);
    }
    void add_version(rotation::SecretProperties properties, std::string value) {
        properties.version = fmt::format("{:032x}", versions.size() + 1);
        properties.created = properties.updated = std::chrono::floor<std::chrono::seconds>(clock_.now());
        versions.push_back({std::move(properties), std::move(value)});
    }
    void regenerate_key(std::string const& slot) { keys[slot] = {new_key(), clock_.now()}; }
    [[nodiscard]] bool is_alive(std::string_view value) const {
        return std::ranges::any_of(
            keys, [&](auto const& key) { return value.find(key.second.value) != std::string_view::npos; });
    }

    Async<rotation::SecretVersion> fetch(rotation::SecretRef, std::string version, SteadyPoint) override {
        auto const event = begin("secret.get");
        co_await clock_.sleep_for(event.takes);
        if (auto failed = occur(event, [] {})) co_return fail(*failed);
        auto const found = std::ranges::find_if(versions.rbegin(), versions.rend(), [&](Version const& v) {
            return version.empty() || v.properties.version == version;
        });
        if (found == versions.rend()) co_return fail(Error(Errc::not_found, "no such secret"));
        if (!found->properties.enabled)
            co_return fail(Error(Errc::not_found, "disabled").with_service_code("SecretDisabled"));
        rotation::SecretVersion seen;
        seen.properties = found->properties;
        seen.value = SecretString::copy_of(found->value);
        seen.seen_at = std::chrono::floor<std::chrono::seconds>(clock_.now());
        co_return seen;
    }
    Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef, SteadyPoint) override {
        auto const event = begin("secret.versions");
        co_await clock_.sleep_for(event.takes);
        if (auto failed = occur(event, [] {})) co_return fail(*failed);
        std::vector<rotation::SecretProperties> listed;
        for (auto const& version : versions) listed.push_back(version.properties);
        co_return listed;
    }
    Async<std::vector<rotation::SecretProperties>> list_secrets(rotation::VaultHost, SteadyPoint) override {
        co_return fail(Errc::internal, "not asked for here");
    }
    Async<rotation::SecretProperties> publish(rotation::SecretRef, rotation::SecretDraft const& draft,
                                              SteadyPoint) override {
        auto const event = begin("secret.set");
        co_await clock_.sleep_for(event.takes);
        auto const effect = [&] {
            rotation::SecretProperties properties;
            properties.content_type = draft.content_type;
            properties.tags = draft.tags;
            properties.expires = draft.expires;
            properties.not_before = draft.not_before;
            add_version(std::move(properties), std::string(draft.value.expose()));
        };
        if (auto failed = occur(event, effect)) co_return fail(*failed);
        co_return versions.back().properties;
    }

    [[nodiscard]] bool serves(rotation::ArmId const& owner) const override {
        return owner.is_type("Microsoft.Storage/storageAccounts");
    }
    [[nodiscard]] rotation::CredentialShape shape(rotation::ArmId const& owner) const override {
        rotation::CredentialShape shape;
        shape.owner_name = owner.resource_name();
        shape.endpoint_members = {"BlobEndpoint"};
        shape.suffix = "core.windows.net";
        shape.foreign_members = {"SharedAccessSignature"};
        return shape;
    }
    Async<rotation::Credentials> list(rotation::ArmId, SteadyPoint) override {
        auto const event = begin("keys.list");
        co_await clock_.sleep_for(event.takes);
        if (auto failed = occur(event, [] {})) co_return fail(*failed);
        co_return credentials();
    }
    Async<rotation::Credentials> regenerate(rotation::ArmId, std::string slot, SteadyPoint) override {
        auto const event = begin("keys.regenerate");
        co_await clock_.sleep_for(event.takes);
        auto const effect = [&] {
            ++regenerations;
            regenerate_key(slot);
        };
        if (auto failed = occur(event, effect)) co_return fail(*failed);
        co_return credentials();
    }
    Async<std::string> fetch_vault_host(rotation::ArmId, SteadyPoint) override {
        auto const event = begin("vault.get");
        co_await clock_.sleep_for(event.takes);
        if (auto failed = occur(event, [] {})) co_return fail(*failed);
        co_return vault_host;
    }

private:
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
    [[nodiscard]] rotation::Credentials credentials() const {
        rotation::Credentials all;
        for (auto const& [slot, key] : keys)
            all.slots.push_back({slot, SecretString::copy_of(key.value), tells_when_made ? key.made : std::nullopt});
        return all;
    }

    Clock& clock_;
    Random& random_;
};

}  // namespace kssedr::test
