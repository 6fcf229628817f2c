#include "checker.h"

#include "base/ascii.h"
#include "rotation/policy.h"
#include "rotation/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kssedr::simulation {
namespace {

// Key Vault tells whole seconds, and the vaults' clocks are a second apart at most: by so much an overlap that two of
// them measure may be short.
constexpr Duration measured_to = std::chrono::milliseconds{2500};
// What may pass between a reading under the lock and the effect that follows from it, where a right comes back
// meanwhile.
constexpr Duration longest_attempt = std::chrono::minutes{20};

}  // namespace

void Checker::violate(std::string invariant, std::string what) {
    if (violation_) return;
    violation_ = Violation{std::move(invariant), std::move(what), timeline_.now()};
    timeline_.stop();
}

bool Checker::is_excused(int owner, Author const& author) const {
    return author.who != Who::kssedr || author.began <= estate_.owners[static_cast<std::size_t>(owner)].excused_before;
}

// A listing that lags is known to be outdated to nobody but who regenerated: to others, who begin right after, what was
// not published yet looks as if it had not happened.
bool Checker::may_not_know_of(OwnerState const& owner, Author const& author) const {
    constexpr Duration until_it_landed = std::chrono::seconds{35};
    // What goes on lands after its caller's lease may have run out.
    bool const is_shown_late = plan_.listing_lag_max > Duration{} || owner.kind->is_long_running;
    return is_shown_late && author.process != owner.regenerated_by &&
           author.began < owner.regenerated_at + plan_.listing_lag_max + until_it_landed;
}

std::string Checker::blame(Author const& author) const {
    return fmt::format("by process {} (attempt begun at {:.3f} s)", author.process,
                       static_cast<double>(author.began.since_start.count()) / 1000);
}

void Checker::excuse(int owner, SteadyPoint until) {
    auto& state = estate_.owners[static_cast<std::size_t>(owner)];
    state.excused_before = std::max(state.excused_before, until);
}

// Whom a regeneration of `key` would cut off.
void Checker::check_cut_off(SecretState& secret, KeyId key, Author const& author) {
    auto const now = timeline_.now();
    if (secret.is_deleted) return;
    // A version that may not be read counts until its expiry and no longer (DESIGN 3.1).
    auto const& current = secret.current();
    bool const is_expired =
        current.properties.expires && *current.properties.expires <= estate_.vault_now(secret.vault);
    if (is_expired && secret.unreadable_until + longest_attempt > now) return;
    bool const is_strict = !is_excused(secret.owner, author);
    if (secret.is_served() && current.holds == key) {
        if (is_strict && !may_cut_off(secret, true, author))
            violate("I1", fmt::format("the key that the current version of {} holds was regenerated {}", secret.key,
                                      blame(author)));
        secret.broken = author.who == Who::kssedr ? Broken::by_kssedr : Broken::by_others;
        return;
    }
    if (!is_strict) return;
    for (auto const& version : secret.versions) {
        if (version.holds != key || !version.left) continue;
        if (now - *version.left + measured_to >= secret.overlap) continue;
        if (may_cut_off(secret, false, author)) continue;
        violate("I2",
                fmt::format("the key that version {} of {} held until {} ago was regenerated {}; the overlap is {}",
                            version.properties.version, secret.key, format_span(now - *version.left), blame(author),
                            format_span(secret.overlap)));
    }
}

// One version leads to one regeneration, but for what has leaked.
void Checker::check_second_regeneration(OwnerState const& owner, int slot, Author const& author) {
    if (author.who != Who::kssedr || author.secret < 0) return;
    auto& secret = estate_.secrets[static_cast<std::size_t>(author.secret)];
    auto& version = secret.versions[author.base];
    auto const before = std::exchange(version.regenerated_for, timeline_.now());
    if (author.purpose == Purpose::leak) return;
    if (!before || is_excused(secret.owner, author) || may_not_know_of(owner, author)) return;
    if (author.purpose == Purpose::revocation && may_have_been_left(owner, slot)) return;
    // A provider whose clock is apart says of a key that was made just after the version that it was made before.
    auto const told_apart = 2 * plan_.service_skew + std::chrono::seconds{2};
    if (owner.tells_made && plan_.service_skew > Duration{} && *before - version.made < told_apart) return;
    // Where the making time is not told, only a version before that held the same slot's key tells that it was
    // replaced since (DESIGN 3.1).
    if (!owner.tells_made) {
        if (author.base == 0 || secret.unreadable_until + longest_attempt > timeline_.now()) return;
        auto const& earlier = secret.versions[author.base - 1];
        bool const is_evidence =
            earlier.properties.enabled && earlier.holds != no_key && estate_.key(earlier.holds).slot == slot &&
            earlier.properties.created != version.properties.created &&
            (author.base == 1 || secret.versions[author.base - 2].properties.created != earlier.properties.created);
        if (!is_evidence) return;
    }
    // A key that could not be published for so long that it is itself due is replaced rightly.
    auto const patience = secret.validity - std::min(plan_.lead, secret.validity / 2);
    if (timeline_.now() - *before + std::chrono::minutes{10} >= patience) return;
    violate("I3", fmt::format("{} of {} was regenerated for version {} of {} {}, for which one had been {} before",
                              owner.slots[static_cast<std::size_t>(slot)].name, owner.name, version.properties.version,
                              secret.key, blame(author), format_span(timeline_.now() - *before)));
}

void Checker::before_regeneration(int owner, int slot, Author const& author) {
    auto& state = estate_.owners[static_cast<std::size_t>(owner)];
    check_second_regeneration(state, slot, author);
    auto const key = state.slots[static_cast<std::size_t>(slot)].key;
    for (auto const index : state.secrets) check_cut_off(estate_.secrets[static_cast<std::size_t>(index)], key, author);
    if (author.secret >= 0) {
        auto const& secret = estate_.secrets[static_cast<std::size_t>(author.secret)];
        check_time(secret, secret.versions[author.base], author);
        check_pair(secret.versions[author.base], key, author);
        check_grace(state, key, author);
    }
    if (key == state.own_setting && !is_excused(owner, author))
        violate("I1", fmt::format("the key that a setting of kssedr's own holds was regenerated {}", blame(author)));
    // Until listings show it, nobody can know of it.
    if (author.who != Who::kssedr) excuse(owner, timeline_.now() + plan_.listing_lag_max);
}

void Checker::after_regeneration(int owner, Author const& author) {
    if (author.who != Who::kssedr) return;
    auto& state = estate_.owners[static_cast<std::size_t>(owner)];
    state.regenerated_at = timeline_.now();
    state.regenerated_by = author.process;
}

void Checker::after_publication(int index, Author const& author) {
    auto& secret = estate_.secrets[static_cast<std::size_t>(index)];
    auto const& current = secret.current();
    bool const is_alive = estate_.is_alive(current.holds) && estate_.key(current.holds).owner == secret.owner;
    if (author.who != Who::kssedr) {
        secret.broken = is_alive ? Broken::no : Broken::by_others;
        excuse(secret.owner, timeline_.now());
        return;
    }
    bool const is_strict = !is_excused(secret.owner, author);
    if (!is_alive && is_strict)
        violate("I1", fmt::format("version {} of {} was published dead {}", current.properties.version, secret.key,
                                  blame(author)));
    secret.broken = is_alive ? Broken::no : Broken::by_kssedr;
    auto& base = secret.versions[author.base];
    if (is_strict && base.led_to != no_key && base.led_to != current.holds)
        violate("I3", fmt::format("version {} of {} led to two different publications, the second {}",
                                  base.properties.version, secret.key, blame(author)));
    base.led_to = current.holds;
    check_time(secret, base, author);
    check_pair(base, current.holds, author);
    if (is_strict) check_form(secret, base, author);
}

void Checker::after_change(int index, Change change) {
    auto& secret = estate_.secrets[static_cast<std::size_t>(index)];
    if (change == Change::removed) {
        // Whoever deletes a secret takes what it held out of use.
        for (auto& version : secret.versions)
            if (version.left) version.left = SteadyPoint{-std::chrono::days{3650}};
    }
    // A secret that comes back is seen once the listing that lacks it is too old to be believed.
    constexpr Duration listing_is_believed = std::chrono::minutes{6};
    auto const until = timeline_.now() + (change == Change::recovered ? listing_is_believed : Duration{});
    excuse(secret.owner, until);
    if (secret.is_served()) secret.broken = estate_.is_alive(secret.current().holds) ? Broken::no : Broken::by_others;
}

Duration Checker::bound(int owner) const {
    auto const& state = estate_.owners[static_cast<std::size_t>(owner)];
    Duration overlap{};
    for (auto const index : state.secrets)
        overlap = std::max(overlap, estate_.secrets[static_cast<std::size_t>(index)].overlap);
    // Where nobody tells when a slot was made, a version that repaired a dead one looks as if the other slot had been
    // regenerated since: that is adopted first, and siblings move once more.
    int const rounds = state.tells_made ? 1 : 2;
    // What a service takes longer over than a call may last is in doubt for minutes, with the owner's lock kept: as few
    // as one of its secrets has its turn in a sweep.
    auto const turns = state.kind->is_long_running ? static_cast<int>(state.secrets.size()) : 0;
    return rounds * (overlap + wait_for_windows(state)) + (rounds + 1 + turns) * plan_.sweep_every +
           std::chrono::hours{2};
}

void Checker::expect_whole() {
    for (auto const& secret : estate_.secrets) {
        if (!secret.is_served() || estate_.is_alive(secret.current().holds)) continue;
        violate("I1",
                fmt::format("a sweep after everything had become calm {} still holds no valid credential", secret.key));
    }
}

void Checker::expect_nothing_overdue(SteadyPoint calm_since) {
    for (auto const& secret : estate_.secrets) {
        // Where a setting holds a key nothing is rotated past it before a person has changed it.
        bool const is_stuck = estate_.is_alive(estate_.owners[static_cast<std::size_t>(secret.owner)].own_setting);
        if (!secret.is_served() || is_stuck) continue;
        auto const& properties = secret.current().properties;
        auto const due = rotation::due_at(properties.created, properties.expires, secret.validity, plan_.lead);
        auto const late = std::min(estate_.vault_now(secret.vault) - due, timeline_.now() - calm_since);
        if (late <= bound(secret.owner)) continue;
        violate("I6", fmt::format("{} has been due for {} with nothing in the way; the bound is {}", secret.key,
                                  format_span(late), format_span(bound(secret.owner))));
    }
}

}  // namespace kssedr::simulation
