// World: the vaults' near-expiry events, and everything that happens to events on their way.

#include "world.h"

#include <algorithm>

namespace kssedr::simulation {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A vault announces a version thirty days before it expires, at once where it is made later than that, and once more
// when it has expired.
void World::announce(int secret) {
    auto const& state = estate_.secrets[static_cast<std::size_t>(secret)];
    auto const& properties = state.current().properties;
    if (!properties.expires) return;
    auto const skew = estate_.vaults[static_cast<std::size_t>(state.vault)].skew;
    SteadyPoint const expires{*properties.expires - beginning - skew};
    auto const near = std::max(expires + -days{30}, timeline_.now()) + chance_.between(seconds{1}, minutes{10});
    announce_at(near, secret, properties.version);
    announce_at(std::max(expires, timeline_.now()) + chance_.between(seconds{1}, minutes{10}), secret,
                properties.version);
}

void World::announce_at(SteadyPoint when, int secret, std::string const& version) {
    if (chance_.happens(plan_.event_lost)) {
        statistics_.add(Fault::event_lost);
        return;
    }
    if (chance_.happens(plan_.event_late)) {
        statistics_.add(Fault::event_late);
        when = when + chance_.between({}, days{20});
    }
    timeline_.at(when, [this, secret, version] { deliver(secret, version, 4); });
    while (chance_.happens(plan_.event_duplicated)) {
        statistics_.add(Fault::event_duplicated);
        auto const later = chance_.happens(0.7) ? chance_.between({}, seconds{20}) : chance_.between({}, hours{10});
        timeline_.at(when + later, [this, secret, version] { deliver(secret, version, 4); });
    }
}

// At least once: an event whose handling failed, or whose process died, comes again a few times.
void World::deliver(int secret, std::string const& version, int tries_left) {
    auto const again = [this, secret, version, tries_left](Duration within) {
        if (tries_left == 0) return;
        timeline_.at(timeline_.now() + chance_.between(seconds{1}, within),
                     [this, secret, version, tries_left] { deliver(secret, version, tries_left - 1); });
    };
    auto* const process = find_living();
    if (process == nullptr) return again(minutes{10});
    Asked asked{secret, rotation::Trigger::event, version, chance_.between(seconds{30}, minutes{10})};
    // Nobody waits for ever.
    if (chance_.happens(0.3)) asked.budget = minutes{10};
    process->handle(std::move(asked), [this, again](std::optional<rotation::Outcome> const& outcome) {
        if (!is_ending_ && (!outcome || outcome->kind == rotation::OutcomeKind::failed)) again(minutes{10});
    });
}

}  // namespace kssedr::simulation
