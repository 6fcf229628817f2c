#include "engine/retired.h"

#include "base/hash.h"

#include <algorithm>

namespace kssedr::engine {

void RetiredBook::note(std::string const& owner_key, std::string const& slot, rotation::Credentials const& before,
                       rotation::Credentials const& after) {
    auto const* old = before.find(slot);
    auto const* fresh = after.find(slot);
    if (old == nullptr || fresh == nullptr || old->value == fresh->value) return;
    digests_[{owner_key, slot}] = sha256(old->value.expose());
}

bool RetiredBook::is_outdated(std::string const& owner_key, rotation::Credentials const& listed) const {
    return std::ranges::any_of(listed.slots, [&](rotation::Credential const& credential) {
        auto const place = digests_.find({owner_key, credential.slot});
        return place != digests_.end() && place->second == sha256(credential.value.expose());
    });
}

}  // namespace kssedr::engine
