// Attempt: owners that keep a list of credentials (rotation/list_decision.h): one is added, tried and published, and
// what nobody has any more is removed.

#include "engine/attempt.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::engine {

using rotation::OutcomeKind;
using rotation::Step;

namespace {

// By then whoever made one has published it or never will, though the service's clock be ahead of the vault's.
constexpr Duration settled_after = ports::time_of_doubt + std::chrono::minutes{5};

}  // namespace

Task<Attempt::Ended> Attempt::round_of_list() {
    Ended ended = co_await look_at_list();
    if (ended) co_return ended;
    auto const held = rotation::held_now(list_);
    seen_.outcome.former_credential = held.size() == 1 ? held.front() : std::string();
    auto is_dead = held.empty();
    if (is_dead) {
        // A listing may lag behind what was published a moment ago: the service itself knows better.
        auto const tried =
            co_await calls_.verify(owner(), {{}, self_.form.credential(self_.version.value), {}}, self_.version.value);
        is_dead = tried.trial != ports::Trial::accepted;
    }
    ended = judge_published_before(!is_dead);
    if (ended) co_return ended;
    if (request_.is_revocation) co_return co_await revoke_of_list();
    ended = judge_postponed(is_dead);
    if (ended) co_return ended;

    if (request_.is_compromised) {
        ended = judge_leak_of_list(is_dead);
        if (ended) co_return ended;
    }

    rotation::Decision decision;
    decision.step = is_dead ? Step::publish_repair : Step::regenerate;
    decision.expires = self_.version.seen_at + seen_.terms->validity.value;
    decision.why = is_dead ? "the current version holds none of the application's credentials" : "it is due";
    if (request_.is_compromised) decision.why = "what the current version holds has leaked";
    seen_.decision = decision;
    ended = judge_mode("add a credential and publish it, expiring " + format_rfc3339(decision.expires) + " (" +
                       decision.why + ")" + (request_.is_compromised ? describe_leak_of_list() : std::string()));
    if (ended) co_return ended;
    ended = co_await remove_unused();
    if (ended) co_return ended;
    ended = co_await add_to_list(decision);
    if (ended || added_.value.empty()) co_return ended;
    co_return co_await publish_added(decision);
}

Task<Attempt::Ended> Attempt::look_at_list() {
    if (memory_.doubts.find(owner().key())) {
        if (Ended ended = judge_doubt(); ended) co_return ended;
        // The services' clocks count whole seconds.
        co_await ports_.clock.sleep_until(*memory_.doubts.find(owner().key()) + std::chrono::seconds{2});
    }
    auto listed = co_await calls_.list_of(owner());
    if (!listed) co_return conclude(listed.error(), "listing the owner's credentials");
    memory_.doubts.settle(owner().key());
    Ended ended = judge_value();
    if (ended) co_return ended;
    credentials_ = {};
    ended = co_await look_at_holders();
    if (ended) co_return ended;
    list_ = {vault_now(), rotation::mark_of(request_.secret), *std::move(listed), {}};
    note_uses();
    // Each secret has credentials of its own.
    seen_.has_other_pairs = true;
    seen_.credentials.clear();
    for (auto const& credential : list_.listed) {
        CredentialSeen shown{credential.id, credential.begins, false, {}};
        for (auto const& use : list_.uses) {
            if (use.until || std::ranges::find(use.ids, credential.id) == use.ids.end()) continue;
            if (&use == &list_.uses.front())
                shown.is_held = true;
            else
                shown.also_held_by.push_back(use.who);
        }
        seen_.credentials.push_back(std::move(shown));
    }
    co_return std::nullopt;
}

rotation::UseSeen Attempt::use_of(std::string who, SecretString const& value) {
    rotation::UseSeen use;
    use.who = std::move(who);
    auto const form = calls_.read_value(owner(), value);
    use.may_be_any = !form;
    if (!form) return use;
    auto const credential = form->credential(value);
    for (auto const& listed : list_.listed)
        if (credential.begins_with(listed.hint)) use.ids.push_back(listed.id);
    return use;
}

Duration Attempt::kept_for(Duration overlap) const {
    bool const has_grace = request_.is_revocation && seen_.terms->revoke_after;
    return has_grace ? std::max(overlap, seen_.terms->revoke_after->value) : overlap;
}

// Whoever holds what now; and of others' versions before, which are not read, that they may have held anything.
void Attempt::note_uses() {
    list_.uses.push_back(use_of(holders_[0].holder.name, self_.version.value));
    for (auto const& holder : std::span(holders_).subspan(1)) {
        bool const is_disabled = !holder.secret && !holder.holder.may_hold_any && holder.version.empty();
        if (!is_disabled) {
            auto use = holder.secret ? use_of(holder.holder.name, holder.secret->version.value) : rotation::UseSeen();
            use.who = holder.holder.name;
            use.may_be_any = use.may_be_any || !holder.secret;
            list_.uses.push_back(std::move(use));
        }
        list_.uses.push_back(
            {holder.holder.name, {}, true, holder.holder.version_created, kept_for(holder.holder.overlap)});
    }
    for (auto const& setting : memory_.own_settings) {
        auto use = use_of("kssedr's own setting " + setting.name, setting.value);
        if (!use.may_be_any) list_.uses.push_back(std::move(use));
    }
}

// What the secret's own versions held that were current less than an overlap ago.
Task<Attempt::Ended> Attempt::read_earlier_uses() {
    auto versions = co_await calls_.list_versions(request_.secret);
    if (!versions) co_return conclude(versions.error(), "listing the secret's versions");
    std::ranges::sort(*versions, std::ranges::greater(), &rotation::SecretProperties::created);
    TimePoint until = list_.now;
    for (auto const& version : *versions) {
        if (version.version == self_.version.properties.version) {
            until = version.created;
            continue;
        }
        auto const overlap = kept_for(seen_.terms->overlap.value);
        if (until + overlap <= list_.now) break;
        auto const fetched = co_await calls_.fetch(request_.secret, version.version);
        bool const is_hidden = !fetched && (fetched.error().code() == Errc::permission_denied ||
                                            fetched.error().code() == Errc::not_found);
        if (!fetched && !is_hidden) co_return conclude(fetched.error(), "reading an earlier version", Asked::vault);
        auto use = fetched ? use_of(holders_[0].holder.name, fetched->value)
                           : rotation::UseSeen{holders_[0].holder.name, {}, true, {}, {}};
        use.until = until;
        use.overlap = overlap;
        list_.uses.push_back(std::move(use));
        until = std::min(until, version.created);
    }
    co_return std::nullopt;
}

Task<Attempt::Ended> Attempt::remove_unused() {
    if (rotation::removable(list_, settled_after).empty()) co_return std::nullopt;
    Ended ended = co_await judge_dates();
    if (ended) co_return ended;
    ended = co_await read_earlier_uses();
    if (ended) co_return ended;
    for (auto const& id : rotation::removable(list_, settled_after)) {
        ended = co_await remove_from_list(id);
        if (ended) co_return ended;
    }
    co_return std::nullopt;
}

Task<Attempt::Ended> Attempt::remove_from_list(std::string id) {
    ports_.log.info("rotation.removing", {{"resource", owner().text()},
                                          {"credential", id},
                                          {"vault", seen_.outcome.vault},
                                          {"secret", seen_.outcome.secret}});
    auto const removed =
        co_await calls_.remove(owner(), id, *lease_, [this](Sending sending) { return is_still_so(sending); });
    if (removed) {
        removed_.push_back(id);
        std::erase_if(list_.listed, [&](auto const& credential) { return credential.id == id; });
        co_return std::nullopt;
    }
    // It stays a little longer: that harms nobody, and must not keep a new one from being published.
    if (removed.error().service_code() != "Changed")
        ports_.log.warn("rotation.not_removed",
                        {{"resource", owner().text()}, {"credential", id}, {"why", removed.error().message()}});
    co_return std::nullopt;
}

Task<Attempt::Ended> Attempt::add_to_list(rotation::Decision const& decision) {
    ports_.log.info("rotation.adding",
                    {{"resource", owner().text()}, {"vault", seen_.outcome.vault}, {"secret", seen_.outcome.secret}});
    // Its consumers may have it until they read the next version, which may come as late as this one's expiry.
    auto const ends = decision.expires + seen_.terms->overlap.value;
    auto added = co_await calls_.add(owner(), list_.mark, ends, *lease_,
                                     [this](Sending sending) { return is_still_so(sending); });
    if (added) {
        added_ = {added->id, std::move(added->value), {}};
        co_return std::nullopt;
    }
    // Nothing was sent: look anew.
    if (added.error().service_code() == "Changed") co_return std::nullopt;
    if (added.error().code() != Errc::outcome_unknown)
        co_return conclude(added.error(), "adding a credential to " + owner().text());
    memory_.doubts.note(owner().key(), ports_.clock.steady_now() + ports::time_of_doubt);
    ports_.log.warn("rotation.in_doubt",
                    {{"resource", owner().text()}, {"credential", list_.mark}, {"why", added.error().message()}});
    co_return std::nullopt;
}

Task<Attempt::Ended> Attempt::publish_added(rotation::Decision const& decision) {
    auto const added = std::exchange(added_, {});
    Ended ended = co_await verify(added);
    if (ended) co_return ended;
    sent_ = Sent{decision, added.slot, self_.version.properties.version, added.value.clone(),
                 self_.form.replace(self_.version.value, added.slot, added.value)};
    auto const published = co_await publish({self_, added, std::nullopt, decision.expires});
    if (!published) co_return conclude(published.error(), "publishing the new version", Asked::vault);
    if (!*published) co_return std::nullopt;
    if (request_.is_compromised) {
        ended = co_await answer_leak_of_list(added);
        if (ended) co_return ended;
    }
    co_return co_await conclude_alive(**published);
}

Attempt::Ended Attempt::judge_leak_of_list(bool is_dead) {
    if (!is_dead && rotation::held_now(list_).empty())
        return Conclusion{OutcomeKind::failed, "unsettled",
                          "the service takes what the current version holds and does not list it (yet), so that it "
                          "can not be removed: run the command again in some minutes"};
    auto const going = goes_with_leak();
    for (auto const& setting : memory_.own_settings) {
        auto const use = use_of("kssedr's own setting " + setting.name, setting.value);
        if (use.may_be_any || std::ranges::find_first_of(use.ids, going) == use.ids.end()) continue;
        return Conclusion{OutcomeKind::refused, "held-by-own-setting",
                          use.who +
                              " holds a credential that would be removed, and kssedr would cut itself off; set "
                              "it to another one first"};
    }
    return std::nullopt;
}

std::string Attempt::describe_leak_of_list() const {
    std::vector<std::string> removed, left;
    auto const going = goes_with_leak();
    for (auto const& credential : list_.listed) {
        bool const is_going = std::ranges::find(going, credential.id) != going.end();
        if (is_going) (rotation::is_ours(credential, list_.mark) ? removed : left).push_back(credential.id);
    }
    std::string text;
    if (!removed.empty())
        text +=
            ", and remove " + join(removed) + " at once; this cuts off whoever has not read the new version by then";
    if (!left.empty())
        text += ", and leave " + join(left) + ", which kssedr did not make for this secret: only a person removes it";
    return text;
}

std::vector<std::string> Attempt::goes_with_leak() const {
    auto ids = rotation::held_now(list_);
    for (auto const& credential : list_.listed)
        if (rotation::is_ours(credential, list_.mark)) ids.push_back(credential.id);
    return ids;
}

// The new one is published: whoever holds what leaked gets it too, then all that was made for this secret before goes
// at once.
Task<Attempt::Ended> Attempt::answer_leak_of_list(rotation::Credential const& added) {
    auto const leaked = rotation::held_now(list_);
    auto const going = goes_with_leak();
    for (std::size_t i = 1; i < holders_.size(); ++i) {
        auto const& holder = holders_[i];
        if (!holder.secret) {
            if (holder.holder.may_hold_any) cut_off_.insert(holder.holder.name + ", if it holds it");
            continue;
        }
        auto const use = use_of(holder.holder.name, holder.secret->version.value);
        if (std::ranges::find_first_of(use.ids, going) == use.ids.end()) continue;
        auto const expires = self_.version.seen_at + holder.secret->terms.validity.value;
        auto const moved = co_await publish({*holder.secret, added, std::nullopt, expires});
        if (moved && *moved)
            seen_.outcome.also_changed.push_back(holder.holder.name);
        else
            cut_off_.insert(holder.holder.name + " (" + (moved ? "it changed meanwhile" : moved.error().message()) +
                            ")");
    }
    evidence_from_ = ports_.clock.steady_now();
    for (auto const& credential : list_.listed) {
        // Listed already where its publication landed late.
        if (credential.id == added.slot) continue;
        bool const is_leaked = std::ranges::find(leaked, credential.id) != leaked.end();
        if (!rotation::is_ours(credential, list_.mark)) {
            if (is_leaked) not_ours_.push_back(credential.id);
            continue;
        }
        auto const removed = co_await calls_.remove(owner(), credential.id, *lease_,
                                                    [](Sending) -> Task<Result<bool>> { co_return true; });
        if (!removed) co_return conclude(removed.error(), "the new version is published; removing " + credential.id);
        removed_.push_back(credential.id);
    }
    if (!removed_.empty()) cut_off_.insert(holders_[0].holder.name + ", whoever has not read its new version");
    co_return std::nullopt;
}

// Two listings without it are evidence only where the service itself does not take it either: they may lag.
Task<bool> Attempt::is_listed_again(SecretString const& published, std::string const& id) {
    for (int i = 0; i < 2; ++i) {
        if (i > 0) {
            co_await ports_.clock.sleep_for(pause_between_listings);
        }
        auto const listed = co_await calls_.list_of(owner());
        bool const is_there =
            !listed || std::ranges::any_of(*listed, [&](auto const& credential) { return credential.id == id; });
        if (is_there) co_return true;
    }
    auto const tried = co_await calls_.verify(owner(), {id, published.clone(), {}}, self_.version.value);
    co_return tried.trial != ports::Trial::rejected;
}

Task<Attempt::Ended> Attempt::revoke_of_list() {
    Ended ended = judge_mode("remove the credentials of this secret that nobody has");
    if (ended) co_return ended;
    ended = co_await remove_unused();
    if (ended) co_return ended;
    if (removed_.empty())
        co_return Conclusion{OutcomeKind::superseded, "nothing-to-revoke", "none of its credentials is out of use"};
    seen_.outcome.former_credential = removed_.front();
    co_return Conclusion{OutcomeKind::rotated, "revoked",
                         join(removed_) + ", which nobody has, was removed; nothing was published"};
}

}  // namespace kssedr::engine
