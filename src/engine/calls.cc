#include "engine/calls.h"

#include "base/ascii.h"
#include "formats/value_form.h"

#include <algorithm>
#include <array>

namespace kssedr::engine {
namespace {

constexpr Duration longest_read = std::chrono::seconds{30};
// A vault with thousands of secrets is listed in hundreds of pages.
constexpr Duration longest_listing = std::chrono::minutes{5};
// Of the provider: list, regenerate, and list again to see what was published.
constexpr int calls_of_a_rotation = 3;
constexpr Duration longest_trial = std::chrono::seconds{10};
// Effects have to end while a lease of sixty seconds that was renewed in time still stands (azure/blob_lease.h).
constexpr Duration longest_publication = std::chrono::seconds{30};
constexpr Duration longest_regeneration = std::chrono::seconds{30};

// What no repetition mends: nothing is sent for now, or a right lacks that does not spread like a role's assignment.
constexpr std::array<std::string_view, 4> final_codes = {circuit_open, "ForbiddenByFirewall", "ForbiddenByConnection",
                                                         "InvalidAuthenticationTokenTenant"};

std::string name_of(rotation::VaultHost const& vault) {
    return vault.text;
}
std::string name_of(rotation::OwnerId const& owner) {
    return owner.service_name();
}

template <class T>
Sending sending_after(Result<T> const& result) {
    bool const is_no = !result && result.error().code() == Errc::throttled;
    return is_no ? Sending::after_a_no : Sending::first;
}

// What an answer shows as credentials, and can be none: published, it would be worth nothing, or be something else.
Result<void> check_form(rotation::Credentials const& credentials, rotation::CredentialShape const& shape) {
    for (auto const& credential : credentials.slots) {
        if (!formats::has_credential_form(credential.value, shape))
            return fail(Errc::corrupt,
                        escape_for_display(credential.slot) + " in the answer has not the form of a key");
        if (&credential != credentials.find(credential.slot) ||
            &credential != &credentials.slots[*credentials.slot_of(credential.value)])
            return fail(Errc::corrupt, "two slots in the answer are the same, or hold the same key");
    }
    return {};
}

Failure lock_too_short() {
    return fail(Error(Errc::deadline_exceeded, "the owner's lock would end before the call could; nothing was sent")
                    .with_service_code("LockTooShort"));
}

}  // namespace

Calls::Calls(Ports& ports, Pace& pace, SteadyPoint deadline, MissingRight missing_right)
    : ports_(ports), pace_(pace), deadline_(deadline) {
    if (missing_right == MissingRight::is_said) reading_.denied_attempts_max = 1;
    reading_.final_codes = acting_.final_codes = final_codes;
}

template <class Where, class T>
void Calls::heed(Where const& where, Result<T> const& result) {
    auto const change = pace_.heed(where, result ? nullptr : &result.error());
    if (change == Circuit::Change::none) return;
    auto const name = name_of(where);
    if (change == Circuit::Change::closed) {
        ports_.log.info("endpoint.answers_again", {{"endpoint", name}});
    } else {
        ports_.log.warn("endpoint.spared", {{"endpoint", name}, {"why", result.error().message()}});
    }
}

template <class T>
void Calls::note_effect(ports::OwnerLease& lease, Result<T> const& result, SteadyPoint until) {
    bool const may_land = !result && result.error().code() == Errc::outcome_unknown;
    if (may_land) may_land_until_ = std::max(may_land_until_, until);
    lease.keep_until(may_land_until_);
}

Calls::~Calls() {
    if (turns_ && turns_->left > 0) pace_.give_back(turns_->owner, turns_->left);
}

Async<bool> Calls::take_turns(rotation::OwnerId owner) {
    if (turns_ && turns_->owner == owner) co_return false;
    if (turns_ && turns_->left > 0) pace_.give_back(turns_->owner, turns_->left);
    turns_.reset();
    auto const queued_at = ports_.clock.steady_now();
    KSSEDR_CO_TRY_VOID(co_await pace_.turns_of_provider(owner, calls_of_a_rotation, deadline_));
    turns_ = Turns{std::move(owner), calls_of_a_rotation};
    co_return ports_.clock.steady_now() != queued_at;
}

Async<void> Calls::turn_of_provider(rotation::OwnerId owner) {
    if (!turns_ || !(turns_->owner == owner) || turns_->left == 0)
        co_return co_await pace_.turn_of_provider(std::move(owner), deadline_);
    --turns_->left;
    co_return co_await pace_.use_turn(std::move(owner), deadline_);
}

std::vector<rotation::CredentialShape> const& Calls::shapes(rotation::OwnerId const& owner) {
    if (shaped_ && shaped_->owner == owner) return shaped_->shapes;
    shaped_ = Shaped{owner, {}};
    if (ports_.has_logins(owner)) {
        for (auto const& login : ports_.logins->logins(owner))
            shaped_->shapes.push_back(ports_.logins->shape(owner, login));
    } else {
        shaped_->shapes.push_back(ports_.has_list(owner) ? ports_.lists->shape(owner) : ports_.provider.shape(owner));
    }
    return shaped_->shapes;
}

Result<ValueSeen> Calls::read_value(rotation::OwnerId const& owner, SecretString const& value) {
    auto const& looks = shapes(owner);
    if (looks.front().login) {
        KSSEDR_TRY(auto found, formats::find_login(value, looks));
        return ValueSeen{found.value.password, std::move(found.value), found.which};
    }
    KSSEDR_TRY(auto const form, formats::parse_value_form(value, looks.front()));
    return ValueSeen{form, std::nullopt, 0};
}

SteadyPoint Calls::within(Duration longest) const {
    return std::min(ports_.clock.steady_now() + longest, deadline_);
}

void Calls::note_date(rotation::VaultHost const& vault, TimePoint seen_at) {
    beginnings_[vault].push_back(seen_at - ports_.clock.steady_now().since_start);
}

std::optional<Duration> Calls::spread_of_dates(rotation::VaultHost const& vault) const {
    auto const place = beginnings_.find(vault);
    if (place == beginnings_.end() || place->second.size() < 2) return std::nullopt;
    auto const [least, most] = std::ranges::minmax(place->second);
    return most - least;
}

Async<rotation::SecretVersion> Calls::fetch(rotation::SecretRef secret, std::string version) {
    auto operation = [&]() -> Async<rotation::SecretVersion> {
        KSSEDR_CO_TRY_VOID(co_await pace_.turn_to_read(secret.vault, deadline_));
        auto result = co_await ports_.vault.fetch(secret, version, within(longest_read));
        heed(secret.vault, result);
        if (result) note_date(secret.vault, result->seen_at);
        co_return result;
    };
    co_return co_await retry(ports_.clock, ports_.random, reading_, deadline_, operation);
}

Async<std::vector<rotation::SecretProperties>> Calls::list_versions(rotation::SecretRef secret) {
    auto operation = [&]() -> Async<std::vector<rotation::SecretProperties>> {
        KSSEDR_CO_TRY_VOID(co_await pace_.turn_to_read(secret.vault, deadline_));
        auto result = co_await ports_.vault.list_versions(secret, within(longest_read));
        heed(secret.vault, result);
        co_return result;
    };
    co_return co_await retry(ports_.clock, ports_.random, reading_, deadline_, operation);
}

Async<rotation::SecretListing> Calls::list_secrets(rotation::VaultHost vault) {
    auto operation = [&]() -> Async<rotation::SecretListing> {
        KSSEDR_CO_TRY_VOID(co_await pace_.turn_to_read(vault, deadline_));
        auto result = co_await ports_.vault.list_secrets(vault, within(longest_listing));
        heed(vault, result);
        if (result) note_date(vault, result->seen_at);
        co_return result;
    };
    co_return co_await retry(ports_.clock, ports_.random, reading_, deadline_, operation);
}

Async<std::string> Calls::fetch_vault_host(rotation::ArmId vault) {
    auto operation = [&] { return ports_.directory.fetch_vault_host(vault, within(longest_read)); };
    co_return co_await retry(ports_.clock, ports_.random, reading_, deadline_, operation);
}

Async<std::vector<rotation::VaultHost>> Calls::list_vaults(rotation::ArmId scope) {
    auto operation = [&] { return ports_.directory.list_vaults(scope, within(longest_listing)); };
    co_return co_await retry(ports_.clock, ports_.random, reading_, deadline_, operation);
}

Async<rotation::Credentials> Calls::list_credentials(rotation::OwnerId owner) {
    auto operation = [&]() -> Async<rotation::Credentials> {
        KSSEDR_CO_TRY_VOID(co_await turn_of_provider(owner));
        auto result = co_await ports_.provider.list(owner, within(longest_read));
        heed(owner, result);
        if (result && result->calls_left) pace_.heed_left(owner, *result->calls_left);
        if (!result) co_return result;
        KSSEDR_CO_TRY_VOID(check_form(*result, shapes(owner).front()));
        co_return result;
    };
    co_return co_await retry(ports_.clock, ports_.random, reading_, deadline_, operation);
}

Task<ports::TrialResult> Calls::verify(rotation::OwnerId owner, rotation::Credential const& credential,
                                       SecretString const& value) {
    auto const until = within(longest_trial);
    if (ports_.has_logins(owner))
        co_return co_await ports_.logins->try_login(owner, credential.slot, credential.value, until);
    if (ports_.has_list(owner)) co_return co_await ports_.lists->verify(owner, credential.value, value, until);
    co_return co_await ports_.provider.verify(owner, credential.value, value, until);
}

Async<SteadyPoint> Calls::admit_effect(rotation::OwnerId owner, ports::OwnerLease& lease, StillSo const& is_still_so,
                                       Sending& sending) {
    KSSEDR_CO_TRY_VOID(co_await turn_of_provider(owner));
    KSSEDR_CO_TRY(bool is_so, co_await is_still_so(sending));
    // A "no" that came while that was looked at holds this too.
    while (is_so && pace_.is_held(owner)) {
        KSSEDR_CO_TRY_VOID(co_await pace_.use_turn(owner, deadline_));
        sending = Sending::after_a_no;
        KSSEDR_CO_TRY(is_so, co_await is_still_so(sending));
    }
    if (!is_so) co_return fail(Error(Errc::invalid_argument, "what was seen has changed").with_service_code("Changed"));
    auto const until = within(longest_regeneration);
    if (!lease.outlasts(until)) co_return lock_too_short();
    lease.keep_until(std::max(may_land_until_, until));
    co_return until;
}

template <class T, class Send>
Async<T> Calls::send_effect(rotation::OwnerId owner, ports::OwnerLease& lease, StillSo is_still_so,
                            Duration may_land_for, Send send) {
    auto sending = Sending::first;
    auto operation = [&]() -> Async<T> {
        KSSEDR_CO_TRY(auto const until, co_await admit_effect(owner, lease, is_still_so, sending));
        auto result = co_await send(until);
        note_effect(lease, result, ports_.clock.steady_now() + may_land_for);
        heed(owner, result);
        sending = sending_after(result);
        co_return result;
    };
    co_return co_await retry(ports_.clock, ports_.random, acting_, deadline_, operation);
}

Async<rotation::Credentials> Calls::regenerate(rotation::OwnerId owner, std::string slot, ports::OwnerLease& lease,
                                               StillSo is_still_so) {
    auto const send = [&](SteadyPoint until) { return ports_.provider.regenerate(owner, slot, until); };
    auto const doubt = ports_.provider.may_land_for(owner);
    KSSEDR_CO_TRY(auto regenerated,
                  co_await send_effect<rotation::Credentials>(owner, lease, is_still_so, doubt, send));
    if (regenerated.calls_left) pace_.heed_left(owner, *regenerated.calls_left);
    // The service took the request, whatever it says of it.
    if (auto const checked = check_form(regenerated, shapes(owner).front()); !checked)
        co_return fail(Errc::outcome_unknown, checked.error().message());
    co_return regenerated;
}

Async<rotation::CredentialList> Calls::list_of(rotation::OwnerId owner) {
    auto operation = [&]() -> Async<rotation::CredentialList> {
        KSSEDR_CO_TRY_VOID(co_await turn_of_provider(owner));
        auto result = co_await ports_.lists->list(owner, within(longest_read));
        heed(owner, result);
        // It may tell more of how values look.
        shaped_.reset();
        co_return result;
    };
    co_return co_await retry(ports_.clock, ports_.random, reading_, deadline_, operation);
}

Async<rotation::AddedCredential> Calls::add(rotation::OwnerId owner, std::string mark, TimePoint ends,
                                            ports::OwnerLease& lease, StillSo is_still_so) {
    auto const send = [&](SteadyPoint until) { return ports_.lists->add(owner, mark, ends, until); };
    KSSEDR_CO_TRY(auto added, co_await send_effect<rotation::AddedCredential>(owner, lease, is_still_so,
                                                                              ports::time_of_doubt, send));
    if (!formats::has_credential_form(added.value, shapes(owner).front()))
        co_return fail(Errc::outcome_unknown, "what was added has not the form of a credential");
    co_return added;
}

Async<void> Calls::remove(rotation::OwnerId owner, std::string id, ports::OwnerLease& lease, StillSo is_still_so) {
    auto const send = [&](SteadyPoint until) { return ports_.lists->remove(owner, id, until); };
    co_return co_await send_effect<void>(owner, lease, is_still_so, ports::time_of_doubt, send);
}

Async<void> Calls::set_password(rotation::OwnerId owner, std::string login, SecretString const& password,
                                ports::OwnerLease& lease, StillSo is_still_so) {
    auto const send = [&](SteadyPoint until) { return ports_.logins->set(owner, login, password, until); };
    co_return co_await send_effect<void>(owner, lease, is_still_so, ports::time_of_doubt, send);
}

Async<void> Calls::disable(rotation::SecretRef secret, std::string version) {
    auto operation = [&]() -> Async<void> {
        KSSEDR_CO_TRY_VOID(co_await pace_.turn_to_read(secret.vault, deadline_));
        auto result = co_await ports_.vault.disable(secret, version, within(longest_read));
        heed(secret.vault, result);
        co_return result;
    };
    co_return co_await retry(ports_.clock, ports_.random, reading_, deadline_, operation);
}

Async<rotation::SecretProperties> Calls::publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                                 ports::OwnerLease& lease) {
    auto operation = [&]() -> Async<rotation::SecretProperties> {
        KSSEDR_CO_TRY_VOID(co_await pace_.turn_to_publish(secret.vault, deadline_));
        auto const until = within(longest_publication);
        if (!lease.outlasts(until)) co_return lock_too_short();
        lease.keep_until(std::max(may_land_until_, until));
        auto result = co_await ports_.vault.publish(secret, draft, until);
        note_effect(lease, result, until);
        heed(secret.vault, result);
        co_return result;
    };
    auto published = co_await retry(ports_.clock, ports_.random, acting_, deadline_, operation);
    unanswered_publication_.reset();
    if (!published && published.error().code() == Errc::outcome_unknown) unanswered_publication_ = published.error();
    co_return published;
}

}  // namespace kssedr::engine
