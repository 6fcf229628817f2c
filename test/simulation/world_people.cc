// World: what people and other tools do, which kssedr does not know of.

#include "world.h"

#include <algorithm>

namespace kssedr::simulation {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

template <class Act>
void World::now_and_then(double times_a_year, Act act) {
    if (times_a_year <= 0) return;
    auto const pause =
        Duration{static_cast<Duration::rep>(2.0 * static_cast<double>(Duration{days{365}}.count()) / times_a_year)};
    timeline_.at(timeline_.now() + chance_.between(Duration{1}, pause), [this, times_a_year, act] {
        if (is_calm_) return;
        act();
        now_and_then(times_a_year, act);
    });
}

void World::people() {
    now_and_then(plan_.regenerations_by_hand,
                 [this] { regenerate_by_hand(static_cast<int>(chance_.pick(estate_.owners.size()))); });
    now_and_then(plan_.foreign_versions, [this] { write_by_hand(any_secret()); });
    now_and_then(plan_.switched, [this] { switch_off(any_secret()); });
    now_and_then(plan_.deleted, [this] { remove(any_secret()); });
    now_and_then(plan_.frozen, [this] { freeze(any_secret()); });
    now_and_then(plan_.rights_lost, [this] { take_rights(); });
    now_and_then(plan_.leaked, [this] { leak(any_secret()); });
}

// Somebody meddles right while kssedr is at it.
void World::meddle(int owner) {
    // Every version that somebody writes leads to calls: people must not answer each of those with another.
    if (timeline_.now() < next_meddling_) return;
    next_meddling_ = timeline_.now() + chance_.between({}, hours{3});
    timeline_.at(timeline_.now() + chance_.between({}, plan_.latency_max), [this, owner] {
        if (is_calm_) return;
        auto const& secrets = estate_.owners[static_cast<std::size_t>(owner)].secrets;
        if (chance_.happens(0.5))
            regenerate_by_hand(owner);
        else
            write_by_hand(secrets[chance_.pick(secrets.size())]);
    });
}

void World::regenerate_by_hand(int owner) {
    statistics_.add(Fault::regenerated_by_hand);
    auto const& state = estate_.owners[static_cast<std::size_t>(owner)];
    auto const slot = static_cast<int>(chance_.pick(state.slots.size()));
    trace_.say("somebody regenerates {} of {}", state.slots[static_cast<std::size_t>(slot)].name, state.name);
    estate_.regenerate(owner, slot, {Who::person});
}

void World::write(int secret, std::string_view credential) {
    auto const& state = estate_.secrets[static_cast<std::size_t>(secret)];
    auto const& properties = state.current().properties;
    rotation::SecretDraft draft;
    draft.value = SecretString::copy_of(state.prefix + std::string(credential) + state.suffix);
    draft.content_type = properties.content_type;
    // The slot tag stays as it was: evidence and not tags must decide.
    draft.tags = properties.tags;
    draft.not_before = properties.not_before;
    draft.expires = std::chrono::floor<std::chrono::seconds>(estate_.vault_now(state.vault)) + state.validity;
    trace_.say("somebody writes {} to {}", short_name(credential), state.key);
    estate_.publish(secret, draft, {Who::tool});
}

void World::write_nonsense(int secret) {
    auto const& properties = estate_.secrets[static_cast<std::size_t>(secret)].current().properties;
    rotation::SecretDraft draft{SecretString::copy_of("see the wiki"), properties.content_type, properties.tags,
                                properties.not_before, properties.expires};
    trace_.say("somebody writes nonsense to {}", estate_.secrets[static_cast<std::size_t>(secret)].key);
    estate_.publish(secret, draft, {Who::tool});
}

void World::write_by_hand(int secret) {
    auto& state = estate_.secrets[static_cast<std::size_t>(secret)];
    if (state.is_deleted) return;
    statistics_.add(Fault::foreign_version);
    auto const& slots = estate_.owners[static_cast<std::size_t>(state.owner)].slots;
    // Now and then it is moved to another pair, its tags left as they are.
    if (chance_.happens(0.2)) state.pair = chance_.pick(slots.size() / 2);
    auto const any = 2 * state.pair + chance_.pick(2);
    switch (chance_.pick(10)) {
    case 0: return write_nonsense(secret);
    case 1: return write(secret, estate_.random_key_text(state.owner));
    case 2:
    case 3: return write(secret, estate_.key(slots[any].before).text);
    default: return write(secret, estate_.key(slots[any].key).text);
    }
}

void World::switch_off(int secret) {
    if (estate_.secrets[static_cast<std::size_t>(secret)].is_deleted) return;
    statistics_.add(Fault::switched);
    trace_.say("somebody disables {}", estate_.secrets[static_cast<std::size_t>(secret)].key);
    estate_.set_enabled(secret, false);
    timeline_.at(timeline_.now() + a_while(), [this, secret] {
        trace_.say("somebody enables {}", estate_.secrets[static_cast<std::size_t>(secret)].key);
        estate_.set_enabled(secret, true);
    });
}

void World::remove(int secret) {
    statistics_.add(Fault::deleted);
    trace_.say("somebody deletes {}", estate_.secrets[static_cast<std::size_t>(secret)].key);
    estate_.remove(secret);
    timeline_.at(timeline_.now() + a_while(), [this, secret] {
        trace_.say("somebody recovers {}", estate_.secrets[static_cast<std::size_t>(secret)].key);
        estate_.recover(secret);
    });
}

void World::freeze(int secret) {
    if (estate_.secrets[static_cast<std::size_t>(secret)].is_deleted) return;
    statistics_.add(Fault::frozen);
    auto const span = a_while();
    auto const until = estate_.vault_now(0) + span;
    trace_.say("somebody freezes {}", estate_.secrets[static_cast<std::size_t>(secret)].key);
    estate_.set_tag(
        secret, freeze_tag,
        chance_.happens(0.5) ? std::string("true") : format_rfc3339(std::chrono::floor<std::chrono::seconds>(until)));
    timeline_.at(timeline_.now() + span, [this, secret] {
        trace_.say("somebody thaws {}", estate_.secrets[static_cast<std::size_t>(secret)].key);
        estate_.set_tag(secret, freeze_tag, std::nullopt);
    });
}

// Somebody has seen what the secret holds, and it is found out. One at a time of each owner.
void World::leak(int secret) {
    auto const& state = estate_.secrets[static_cast<std::size_t>(secret)];
    auto const key = state.current().holds;
    auto const& owner = estate_.owners[static_cast<std::size_t>(state.owner)];
    // What a setting of kssedr's own holds only a person can replace.
    if (!estate_.is_alive(key) || key == owner.own_setting || !leaking_.insert(state.owner).second) return;
    statistics_.add(Fault::leaked);
    trace_.say("{}, which {} holds, has leaked", short_name(estate_.key(key).text), state.key);
    answer_leak(secret, key);
}

// As docs/rotation.md says: until it is done, once more where others held the other one, and whenever it was killed.
void World::answer_leak(int secret, KeyId key) {
    if (is_ending_) return;
    auto const& state = estate_.secrets[static_cast<std::size_t>(secret)];
    if (!estate_.is_alive(key)) {
        leaking_.erase(state.owner);
        return;
    }
    // Moved to another pair meanwhile: kssedr would replace what stands there.
    auto const& leaked = estate_.key(key);
    auto const& current = estate_.key(state.current().holds);
    if (state.current().holds != no_key && current.slot / 2 != leaked.slot / 2) {
        estate_.regenerate(state.owner, leaked.slot, {Who::person});
        return answer_leak(secret, key);
    }
    auto const again = [this, secret, key] {
        if (is_ending_) return;
        auto const patience = is_calm_ ? Duration{minutes{10}} : Duration{hours{5}};
        timeline_.at(timeline_.now() + chance_.between(minutes{1}, patience),
                     [this, secret, key] { answer_leak(secret, key); });
    };
    auto* const process = find_living();
    if (process == nullptr || !state.is_served()) return again();
    process->answer_leak(secret, ++leaks_answered_, again);
}

void World::take_rights() {
    statistics_.add(Fault::rights_lost);
    auto const until = timeline_.now() + a_while();
    auto& secret = estate_.secrets[static_cast<std::size_t>(any_secret())];
    switch (chance_.pick(4)) {
    case 0: secret.unreadable_until = until; break;
    case 1: secret.unwritable_until = until; break;
    case 2: estate_.vaults[static_cast<std::size_t>(secret.vault)].unlistable_until = until; break;
    default: estate_.owners[static_cast<std::size_t>(secret.owner)].denied_until = until;
    }
    trace_.say("somebody takes a right to do with {} until day {}", secret.key, until.since_start / days{1});
}

// Which pair a dead version is to be on only a person can say, where its tags do not.
void World::name_pairs() {
    for (std::size_t i = 0; i < estate_.secrets.size(); ++i) {
        auto const& secret = estate_.secrets[i];
        auto const& slots = estate_.owners[static_cast<std::size_t>(secret.owner)].slots;
        bool const is_named = secret.current().properties.tags.contains("CredentialId");
        if (slots.size() == 2 || is_named || estate_.is_alive(secret.current().holds)) continue;
        estate_.set_tag(static_cast<int>(i), "CredentialId", slots[2 * secret.pair].name);
    }
}

// In the end people put things right that only they can.
void World::people_clean_up() {
    auto const now = timeline_.now();
    for (auto& vault : estate_.vaults) vault.unlistable_until = std::min(vault.unlistable_until, now);
    for (auto& owner : estate_.owners) owner.denied_until = std::min(owner.denied_until, now);
    for (std::size_t i = 0; i < estate_.secrets.size(); ++i) {
        auto& secret = estate_.secrets[i];
        auto const index = static_cast<int>(i);
        secret.unreadable_until = std::min(secret.unreadable_until, now);
        secret.unwritable_until = std::min(secret.unwritable_until, now);
        if (secret.is_deleted) estate_.recover(index);
        estate_.set_enabled(index, true);
        if (secret.current().properties.tags.contains(freeze_tag)) estate_.set_tag(index, freeze_tag, std::nullopt);
        if (!secret.current().value.starts_with(secret.prefix) || secret.current().value == "see the wiki")
            write(index, estate_
                             .key(estate_.owners[static_cast<std::size_t>(secret.owner)]
                                      .slots[2 * secret.pair + chance_.pick(2)]
                                      .key)
                             .text);
    }
}

}  // namespace kssedr::simulation
