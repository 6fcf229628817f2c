// Network: the calls to the services that make credentials, and the effects.

#include "network.h"

#include <algorithm>
#include <utility>

namespace kssedr::simulation {
namespace {

Error denied() {
    return Error(Errc::permission_denied, "AuthorizationFailed").with_service_code("AuthorizationFailed");
}

// What a service answers after a regeneration: always the truth.
rotation::Credentials true_credentials(OwnerState const& owner, Estate const& estate) {
    rotation::Credentials all;
    for (auto const& slot : owner.slots)
        all.slots.push_back({slot.name, SecretString::copy_of(estate.key(slot.key).text),
                             owner.tells_made ? std::optional(slot.made) : std::nullopt, all.slots.size() / 2});
    return all;
}

}  // namespace

Author Network::author_for(int secret, int owner) const {
    Author author;
    author.who = Who::kssedr;
    author.process = context_.number;
    author.began = timeline_.now();
    for (auto const& attempt : context_.attempts) {
        if (estate_.secrets[static_cast<std::size_t>(attempt.secret)].owner != owner) continue;
        author.began = std::min(author.began, attempt.began);
        author.leak = std::max(author.leak, attempt.leak);
    }
    author.secret = secret;
    if (secret < 0) {
        auto const& regenerating = context_.regenerating[static_cast<std::size_t>(owner)];
        author.secret = regenerating.secret;
        author.purpose = regenerating.purpose;
    } else if (author.leak > 0) {
        author.purpose = Purpose::leak;
    }
    if (author.secret >= 0) author.base = context_.last_read[static_cast<std::size_t>(author.secret)];
    return author;
}

void Network::begin_at(int owner) {
    begin(owner, provider_of(owner));
}

Task<std::optional<Error>> Network::ask_provider(int owner, SteadyPoint deadline, SteadyPoint& back) {
    return travel(provider_of(owner), deadline, back, Errc::outcome_unknown);
}

Task<std::optional<Error>> Network::send_to_provider(int owner, std::shared_ptr<Flight> flight, Landing landing,
                                                     SteadyPoint deadline) {
    return travel_with(owner, provider_of(owner), std::move(flight), std::move(landing), deadline);
}

void Network::note_failed_listing(int owner) {
    context_.listing_failed_at[static_cast<std::size_t>(owner)] = timeline_.now();
}

Purpose Network::purpose_at(rotation::OwnerId const& owner) const {
    return context_.regenerating[static_cast<std::size_t>(estate_.find_owner(owner))].purpose;
}

std::string Network::alternate_of(rotation::OwnerId const& owner, std::string const& slot) const {
    auto const& slots = estate_.owners[static_cast<std::size_t>(estate_.find_owner(owner))].slots;
    auto const index = static_cast<std::size_t>(std::ranges::find(slots, slot, &SlotState::name) - slots.begin());
    return slots[index ^ 1U].name;
}

bool Network::serves(rotation::OwnerId const& owner) const {
    return owner.type() == "Microsoft.Storage/storageAccounts" ||
           owner.type() == "Microsoft.DocumentDB/databaseAccounts";
}

rotation::CredentialShape Network::shape(rotation::OwnerId const& owner) const {
    auto const index = estate_.find_owner(owner);
    return index < 0 ? rotation::CredentialShape() : estate_.owners[static_cast<std::size_t>(index)].shape;
}

rotation::Credentials Network::credentials(int owner) {
    auto const& state = estate_.owners[static_cast<std::size_t>(owner)];
    auto& shown = context_.last_listing[static_cast<std::size_t>(owner)];
    context_.listing_before[static_cast<std::size_t>(owner)] = std::exchange(shown, timeline_.now());
    rotation::Credentials all;
    for (auto const& slot : state.slots) {
        bool const is_old = timeline_.now() - slot.changed < plan_.listing_lag_max && chance_.happens(0.5);
        if (is_old) {
            statistics_.add(Fault::stale_listing);
            shown = std::min(shown, SteadyPoint{slot.changed.since_start - Duration{1}});
        }
        all.slots.push_back({slot.name, SecretString::copy_of(estate_.key(is_old ? slot.before : slot.key).text),
                             state.tells_made ? std::optional(is_old ? slot.made_before : slot.made) : std::nullopt,
                             all.slots.size() / 2});
    }
    return all;
}

Async<rotation::Credentials> Network::list(rotation::OwnerId id, SteadyPoint deadline) {
    auto const owner = estate_.find_owner(id);
    begin(owner, provider_of(owner));
    SteadyPoint back{};
    auto const failed = co_await ask(provider_of(owner), deadline, back);
    if (owner < 0) co_return fail(Errc::not_found, "no such owner");
    bool const is_denied = estate_.owners[static_cast<std::size_t>(owner)].denied_until > timeline_.now();
    if (failed || is_denied) context_.listing_failed_at[static_cast<std::size_t>(owner)] = timeline_.now();
    if (failed) co_return fail(*failed);
    if (is_denied) co_return fail(denied());
    auto listed = credentials(owner);
    if (trace_.is_on()) {
        std::string shown;
        for (auto const& slot : listed.slots) shown += fmt::format(" {}", short_name(slot.value.expose()));
        trace_.say("process {} lists {}:{}", context_.number, id.name(), shown);
    }
    co_await travel_until(back);
    co_return listed;
}

Async<rotation::Credentials> Network::regenerate(rotation::OwnerId id, std::string slot_name, SteadyPoint deadline) {
    auto const owner = estate_.find_owner(id);
    begin(owner, provider_of(owner));
    if (owner < 0) co_return fail(Errc::not_found, "no such owner");
    auto& state = estate_.owners[static_cast<std::size_t>(owner)];
    auto const slot = std::ranges::find(state.slots, slot_name, &SlotState::name) - state.slots.begin();
    auto const author = author_for(-1, owner);
    trace_.say("process {} sends: regenerate {} of {}", author.process, slot_name, state.name);
    auto landing = [&estate = estate_, &statistics = statistics_, &trace = trace_, owner, slot,
                    author](Flight& flight) {
        auto& here = estate.owners[static_cast<std::size_t>(owner)];
        if (here.denied_until > estate.now()) {
            flight.refusal = denied();
            return;
        }
        estate.regenerate(owner, static_cast<int>(slot), author);
        ++statistics.regenerations;
        flight.credentials = true_credentials(here, estate);
        trace.say("regenerated for process {}: {} of {} is {}", author.process,
                  here.slots[static_cast<std::size_t>(slot)].name, here.name,
                  short_name(estate.key(here.slots[static_cast<std::size_t>(slot)].key).text));
    };
    auto const flight = std::make_shared<Flight>();
    auto const failed = co_await send(owner, provider_of(owner), flight, std::move(landing), deadline);
    if (failed) {
        trace_.say("process {} hears of its regeneration: {} ({})", author.process, to_string(failed->code()),
                   failed->message());
        co_return fail(*failed);
    }
    co_return std::move(flight->credentials);
}

Async<rotation::SecretProperties> Network::publish(rotation::SecretRef secret, rotation::SecretDraft const& draft,
                                                   SteadyPoint deadline) {
    auto const index = estate_.find_secret(secret);
    if (index < 0) co_return fail(Errc::not_found, "no such secret");
    auto const [vault, owner] = std::pair(estate_.secrets[static_cast<std::size_t>(index)].vault,
                                          estate_.secrets[static_cast<std::size_t>(index)].owner);
    begin(owner, vault);
    auto const author = author_for(index, owner);
    rotation::SecretDraft copy{draft.value.clone(), draft.content_type, draft.tags, draft.not_before, draft.expires};
    trace_.say("process {} sends: publish {}", author.process, secret.key());
    auto landing = [&estate = estate_, &statistics = statistics_, &trace = trace_, index, author,
                    copy = std::move(copy)](Flight& flight) {
        auto const& here = estate.secrets[static_cast<std::size_t>(index)];
        if (here.is_deleted) {
            flight.refusal = Error(Errc::invalid_argument, "held by a deleted secret")
                                 .with_service_code("ObjectIsDeletedButRecoverable");
        } else if (here.unwritable_until > estate.now()) {
            flight.refusal = denied();
        } else {
            auto const& version = estate.publish(index, copy, author);
            ++statistics.publications;
            flight.published = version.properties;
            trace.say("published for process {}: version {} of {} holds {}, expires {}", author.process,
                      version.properties.version.substr(28), here.key,
                      version.holds == no_key ? "no key" : short_name(estate.key(version.holds).text),
                      format_rfc3339(*version.properties.expires));
        }
    };
    auto const flight = std::make_shared<Flight>();
    auto const failed = co_await send(owner, vault, flight, std::move(landing), deadline);
    if (failed) {
        trace_.say("process {} hears of its publication: {} ({})", author.process, to_string(failed->code()),
                   failed->message());
        co_return fail(*failed);
    }
    co_return flight->published;
}

Task<ports::TrialResult> Network::verify(rotation::OwnerId, SecretString const& credential, SecretString const&,
                                         SteadyPoint deadline) {
    begin(-1, -1);
    if (chance_.happens(plan_.unreachable)) {
        statistics_.add(Fault::unreachable);
        co_await clock_.sleep_until(std::min(deadline, timeline_.now() + std::chrono::seconds{10}));
        co_return ports::TrialResult{ports::Trial::inconclusive, "unreachable"};
    }
    auto const id = estate_.find_key(credential.expose());
    SteadyPoint back{};
    auto const failed = co_await ask(-1, deadline, back);
    if (failed) co_return ports::TrialResult{ports::Trial::inconclusive, failed->message()};
    if (!estate_.is_alive(id)) co_return ports::TrialResult{ports::Trial::rejected, "AuthenticationFailed"};
    if (timeline_.now() - estate_.key(id).born < estate_.key(id).propagation) {
        statistics_.add(Fault::not_propagated);
        co_return ports::TrialResult{ports::Trial::rejected, "not yet"};
    }
    co_return ports::TrialResult{ports::Trial::accepted, {}};
}

Async<std::string> Network::fetch_vault_host(rotation::ArmId, SteadyPoint deadline) {
    begin(-1, -1);
    SteadyPoint back{};
    auto const failed = co_await ask(-1, deadline, back);
    if (failed) co_return fail(*failed);
    co_return estate_.vaults.front().host.text;
}

Async<std::vector<rotation::VaultHost>> Network::list_vaults(rotation::ArmId, SteadyPoint deadline) {
    begin(-1, -1);
    SteadyPoint back{};
    auto const failed = co_await ask(-1, deadline, back);
    if (failed) co_return fail(*failed);
    std::vector<rotation::VaultHost> hosts;
    for (auto const& vault : estate_.vaults) hosts.push_back(vault.host);
    co_return hosts;
}

}  // namespace kssedr::simulation
