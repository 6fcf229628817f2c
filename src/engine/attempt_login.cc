// Attempt: logins whose passwords are set (DESIGN 3.3, Password). Two that take turns are a pair of slots, but for
// this: nobody lists their passwords, so those that holders have are tried; and a new one is written down before it is
// set (rotation/pending.h).

#include "engine/attempt.h"
#include "rotation/pending.h"

#include <algorithm>

namespace kssedr::engine {

using rotation::OutcomeKind;
using rotation::Step;

Task<Attempt::Ended> Attempt::look_at_logins(bool& looks_anew) {
    if (auto const until = memory_.doubts.find(owner().key())) {
        if (Ended ended = judge_doubt(); ended) co_return ended;
        co_await ports_.clock.sleep_until(*until);
        memory_.doubts.settle(owner().key());
        // Others had time to act meanwhile.
        looks_anew = ports_.clock.steady_now() > self_.read_at + std::chrono::seconds{1};
        if (looks_anew) co_return std::nullopt;
    }
    credentials_ = {};
    for (auto& login : ports_.logins->logins(owner())) credentials_.slots.push_back({std::move(login), {}, {}});
    Ended ended = co_await look_at_holders();
    if (ended) co_return ended;
    ended = co_await try_passwords();
    if (ended) co_return ended;
    ended = co_await settle_pending(looks_anew);
    if (ended || looks_anew) co_return ended;

    seen_.credentials.clear();
    for (std::size_t i = 0; i < credentials_.slots.size(); ++i) {
        CredentialSeen shown{credentials_.slots[i].slot, {}, holders_[0].holder.slot == i, {}};
        for (auto const& sibling : std::span(holders_).subspan(1))
            if (rotation::holds(sibling.holder, i)) shown.also_held_by.push_back(sibling.holder.name);
        seen_.credentials.push_back(std::move(shown));
    }
    auto const held = holders_[0].holder.slot;
    seen_.outcome.former_credential = held ? credentials_.slots[*held].slot : std::string();
    co_return std::nullopt;
}

Task<Attempt::Ended> Attempt::try_passwords() {
    Ended ended = co_await try_password_of(holders_[0], self_);
    if (ended) co_return ended;
    // Whether what leaked still works, which nobody may hold any more.
    if (leaked_ && credentials_.slots[leaked_->slot].value.empty()) {
        auto const& leaked = leaked_->before.slots[leaked_->slot];
        auto const tried =
            co_await calls_.verify(owner(), {leaked.slot, leaked.value.clone(), {}}, self_.version.value);
        if (tried.trial != ports::Trial::rejected) credentials_.slots[leaked_->slot].value = leaked.value.clone();
    }
    for (auto& sibling : std::span(holders_).subspan(1)) {
        if (sibling.secret) {
            ended = co_await try_password_of(sibling, *sibling.secret);
            if (ended) co_return ended;
        } else if (!sibling.version.empty()) {
            // What is not understood may be any login's.
            sibling.holder.may_hold_any = true;
        }
    }
    co_return std::nullopt;
}

Task<Attempt::Ended> Attempt::try_password_of(HolderSeen& holder, SecretSeen const& secret) {
    auto const which = secret.form.which;
    auto& slot = credentials_.slots[which];
    auto password = secret.form.credential(secret.version.value);
    holder.holder.slot.reset();
    bool is_accepted = !slot.value.empty() && slot.value == password;
    // A server may keep several passwords of one login: one that works does not say that another is dead.
    if (!is_accepted) {
        auto const tried = co_await calls_.verify(owner(), {slot.slot, password.clone(), {}}, secret.version.value);
        if (tried.trial == ports::Trial::inconclusive)
            co_return Conclusion{OutcomeKind::failed, "unavailable",
                                 "whether " + holder.holder.name + " holds a password of " + slot.slot +
                                     " that works could not be tried: " + tried.why};
        is_accepted = tried.trial == ports::Trial::accepted;
        if (is_accepted && slot.value.empty()) slot.value = std::move(password);
    }
    if (is_accepted) holder.holder.slot = which;
    co_return std::nullopt;
}

Task<Attempt::Ended> Attempt::settle_pending(bool& looks_anew) {
    pending_version_.clear();
    auto fetched = co_await calls_.fetch(rotation::companion_of(request_.secret), {});
    if (!fetched && fetched.error().code() == Errc::not_found) co_return std::nullopt;
    if (!fetched) co_return conclude(fetched.error(), "reading the pending password", Asked::owner);
    if (!rotation::is_companion_of(request_.secret, fetched->properties))
        co_return Conclusion{OutcomeKind::refused, "not-writable",
                             "a new password is written down in the secret " + fetched->properties.name +
                                 " before it is set, and that one is not kssedr's: give it another name"};
    auto pending = rotation::read_pending(request_.secret, *std::move(fetched));
    if (!pending) co_return std::nullopt;
    auto const slot = std::ranges::find(credentials_.slots, pending->login, &rotation::Credential::slot);
    bool const is_known = slot != credentials_.slots.end();
    pending_version_ = pending->version;

    auto const tried =
        is_known ? co_await calls_.verify(owner(), {pending->login, pending->password.clone(), {}}, self_.version.value)
                 : ports::TrialResult{ports::Trial::rejected, "it is no login of the owner's any more"};
    if (tried.trial == ports::Trial::inconclusive)
        co_return Conclusion{
            OutcomeKind::failed, "unavailable",
            "whether the password works that an earlier attempt left open could not be tried: " + tried.why};
    if (tried.trial == ports::Trial::rejected) {
        // It may yet be set by whoever wrote it down.
        auto const settled_at = pending->created + ports::time_of_doubt;
        if (settled_at > vault_now()) {
            memory_.doubts.note(owner().key(), ports_.clock.steady_now() + (settled_at - vault_now()));
            looks_anew = true;
            co_return std::nullopt;
        }
        co_await close_pending();
        co_return std::nullopt;
    }
    bool const is_held = slot->value == pending->password;
    slot->value = std::move(pending->password);
    slot->made = pending->created;
    if (is_held) co_await close_pending();
    co_return std::nullopt;
}

Task<Attempt::Ended> Attempt::open_pending(std::string const& login, SecretString const& password) {
    auto const companion = rotation::companion_of(request_.secret);
    auto const draft = rotation::draft_pending(request_.secret, login, password);
    auto const written = co_await calls_.publish(companion, draft, *lease_);
    if (written) {
        pending_version_ = written->version;
        co_return std::nullopt;
    }
    // Landing later, it would stand before what another attempt writes down meanwhile.
    if (written.error().code() == Errc::outcome_unknown) memory_.doubts.note(owner().key(), calls_.may_land_until());
    auto const doing = "writing the password down in " + companion.name + " before it is set";
    if (written.error().service_code() == "ObjectIsDeletedButRecoverable")
        co_return Conclusion{OutcomeKind::refused, "not-writable",
                             doing + ": it was deleted, and its name is taken until it is recovered or purged"};
    co_return conclude(written.error(), doing);
}

// The attempt is over. Where this fails the next one finds it open, and that it is over.
Task<void> Attempt::close_pending() {
    if (pending_version_.empty() || judge_mode({})) co_return;
    auto const companion = rotation::companion_of(request_.secret);
    auto const closed = co_await calls_.disable(companion, std::exchange(pending_version_, {}));
    if (closed) co_return;
    ports_.log.warn("rotation.pending_not_closed",
                    {{"vault", companion.vault.text}, {"secret", companion.name}, {"why", closed.error().message()}});
}

Task<Attempt::Ended> Attempt::set_password(std::string login, bool& is_done) {
    auto password = ports_.logins->make_password(owner());
    ports_.log.info("rotation.setting", {{"resource", owner().text()},
                                         {"credential", login},
                                         {"vault", seen_.outcome.vault},
                                         {"secret", seen_.outcome.secret}});
    Ended ended = co_await open_pending(login, password);
    if (ended) co_return ended;
    auto const set = co_await calls_.set_password(owner(), login, password, *lease_,
                                                  [this](Sending sending) { return is_still_so(sending); });
    if (set) {
        auto const slot = std::ranges::find(credentials_.slots, login, &rotation::Credential::slot);
        slot->value = std::move(password);
        slot->made = vault_now();
        regenerated_slot_ = login;
        is_done = true;
        co_return std::nullopt;
    }
    if (set.error().code() == Errc::outcome_unknown) {
        regenerated_slot_ = login;
        memory_.doubts.note(owner().key(), ports_.clock.steady_now() + ports::time_of_doubt);
        ports_.log.warn("rotation.in_doubt",
                        {{"resource", owner().text()}, {"credential", login}, {"why", set.error().message()}});
        co_return std::nullopt;
    }
    // Nothing was set, and nothing will be.
    co_await close_pending();
    if (set.error().service_code() == "Changed") co_return std::nullopt;
    if (set.error().code() == Errc::permission_denied)
        co_return Conclusion{OutcomeKind::refused, "permission-denied",
                             "setting the password of " + login + ": " + set.error().message()};
    co_return conclude(set.error(), "setting the password of " + login);
}

// A login that takes turns with none: who has the former password is cut off until they read the next version, as
// configuration has it in so many words. Secrets that hold it too get the new one in the same moment, or nothing is
// done.
Task<Attempt::Ended> Attempt::decide_single_login() {
    rotation::Decision decision;
    auto const& slot = credentials_.slots.front();
    bool const is_alive = holders_[0].holder.slot.has_value();
    // Where the server keeps the former password, that works beside the one that an earlier attempt set.
    bool const is_held = is_alive && slot.value == self_.form.credential(self_.version.value);
    bool const is_known = !is_held && !slot.value.empty();
    decision.step = !is_known ? Step::regenerate : slot.made ? Step::publish_adopted : Step::publish_repair;
    decision.expires = self_.version.seen_at + seen_.terms->validity.value;
    decision.why = is_held     ? "it is due"
                   : !is_known ? "the current version's password does not work"
                   : slot.made ? "an earlier attempt had set the password"
                               : "the current version's password does not work; this one is what others use";
    seen_.decision = decision;
    Ended ended = judge_postponed(!is_alive);
    if (ended) co_return ended;
    ended = take_along(decision);
    if (ended) co_return ended;
    ended = judge_mode("set the password of " + slot.slot + " and publish it (" + decision.why + ")");
    if (ended) co_return ended;
    co_return co_await act(std::move(decision));
}

// Where the password is set already nobody is waited for: those who have what the secret has are cut off, or will be by
// the next setting.
Attempt::Ended Attempt::take_along(rotation::Decision& decision) const {
    for (std::size_t i = 1; i < holders_.size(); ++i) {
        auto const& holder = holders_[i].holder;
        if (decision.step != Step::regenerate) {
            auto const& secret = holders_[i].secret;
            bool const has_former =
                secret && secret->form.credential(secret->version.value) == self_.form.credential(self_.version.value);
            if (has_former && holder.is_movable) decision.moving.push_back(i);
            continue;
        }
        if (!rotation::holds(holder, 0)) continue;
        if (holder.is_movable && !holder.movable_from) {
            decision.moving.push_back(i);
        } else if (holder.movable_from) {
            return Conclusion{OutcomeKind::deferred, "window", holder.name + " holds it too, and its windows hold it",
                              holder.movable_from};
        } else {
            return Conclusion{OutcomeKind::refused, code_of_obstacle(holders_[i]),
                              holder.name + " holds it too and can not be moved; " + holder.why_not_movable};
        }
    }
    return std::nullopt;
}

// The password is set: what keeps one of them from it keeps it from no other, nor from the secret itself.
Task<void> Attempt::publish_to_siblings(rotation::Decision const& decision) {
    auto const& credential = credentials_.slots[decision.slot];
    for (auto const i : decision.moving) {
        auto const& sibling = holders_[i];
        auto const expires = self_.version.seen_at + sibling.secret->terms.validity.value;
        auto const published = co_await publish({*sibling.secret, credential, decision.slot, expires});
        if (!published) cut_off_.insert(sibling.holder.name + " (" + published.error().message() + ")");
        if (published && *published) seen_.outcome.also_changed.push_back(sibling.holder.name);
    }
}

Task<bool> Attempt::may_sign_in(SecretString const& password, std::string const& login) {
    auto const tried = co_await calls_.verify(owner(), {login, password.clone(), {}}, self_.version.value);
    co_return tried.trial != ports::Trial::rejected;
}

}  // namespace kssedr::engine
