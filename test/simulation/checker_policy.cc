// Checker: what rules and people say of a secret: windows, freezes, graces, and that what it holds has leaked.

#include "checker.h"
#include "rotation/policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace kssedr::simulation {
namespace {

using std::chrono::days;

// Vaults tell whole seconds, and what two of them measure, a grace or the opening of a window, may be short by so much.
constexpr Duration measured_to = std::chrono::milliseconds{2500};

bool is_frozen(rotation::SecretProperties const& properties, TimePoint at) {
    auto const tag = properties.tags.find(freeze_tag);
    if (tag == properties.tags.end()) return false;
    auto const until = parse_rfc3339(tag->second);
    return !until || at < *until;
}

// A window yields when less than three days are left.
bool is_shut(SecretState const& secret, VersionState const& base, TimePoint at) {
    auto const end = base.properties.expires.value_or(base.properties.created + secret.validity);
    return at < end - days{3} && !is_open(secret.openings, at);
}

}  // namespace

// I8. What was not so all the time since the attempt began, it may have acted on.
void Checker::check_time(SecretState const& secret, VersionState const& base, Author const& author) {
    if (author.who != Who::kssedr || author.purpose == Purpose::leak || is_excused(secret.owner, author)) return;
    auto const now = estate_.vault_now(secret.vault);
    auto const then = now - (timeline_.now() - author.began);
    if (is_frozen(base.properties, then) && is_frozen(base.properties, now))
        return violate("I8", fmt::format("{} is frozen, and something is done for it {}", secret.key, blame(author)));
    // Neither the time nor a window holds back what mends a dead version (docs/rotation.md).
    bool const is_repair = !estate_.is_alive(base.holds);
    // Whoever moves a sibling may go by the date of another vault, which is a little ahead.
    bool const opens_at_once = !is_shut(secret, base, now + measured_to);
    if (is_repair || opens_at_once || !is_shut(secret, base, then) || !is_shut(secret, base, now)) return;
    violate("I8", fmt::format("{} is outside its windows, and something is done for it {}", secret.key, blame(author)));
}

// I10: the pair is the one whose credential the version holds; a dead one may be mended in the pair that its tag names.
void Checker::check_pair(VersionState const& base, KeyId key, Author const& author) {
    if (author.who != Who::kssedr || key == no_key || base.holds == no_key) return;
    auto const& from = estate_.key(base.holds);
    auto const& to = estate_.key(key);
    if (from.slot / 2 == to.slot / 2 || is_excused(to.owner, author)) return;
    auto const& slots = estate_.owners[static_cast<std::size_t>(to.owner)].slots;
    auto const tag = base.properties.tags.find("CredentialId");
    auto const named =
        std::ranges::find(slots, tag == base.properties.tags.end() ? std::string() : tag->second, &SlotState::name);
    bool const is_asked_for =
        !estate_.is_alive(base.holds) && named != slots.end() && (named - slots.begin()) / 2 == to.slot / 2;
    if (is_asked_for) return;
    violate("I10", fmt::format("{} is regenerated or published for version {} on {} {}",
                               slots[static_cast<std::size_t>(to.slot)].name, base.properties.version,
                               slots[static_cast<std::size_t>(from.slot)].name, blame(author)));
}

// I8, for a revocation: whoever had the key left it at least the grace ago.
void Checker::check_grace(OwnerState const& owner, KeyId key, Author const& author) {
    if (author.purpose != Purpose::revocation || is_excused(estate_.key(key).owner, author)) return;
    auto const grace = estate_.secrets[static_cast<std::size_t>(author.secret)].revoke_after;
    if (!grace) return violate("I8", fmt::format("a slot of {} is revoked, and no rule says so", owner.name));
    for (auto const index : owner.secrets) {
        auto const& secret = estate_.secrets[static_cast<std::size_t>(index)];
        // Who is on another pair by now gives no reason to believe that it had this one's: the overlap has to do (I2).
        auto const held = secret.current().holds;
        if (held != no_key && estate_.key(held).slot / 2 != estate_.key(key).slot / 2) continue;
        for (auto const& version : secret.versions) {
            if (version.holds != key || !version.left) continue;
            if (timeline_.now() - *version.left + measured_to >= *grace) continue;
            violate("I8",
                    fmt::format("what version {} of {} held until {} ago is revoked {}; the grace is {}",
                                version.properties.version, secret.key, format_span(timeline_.now() - *version.left),
                                blame(author), format_span(*grace)));
        }
    }
}

// I9: those that kssedr may not read or write stay behind, and whoever uses still what a secret had until lately.
bool Checker::may_cut_off(SecretState const& secret, bool is_held, Author const& author) {
    if (author.purpose != Purpose::leak) return false;
    bool const may_be_moved = secret.unreadable_until <= author.began && secret.unwritable_until <= author.began;
    if (is_held && may_be_moved) return false;
    cut_off_[author.leak].insert(secret.key);
    return true;
}

void Checker::judge_leak(Handled const& handled, rotation::Outcome const& outcome, int number) {
    auto const named = cut_off_.extract(number);
    if (outcome.kind != rotation::OutcomeKind::rotated) return;
    auto const& secret = estate_.secrets[static_cast<std::size_t>(handled.secret)];
    auto const& owner = estate_.owners[static_cast<std::size_t>(secret.owner)];
    auto const slot = std::ranges::find(owner.slots, outcome.former_credential, &SlotState::name);
    if (slot == owner.slots.end() || slot->changed < handled.began)
        return violate("I9", fmt::format("{} of {} has leaked and was not replaced: {}", outcome.former_credential,
                                         owner.name, outcome.reason));
    if (named.empty()) return;
    for (auto const& key : named.mapped())
        if (!outcome.reason.contains(key))
            return violate("I9", fmt::format("{} was cut off and is not named: {}", key, outcome.reason));
}

void Checker::expect_replaced(int owner) {
    auto const& state = estate_.owners[static_cast<std::size_t>(owner)];
    if (estate_.is_alive(state.own_setting)) return;
    violate("I9", fmt::format("a day after everything had become calm what leaked of {} is still valid", state.name));
}

// Whether anybody gave a reason to revoke what was revoked before: had it and left it, or may have, as far as is seen
// of one that is disabled or dead, or that somebody else wrote.
bool Checker::may_have_been_left(OwnerState const& owner, int slot) const {
    auto const& state = owner.slots[static_cast<std::size_t>(slot)];
    // A clock that is apart says of what was made just after it was left that it was made before.
    auto const told_apart =
        plan_.service_skew > Duration{} ? 2 * plan_.service_skew + std::chrono::seconds{2} : Duration{};
    return was_held(owner, state.key) || std::ranges::any_of(owner.secrets, [&](int index) {
               auto const& secret = estate_.secrets[static_cast<std::size_t>(index)];
               auto const& current = secret.current();
               bool const is_here = secret.pair == static_cast<std::size_t>(slot) / 2 || current.who != Who::kssedr;
               bool const tells = secret.is_served() && estate_.is_alive(current.holds);
               return !tells || (is_here && current.made + told_apart > state.changed);
           });
}

bool Checker::was_held(OwnerState const& owner, KeyId key) const {
    return std::ranges::any_of(owner.secrets, [&](int index) {
        auto const& versions = estate_.secrets[static_cast<std::size_t>(index)].versions;
        return std::ranges::find(versions, key, &VersionState::holds) != versions.end();
    });
}

// Since when the slot is to be revoked; nothing where it is not, as far as the engine may know: where several versions
// in a row held one slot, it takes the last of them for the one that left the other.
std::optional<SteadyPoint> Checker::to_be_revoked_at(OwnerState const& owner, std::size_t slot) const {
    auto const key = owner.slots[slot].key;
    auto const alternate = owner.slots[slot ^ 1U].key;
    SteadyPoint left{};
    std::optional<Duration> grace;
    Duration overlap{};
    for (auto const index : owner.secrets) {
        auto const& secret = estate_.secrets[static_cast<std::size_t>(index)];
        auto const& current = secret.current();
        if (current.holds == key) return std::nullopt;
        left = std::max(left, current.made);
        bool const is_on_alternate = secret.is_served() && current.holds == alternate;
        if (secret.revoke_after && is_on_alternate) grace = std::max(grace.value_or(Duration{}), *secret.revoke_after);
        overlap = std::max(overlap, secret.overlap);
    }
    bool const is_made_apart = left - owner.slots[slot].changed < 2 * plan_.service_skew + std::chrono::seconds{2};
    if (!grace || !was_held(owner, key) || key == owner.own_setting || is_made_apart) return std::nullopt;
    return left + std::max(*grace, overlap);
}

void Checker::expect_revoked(SteadyPoint calm_since) {
    // A sweep that found nothing to revoke looks again a day later.
    constexpr Duration looked_at_again = days{1};
    for (auto const& owner : estate_.owners) {
        auto const bound = wait_for_windows(owner) + looked_at_again + 2 * plan_.sweep_every + std::chrono::hours{2};
        for (std::size_t slot = 0; owner.tells_made && slot < owner.slots.size(); ++slot) {
            auto const due = to_be_revoked_at(owner, slot);
            if (!due || timeline_.now() - std::max(*due, calm_since) <= bound) continue;
            violate("I7", fmt::format("{} of {} was vacated, and is not revoked {} after its grace",
                                      owner.slots[slot].name, owner.name, format_span(timeline_.now() - *due)));
        }
    }
}

// A secret is rotated in the first of its windows, at the latest once they yield; and waits then for those whose
// windows keep them on the slot it needs.
Duration Checker::wait_for_windows(OwnerState const& owner) const {
    constexpr Duration next_opening = days{8};
    Duration wait{};
    for (auto const index : owner.secrets) {
        auto const& secret = estate_.secrets[static_cast<std::size_t>(index)];
        if (secret.openings.empty()) continue;
        auto const lead = std::min(plan_.lead, secret.validity / 2);
        wait = std::max(wait, std::max<Duration>(lead - days{3}, {}) + next_opening);
    }
    return wait;
}

}  // namespace kssedr::simulation
