// World: the vaults' near-expiry events, and everything that happens to events on their way.

#include "world.h"

#include <algorithm>

namespace kssedr::simulation {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

// How often an event comes again whose handling failed.
constexpr int tries_max = 4;

}  // namespace

// A vault announces a version thirty days before it expires, at once where it is made later than that, and once more
// when it has expired.
void World::announce(int secret) {
    auto const& state = estate_.secrets[static_cast<std::size_t>(secret)];
    auto const& properties = state.current().properties;
    if (!properties.expires) return;
    auto const skew = estate_.vaults[static_cast<std::size_t>(state.vault)].skew;
    SteadyPoint const expires{*properties.expires - beginning - skew};
    auto const near = std::max(expires + -days{30}, timeline_.now()) + chance_.between(seconds{1}, minutes{10});
    announce_at(near, EventSent::Kind::near_expiry, secret, properties.version);
    announce_at(std::max(expires, timeline_.now()) + chance_.between(seconds{1}, minutes{10}), EventSent::Kind::expired,
                secret, properties.version);
}

void World::announce_at(SteadyPoint when, EventSent::Kind kind, int secret, std::string const& version) {
    if (chance_.happens(plan_.event_lost)) {
        statistics_.add(Fault::event_lost);
        return;
    }
    if (chance_.happens(plan_.event_late)) {
        statistics_.add(Fault::event_late);
        when = when + chance_.between({}, days{20});
    }
    auto const deliver_it = [this, kind, secret, version] { deliver({{kind, secret, version, {}}}, tries_max); };
    timeline_.at(when, deliver_it);
    while (chance_.happens(plan_.event_duplicated)) {
        statistics_.add(Fault::event_duplicated);
        auto const later = chance_.happens(0.7) ? chance_.between({}, seconds{20}) : chance_.between({}, hours{10});
        timeline_.at(when + later, deliver_it);
    }
}

// What else may come along: an older event, one about another secret, types that start nothing, and what is no event.
void World::add_strangers(std::vector<EventSent>& events) {
    using enum EventSent::Kind;
    while (chance_.happens(plan_.event_duplicated / 2)) {
        auto const secret = any_secret();
        auto const& versions = estate_.secrets[static_cast<std::size_t>(secret)].versions;
        EventSent stranger{near_expiry, secret, versions[chance_.pick(versions.size())].properties.version};
        switch (chance_.pick(5)) {
        case 0: stranger.kind = broken; break;
        case 1: stranger.kind = other_type; break;
        case 2: stranger = events.front(); break;
        default: break;
        }
        events.insert(events.begin() + static_cast<std::ptrdiff_t>(chance_.pick(events.size() + 1)), stranger);
    }
}

// At least once: an event whose handling failed, or whose process died, comes again a few times.
void World::deliver(std::vector<EventSent> events, int tries_left) {
    auto const again = [this, tries_left](std::vector<EventSent> failed) {
        if (tries_left == 0 || failed.empty()) return;
        timeline_.at(timeline_.now() + chance_.between(seconds{1}, minutes{10}),
                     [this, failed = std::move(failed), tries_left] { deliver(failed, tries_left - 1); });
    };
    auto* const process = find_living();
    if (process == nullptr) return again(std::move(events));
    if (tries_left == tries_max) add_strangers(events);
    for (auto& event : events) event.id = next_event_id();
    Asked asked{events, {}, chance_.between(seconds{30}, minutes{10})};
    // Nobody waits for ever.
    if (chance_.happens(0.3)) asked.budget = minutes{10};
    asked.begin_within = asked.budget - asked.budget / 5;
    process->handle(std::move(asked), [this, again, events](std::span<rotation::Outcome const> outcomes) {
        if (is_ending_) return;
        std::vector<EventSent> failed;
        for (std::size_t i = 0; i < events.size(); ++i)
            if (outcomes.empty() || outcomes[i].kind == rotation::OutcomeKind::failed) failed.push_back(events[i]);
        again(std::move(failed));
    });
}

}  // namespace kssedr::simulation
