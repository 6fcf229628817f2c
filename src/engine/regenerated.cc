#include "engine/regenerated.h"

#include "base/hash.h"

#include <algorithm>

namespace kssedr::engine {

void RegeneratedBook::note(std::string const& owner_key, std::string const& slot, rotation::Credentials const& before,
                           rotation::Credentials const& after, TimePoint now) {
    auto const* old = before.find(slot);
    auto const* fresh = after.find(slot);
    if (old == nullptr || fresh == nullptr || old->value == fresh->value) return;
    noted_[{owner_key, slot}] = {sha256(old->value.expose()), sha256(fresh->value.expose()), now};
}

void RegeneratedBook::doubt(std::string const& owner_key, std::string const& slot, rotation::Credentials const& before,
                            TimePoint now) {
    auto const* old = before.find(slot);
    if (old != nullptr) doubted_[{owner_key, slot}] = {sha256(old->value.expose()), {}, now};
}

void RegeneratedBook::settle(std::string const& owner_key, rotation::Credentials const& listed) {
    for (auto const& credential : listed.slots) {
        auto const place = doubted_.find({owner_key, credential.slot});
        if (place == doubted_.end()) continue;
        auto fresh = sha256(credential.value.expose());
        if (fresh != place->second.retired)
            noted_[place->first] = {place->second.retired, std::move(fresh), place->second.made, true};
        doubted_.erase(place);
    }
}

bool RegeneratedBook::is_outdated(std::string const& owner_key, rotation::Credentials const& listed) const {
    return std::ranges::any_of(listed.slots, [&](rotation::Credential const& credential) {
        auto const place = noted_.find({owner_key, credential.slot});
        return place != noted_.end() && place->second.retired == sha256(credential.value.expose());
    });
}

std::optional<TimePoint> RegeneratedBook::made(std::string const& owner_key, rotation::Credential const& credential,
                                               TimePoint newest) const {
    auto const place = noted_.find({owner_key, credential.slot});
    if (place == noted_.end() || place->second.fresh != sha256(credential.value.expose())) return std::nullopt;
    if (place->second.is_least && place->second.made <= newest) return std::nullopt;
    return place->second.made;
}

}  // namespace kssedr::engine
