/// LoginScene: a vault with one secret of a login that is due, and processes that rotate, in memory and virtual time.

#pragma once

#include "engine/in_process_lock.h"
#include "engine/rotator.h"
#include "support/fake_logins.h"
#include "support/scene.h"

namespace kssedr::test {

inline constexpr std::string_view login_owner = "postgresql://db/app_a";
inline constexpr std::string_view pending_of_web = "demo.vault.azure.net/web-kssedr-pending";

struct LoginScene {
    explicit LoginScene(Clock& clock, std::vector<std::string> names = {"app_a", "app_b"})
        : clock(clock), azure(clock, random), logins(clock, random, azure, names) {
        for (auto const& name : names) logins.passwords[name] = "first-of-" + name;
        rotation::SecretProperties properties;
        properties.tags = {{"ProviderAddress", std::string(login_owner)}, {"CredentialId", "app_a"}};
        properties.expires = std::chrono::floor<std::chrono::seconds>(clock.now()) + days{29};
        azure.add_version(properties, document("app_a", "first-of-app_a"));
        azure.versions[0].properties.created -= days{61};
        policy.allowed = rotation::AllowedTargets({*rotation::AllowedTarget::parse(login_owner, "vault.azure.net")});
    }

    static std::string document(std::string const& login, std::string const& password) {
        return R"({"host":"db","username":")" + login + R"(","password":")" + password + R"(","pool":5})";
    }
    /// Whether a consumer that has this value may sign in.
    [[nodiscard]] bool works(std::string const& value) const {
        for (auto const* const known : {&logins.passwords, &logins.formers})
            for (auto const& [login, password] : *known)
                if (value == document(login, password)) return true;
        return false;
    }
    Task<engine::Examination> rotate(engine::RotationRequest request) {
        engine::InProcessLock lock(clock);
        engine::Rotator rotator({azure, azure, azure, lock, clock, random, log, nullptr, &logins}, policy);
        co_return co_await rotator.rotate(std::move(request));
    }
    Task<engine::Examination> rotate() { return rotate(sweep()); }
    engine::RotationRequest leak() const {
        auto request = sweep();
        request.trigger = rotation::Trigger::command;
        request.is_compromised = request.ignores_due = request.ignores_freeze = true;
        return request;
    }
    engine::RotationRequest daily() const {
        auto request = sweep();
        request.repairs_early = true;
        return request;
    }
    engine::RotationRequest sweep() const {
        engine::RotationRequest request;
        request.secret = {{"demo.vault.azure.net"}, "web"};
        request.trigger = rotation::Trigger::sweep;
        request.deadline = clock.steady_now() + 10min;
        return request;
    }
    std::string const& value() const { return azure.versions.back().value; }
    [[nodiscard]] bool is_open() {
        auto const& versions = azure.secrets[std::string(pending_of_web)];
        return !versions.empty() && versions.back().properties.enabled;
    }
    /// A copy of the secret in another one that asks for the login too.
    std::vector<FakeAzure::Version>& copy_to(std::string const& name) {
        auto& versions = azure.secrets["demo.vault.azure.net/" + name];
        azure.add_version(azure.versions.back().properties, value(), "demo.vault.azure.net/" + name);
        return versions;
    }

    Clock& clock;
    SeededRandom random{1};
    NullLog log;
    FakeAzure azure;
    FakeLogins logins;
    rotation::Policy policy;
};

}  // namespace kssedr::test
