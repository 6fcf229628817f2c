/// ListScene: an application with one client secret of a person's and one of ours, which a secret of the vault holds
/// and which is due; and processes that rotate.

#pragma once

#include "engine/in_process_lock.h"
#include "engine/rotator.h"
#include "support/fake_lists.h"
#include "support/scene.h"

namespace kssedr::test {

inline constexpr std::string_view application = "0a000000-0000-4000-8000-00000000000b";
inline constexpr std::string_view mark_of_web = "kssedr demo.vault.azure.net/web";

struct ListScene {
    explicit ListScene(Clock& clock) : clock(clock), azure(clock, random), lists(clock, random, azure) {
        lists.make("by hand", days{400}, days{730});
        auto const& held = lists.make(std::string(mark_of_web), days{61}, days{97});
        rotation::SecretProperties properties;
        properties.tags = {{"ProviderAddress", std::string(application)}, {"CredentialId", held.listed.id}};
        properties.expires = std::chrono::floor<std::chrono::seconds>(clock.now()) + days{29};
        azure.add_version(properties, held.value);
        azure.versions[0].properties.created -= days{61};
        policy.allowed = rotation::AllowedTargets(
            {*rotation::AllowedTarget::parse("entra:" + std::string(application), "vault.azure.net")});
    }

    Task<engine::Examination> rotate(engine::RotationRequest request) {
        engine::InProcessLock lock(clock);
        engine::Rotator rotator({azure, azure, azure, lock, clock, random, log, &lists}, policy, own_settings());
        co_return co_await rotator.rotate(std::move(request));
    }
    Task<engine::Examination> rotate() { return rotate(sweep()); }

    engine::RotationRequest leak() const {
        auto request = sweep();
        request.trigger = rotation::Trigger::command;
        request.is_compromised = request.ignores_due = request.ignores_freeze = true;
        return request;
    }
    engine::RotationRequest sweep() const {
        engine::RotationRequest request;
        request.secret = {{"demo.vault.azure.net"}, "web"};
        request.trigger = rotation::Trigger::sweep;
        request.deadline = clock.steady_now() + 10min;
        return request;
    }
    std::vector<engine::OwnSetting> own_settings() const {
        std::vector<engine::OwnSetting> settings;
        if (!own_secret.empty()) settings.push_back({"AZURE_CLIENT_SECRET", SecretString::copy_of(own_secret)});
        return settings;
    }
    /// Whether a consumer that has this value may sign in, as long as its credential has not come to its own end.
    [[nodiscard]] bool works(std::string const& value) const {
        return lists.find(value) != nullptr || lists.removed_after_their_end.contains(value);
    }
    std::string const& value() const { return azure.versions.back().value; }
    /// A copy of the secret in another one that asks for the application too.
    void copy_to(std::string const& name) {
        auto properties = azure.versions.back().properties;
        properties.expires = std::nullopt;
        azure.add_version(std::move(properties), value(), "demo.vault.azure.net/" + name);
    }

    Clock& clock;
    SeededRandom random{1};
    NullLog log;
    FakeAzure azure;
    FakeLists lists;
    rotation::Policy policy;
    std::string own_secret;  ///< a setting of kssedr's own
};

}  // namespace kssedr::test
