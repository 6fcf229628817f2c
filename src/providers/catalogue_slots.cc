#include "providers/catalogue_slots.h"

#include "azure/json_view.h"
#include "azure/long_running.h"
#include "azure/slots_answer.h"
#include "base/ascii.h"
#include "providers/chosen_key.h"
#include "providers/policy_write_back.h"
#include "providers/steady_call.h"

#include <algorithm>

namespace kssedr::providers {
namespace {

using azure::Effect;
using rotation::CatalogueEntry;
using rotation::EntrySlot;

constexpr std::string_view slot_placeholder = "{slot}";
constexpr std::string_view key_placeholder = "{key}";
// Of a regeneration that does no more twice than once, where no answer tells whether it happened.
constexpr int sendings_max = 3;
constexpr Duration pause_between_sendings = std::chrono::seconds{1};
// What a service began and did not end while it was asked may take this long; the slowest are seen to take minutes.
constexpr Duration longest_operation = std::chrono::minutes{10};

// "Service Bus queue, shared access policy shop/orders/send"
std::string name_of(CatalogueEntry const& entry, rotation::ArmId const& owner) {
    std::string name;
    for (auto const part : owner.resource_names()) name += (name.empty() ? "" : "/") + std::string(part);
    return entry.title + ' ' + name;
}

http::Method method_of(std::string_view name) {
    if (name == "GET") return http::Method::get;
    return name == "PUT" ? http::Method::put : http::Method::post;
}

azure::ArmCall listing_of(CatalogueEntry const& entry, rotation::ArmId owner, std::string operation) {
    return {.operation = std::move(operation),
            .resource = std::move(owner),
            .action = entry.list.tail,
            .api_version = entry.api_version,
            .method = method_of(entry.list.method)};
}

// Where it was the service that would not be called just then, nobody else is to call it either.
bool has_no_answer(Result<http::Response> const& answer) {
    return !answer && answer.error().code() == Errc::outcome_unknown;
}

Error with_unknown_outcome(Error error, std::string const& operation) {
    auto const held = error.code() == Errc::throttled ? error.retry_after() : std::nullopt;
    return Error(Errc::outcome_unknown, error.message())
        .with_retry_after(held)
        .during(operation + ": it was done, and what it made is not shown");
}

}  // namespace

SecretString format_body(std::string_view template_text, std::string_view asks, SecretString const& key) {
    auto const escape = [](std::string_view text) {
        SecretString quoted;
        azure::append_json_string(quoted, text);
        return quoted;
    };
    auto const slot = escape(asks);
    SecretString body;
    while (!template_text.empty()) {
        auto const at =
            std::min({template_text.find(slot_placeholder), template_text.find(key_placeholder), template_text.size()});
        body.append(template_text.substr(0, at));
        template_text.remove_prefix(at);
        if (template_text.empty()) break;
        bool const is_slot = template_text.starts_with(slot_placeholder);
        // A key is base64: nothing in it is escaped.
        body.append(is_slot ? slot.expose().substr(1, slot.size() - 2) : key.expose());
        template_text.remove_prefix((is_slot ? slot_placeholder : key_placeholder).size());
    }
    return body;
}

CatalogueSlots::CatalogueSlots(http::Transport& transport, azure::ArmClient& arm, Clock& clock, Random& random,
                               rotation::LazyCatalogue const& catalogue, rotation::Cloud const& cloud)
    : arm_(arm),
      clock_(clock),
      random_(random),
      catalogue_(catalogue),
      cloud_(cloud),
      storage_trial_(transport, arm, clock, random, cloud.storage_suffix),
      key_trial_(transport, arm, clock, cloud_) {}

CatalogueEntry const* CatalogueSlots::find_entry(rotation::OwnerId const& owner) const {
    return owner.resource() == nullptr ? nullptr : catalogue_.get().find(*owner.resource());
}

bool CatalogueSlots::serves(rotation::OwnerId const& owner) const {
    auto const* entry = find_entry(owner);
    return entry != nullptr && entry->has_slots();
}

std::string CatalogueSlots::explain_unserved(rotation::OwnerId const& owner) const {
    if (owner.resource() == nullptr) return CredentialProvider::explain_unserved(owner);
    return rotation::explain_unserved(catalogue_.get(), *owner.resource());
}

bool CatalogueSlots::may_try(rotation::OwnerId const& owner) const {
    auto const* entry = find_entry(owner);
    return entry != nullptr && entry->has_trial();
}

rotation::CredentialShape CatalogueSlots::shape(rotation::OwnerId const& owner) const {
    auto const* entry = find_entry(owner);
    return entry == nullptr ? rotation::CredentialShape() : rotation::shape_of(*entry, *owner.resource(), cloud_);
}

Result<CatalogueEntry const*> CatalogueSlots::entry_of(rotation::OwnerId const& owner) const {
    auto const* entry = find_entry(owner);
    if (entry == nullptr || !entry->has_slots()) return fail(Errc::invalid_argument, explain_unserved(owner));
    return entry;
}

Async<rotation::Credentials> CatalogueSlots::list(rotation::OwnerId owner, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const* entry, entry_of(owner));
    auto const& resource = *owner.resource();
    auto call = listing_of(*entry, resource, "listing the keys of " + name_of(*entry, resource));
    KSSEDR_CO_TRY(auto const answer, co_await arm_.send(std::move(call), deadline));
    auto credentials = azure::parse_slots(answer.body.expose(), *entry);
    if (!credentials)
        co_return fail(
            std::move(credentials).error().during("listing the keys of " + name_of(*entry, *owner.resource())));
    credentials->calls_left = azure::find_calls_left(answer);
    if (entry->is_made_in_resource) {
        KSSEDR_CO_TRY_VOID(co_await tell_when_made(*entry, resource, *credentials, deadline));
    }
    co_return credentials;
}

// Where kssedr may not read the resource, or it does not say, the evidence has to do. A passing fault is none: what is
// told the one time and not the next would be decided otherwise each time.
Async<void> CatalogueSlots::tell_when_made(CatalogueEntry const& entry, rotation::ArmId owner,
                                           rotation::Credentials& credentials, SteadyPoint deadline) {
    azure::ArmCall reading{.operation = "reading when the keys of " + name_of(entry, owner) + " were made",
                           .resource = std::move(owner),
                           .api_version = entry.api_version};
    auto const answer = co_await arm_.send(std::move(reading), deadline);
    if (answer) azure::read_made(answer->body.expose(), entry, credentials);
    bool const is_withheld = !answer && answer.error().code() == Errc::permission_denied;
    if (!answer && !is_withheld) co_return fail(answer.error());
    co_return Result<void>();
}

Async<std::string> CatalogueSlots::find_asks(CatalogueEntry const& entry, EntrySlot const& slot, rotation::ArmId owner,
                                             SteadyPoint deadline) {
    if (slot.asks_for.empty()) co_return slot.asks;
    auto const operation = "finding the id of " + slot.name + " of " + name_of(entry, owner);
    auto call = listing_of(entry, std::move(owner), operation);
    KSSEDR_CO_TRY(auto const answer, co_await send_steadily(arm_, clock_, std::move(call), deadline));
    auto id = azure::parse_slot_id(answer.body.expose(), slot);
    if (!id) co_return fail(std::move(id).error().during(operation));
    co_return id;
}

Async<http::Response> CatalogueSlots::send_regeneration(CatalogueEntry const& entry, EntrySlot const& slot,
                                                        rotation::ArmId owner, std::string operation,
                                                        SteadyPoint deadline) {
    if (!entry.policies.empty())
        co_return co_await write_policy_back(arm_, clock_, random_, entry, slot, std::move(owner), std::move(operation),
                                             deadline);
    KSSEDR_CO_TRY(auto const asks, co_await find_asks(entry, slot, owner, deadline));
    std::string tail = entry.regenerate.tail;
    if (auto const at = tail.find(slot_placeholder); at != std::string::npos)
        tail.replace(at, slot_placeholder.size(), asks);
    auto const key = entry.is_key_chosen() ? make_chosen_key(entry, random_) : SecretString();
    auto const make_call = [&] {
        return azure::ArmCall{.operation = operation,
                              .resource = owner,
                              .action = tail,
                              .api_version = entry.api_version,
                              .method = method_of(entry.regenerate.method),
                              .effect = Effect::happens,
                              .body = format_body(entry.regenerate.body, asks, key)};
    };
    if (!slot.asks_for.empty()) co_return co_await send_steadily(arm_, clock_, make_call(), deadline);
    auto answer = co_await arm_.send(make_call(), deadline);
    for (int i = 1; i < sendings_max && entry.is_key_chosen() && has_no_answer(answer); ++i) {
        if (clock_.steady_now() + pause_between_sendings >= deadline) break;
        co_await clock_.sleep_for(pause_between_sendings);
        auto again = co_await arm_.send(make_call(), deadline);
        // What was sent before may have happened, whatever is said of this one.
        if (again || again.error().code() == Errc::outcome_unknown) answer = std::move(again);
    }
    co_return answer;
}

Async<rotation::Credentials> CatalogueSlots::regenerate(rotation::OwnerId owner, std::string slot_name,
                                                        SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const* entry, entry_of(owner));
    auto const& resource = *owner.resource();
    auto const operation = "regenerating " + escape_for_display(slot_name) + " of " + name_of(*entry, resource);
    auto const* slot = entry->find_slot(slot_name);
    if (slot == nullptr) co_return fail(Errc::invalid_argument, operation + ": there is no such slot");
    KSSEDR_CO_TRY(auto const answer, co_await send_regeneration(*entry, *slot, resource, operation, deadline));
    KSSEDR_CO_TRY_VOID(co_await azure::await_operation(arm_, clock_, answer, operation, deadline));
    if (entry->answer == rotation::RegenerateAnswer::keys && answer.status == 200) {
        auto credentials = azure::parse_slots(answer.body.expose(), *entry);
        if (!credentials) co_return fail(to_error(std::move(credentials).error(), operation, Effect::happens));
        credentials->calls_left = azure::find_calls_left(answer);
        co_return credentials;
    }
    auto listed = co_await list(std::move(owner), deadline);
    if (!listed) co_return fail(with_unknown_outcome(std::move(listed).error(), operation));
    co_return listed;
}

Duration CatalogueSlots::may_land_for(rotation::OwnerId const& owner) const {
    auto const* entry = find_entry(owner);
    return entry != nullptr && entry->is_long_running ? longest_operation : ports::time_of_doubt;
}

Task<ports::TrialResult> CatalogueSlots::verify(rotation::OwnerId owner, SecretString const& credential,
                                                SecretString const& value, SteadyPoint deadline) {
    auto const* entry = find_entry(owner);
    if (entry == nullptr || !entry->has_trial())
        co_return ports::TrialResult{ports::Trial::inconclusive, "kssedr has no trial for keys of " + owner.type()};
    if (entry->trial == "storage-blob")
        co_return co_await storage_trial_.run(*owner.resource(), credential, value, deadline);
    auto tried = co_await key_trial_.run(*entry, *owner.resource(), credential, deadline);
    if (tried.trial != ports::Trial::rejected) co_return tried;
    co_return co_await weigh_rejection(*entry, std::move(owner), credential, std::move(tried), deadline);
}

Task<ports::TrialResult> CatalogueSlots::weigh_rejection(CatalogueEntry const& entry, rotation::OwnerId owner,
                                                         SecretString const& credential, ports::TrialResult tried,
                                                         SteadyPoint deadline) {
    auto const inconclusive = [&](std::string_view reason) {
        return ports::TrialResult{ports::Trial::inconclusive, tried.why + std::string(reason)};
    };
    auto const listed = co_await list(owner, deadline);
    if (!listed) co_return inconclusive(", and which other keys there are could not be asked");
    auto const other = std::ranges::find_if(
        listed->slots, [&](rotation::Credential const& slot) { return !(slot.value == credential); });
    if (other == listed->slots.end()) co_return inconclusive(", and there is no other key to ask with");
    auto const control = co_await key_trial_.run(entry, *owner.resource(), other->value, deadline);
    if (control.trial == ports::Trial::accepted) co_return tried;
    co_return inconclusive(", and so it does of another key of the owner's");
}

}  // namespace kssedr::providers
