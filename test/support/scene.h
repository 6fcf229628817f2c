/// Scene: a vault with one secret that is due, an account, and processes that rotate, in memory and virtual time.

#pragma once

#include "engine/in_process_lock.h"
#include "engine/rotator.h"
#include "support/fake_azure.h"
#include "support/seeded_random.h"

namespace kssedr::test {

using namespace std::chrono_literals;
using std::chrono::days;

inline constexpr std::string_view account =
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acct";
inline constexpr std::string_view vault_id =
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/demo";
inline constexpr Duration overlap = days{7};

// A vault with one secret, made as the original's example makes it, that is due; and a process that rotates.
class Scene {
public:
    explicit Scene(Clock& clock) : clock(clock), azure(clock, random) {
        for (std::string const slot : {"key1", "key2"}) azure.keys[slot] = {azure.new_key(), clock.now() - days{300}};
        rotation::SecretProperties properties;
        properties.content_type = account;
        properties.tags = {{"orgin", std::string(account)}, {"key", "0"}, {"team", "web"}};
        properties.expires = std::chrono::floor<std::chrono::seconds>(clock.now()) + days{29};
        azure.add_version(properties, connection_string(azure.keys["key1"].value));
        azure.versions[0].properties.created -= days{61};
        policy.allowed = rotation::AllowedTargets({*rotation::AllowedTarget::parse("/", "vault.azure.net")});
        policy.verify = rotation::Verify::off;
    }

    static std::string connection_string(std::string const& key) {
        return "DefaultEndpointsProtocol=https;AccountName=acct;EndpointSuffix=core.windows.net;AccountKey=" + key;
    }

    /// A process of its own, with nothing in memory, rotates.
    Task<engine::Examination> rotate(engine::RotationRequest request) {
        engine::InProcessLock lock(clock);
        engine::Rotator rotator({azure, azure, azure, lock, clock, random, log}, policy);
        co_return co_await rotator.rotate(std::move(request));
    }
    Task<engine::Examination> rotate() { return rotate(event()); }

    engine::RotationRequest event() const {
        engine::RotationRequest request;
        request.secret = {{"demo.vault.azure.net"}, "web"};
        request.trigger = rotation::Trigger::event;
        request.version = azure.versions.front().properties.version;
        request.event_id = "e1";
        request.vault_resource = *rotation::ArmId::parse(vault_id);
        request.deadline = clock.steady_now() + 10min;
        return request;
    }

    Clock& clock;
    SeededRandom random{1};
    NullLog log;
    FakeAzure azure;
    rotation::Policy policy;
};

}  // namespace kssedr::test
