#include "engine/rotator.h"

#include "engine/attempt.h"

namespace kssedr::engine {

Rotator::Rotator(Ports ports, rotation::Policy policy, std::vector<OwnSetting> own_settings)
    : ports_(ports), policy_(std::move(policy)), memory_(ports.clock, policy_) {
    memory_.own_settings = std::move(own_settings);
}

std::vector<OwnSetting> Rotator::own_settings() const {
    std::vector<OwnSetting> copies;
    for (auto const& setting : memory_.own_settings) copies.push_back({setting.name, setting.value.clone()});
    return copies;
}

bool Rotator::may_rotate(rotation::VaultHost const& vault, rotation::OwnerId const& owner) const {
    return policy_.allowed && policy_.allowed->find(vault, owner) != nullptr && ports_.serves(owner);
}

Async<ServedVaults::Hosts> Rotator::find_served_vaults(Calls& calls) {
    co_return co_await memory_.served.find(calls);
}

Task<Examination> Rotator::rotate(RotationRequest request) {
    Attempt attempt(ports_, policy_, memory_, request);
    co_return co_await attempt.run();
}

}  // namespace kssedr::engine
