#include "providers/hooks.h"

#include "base/ascii.h"
#include "base/encoding.h"

#include <algorithm>
#include <utility>

namespace kssedr::providers {
namespace {

constexpr std::size_t said_max = 300;

std::string doing_of(rotation::Hook const& hook, HookRequest const& request) {
    std::string doing = "asking " + hook.owner.service_name() + " to " + std::string(to_string(request.operation));
    return request.slot.empty() ? doing : doing + ' ' + request.slot;
}

// What the caller can do. What was asked without an effect was not done, whatever became of it.
Error understand(Error error, HookRequest const& request, std::string const& doing) {
    bool const is_unclear = error.code() == Errc::corrupt || error.code() == Errc::outcome_unknown;
    if (!is_unclear) return std::move(error).during(doing);
    auto const code = request.operation == HookOperation::regenerate ? Errc::outcome_unknown : Errc::unavailable;
    return Error(code, error.message()).with_retry_after(error.retry_after()).during(doing);
}

}  // namespace

rotation::CredentialShape shape_of(rotation::Hook const& hook) {
    rotation::CredentialShape shape;
    shape.owner_name = hook.owner.text();
    shape.keys = {{.kind = rotation::KeyForm::Kind::text, .least = hook.least, .most = hook.most, .with = hook.marks}};
    shape.key_member.clear();
    shape.owner_member.clear();
    shape.needed_members.clear();
    if (!hook.connection_member.empty()) shape.connections = {{.key_member = hook.connection_member}};
    shape.hosts = hook.hosts;
    shape.key_names = hook.value_members;
    if (!hook.connection_member.empty()) shape.key_names.push_back(hook.connection_member);
    return shape;
}

Hooks::Hooks(http::Transport& transport, ports::Vault& vault, Clock& clock, Random& random, Log& log,
             std::vector<rotation::Hook> hooks)
    : clock_(clock),
      random_(random),
      log_(log),
      processes_(clock),
      webhook_(transport, vault, clock),
      hooks_(std::move(hooks)) {}

rotation::Hook const* Hooks::find(rotation::OwnerId const& owner) const {
    auto const found = std::ranges::find(hooks_, owner, &rotation::Hook::owner);
    return found == hooks_.end() ? nullptr : &*found;
}

bool Hooks::serves(rotation::OwnerId const& owner) const {
    return find(owner) != nullptr;
}

std::string Hooks::explain_unserved(rotation::OwnerId const& owner) const {
    auto const why = "the configuration has no [[hook]] of the name " + std::string(owner.name());
    if (hooks_.empty()) return why + ", nor any other";
    auto const& nearest = *std::ranges::min_element(
        hooks_, {}, [&](rotation::Hook const& hook) { return edit_distance(owner.name(), hook.owner.name()); });
    return why + "; the nearest is " + std::string(nearest.owner.name());
}

rotation::CredentialShape Hooks::shape(rotation::OwnerId const& owner) const {
    auto const* hook = find(owner);
    return hook == nullptr ? rotation::CredentialShape() : shape_of(*hook);
}

Result<rotation::Hook const*> Hooks::hook_of(rotation::OwnerId const& owner) const {
    auto const* hook = find(owner);
    if (hook == nullptr) return fail(Errc::invalid_argument, explain_unserved(owner));
    return hook;
}

HookRequest Hooks::make_request(HookOperation operation) {
    char bytes[16];
    random_.fill(bytes);
    return {.operation = operation, .id = format_hex({bytes, sizeof bytes})};
}

// A program's own words are for whoever looks for a fault; where it failed, for whoever is called.
void Hooks::log_said(rotation::Hook const& hook, HookRequest const& request, HookAnswer const& answer) {
    if (trim(answer.said.expose()).empty()) return;
    bool const tells = tells_credential(answer.said, request, answer);
    auto const said = tells ? "(it holds a credential, so it is not shown)"
                            : escape_for_display(trim(answer.said.expose()), said_max);
    auto const operation = std::string(to_string(request.operation));
    if (answer.failure)
        log_.warn("hook.said", {{"resource", hook.owner.text()}, {"operation", operation}, {"said", said}});
    else
        log_.debug("hook.said", {{"resource", hook.owner.text()}, {"operation", operation}, {"said", said}});
}

Async<HookAnswer> Hooks::ask(rotation::Hook const& hook, HookRequest const& request, SteadyPoint deadline) {
    auto const until = std::min(deadline, clock_.steady_now() + hook.timeout);
    auto text = format_hook_request(hook, request);
    if (!hook.url.empty()) co_return co_await webhook_.call(hook, request, std::move(text), until);
    auto answer = co_await processes_.run(hook, std::move(text), until);
    if (answer) log_said(hook, request, *answer);
    co_return answer;
}

Async<rotation::Credentials> Hooks::list(rotation::OwnerId owner, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const* hook, hook_of(owner));
    auto const request = make_request(HookOperation::list);
    auto const doing = doing_of(*hook, request);
    auto const answer = co_await ask(*hook, request, deadline);
    if (!answer) co_return fail(understand(answer.error(), request, doing));
    auto credentials = parse_hook_slots(*answer, *hook);
    if (!credentials) co_return fail(understand(std::move(credentials).error(), request, doing));
    co_return credentials;
}

Async<rotation::Credentials> Hooks::regenerate(rotation::OwnerId owner, std::string slot, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const* hook, hook_of(owner));
    auto request = make_request(HookOperation::regenerate);
    request.slot = std::move(slot);
    auto const doing = doing_of(*hook, request);
    if (std::ranges::find(hook->slots, request.slot) == hook->slots.end())
        co_return fail(Errc::invalid_argument, escape_for_display(doing) + ": there is no such slot");
    auto const answer = co_await ask(*hook, request, deadline);
    if (!answer) co_return fail(understand(answer.error(), request, doing));
    auto credentials = parse_hook_slots(*answer, *hook);
    if (!credentials) co_return fail(understand(std::move(credentials).error(), request, doing));
    co_return credentials;
}

Task<ports::TrialResult> Hooks::verify(rotation::OwnerId owner, SecretString const& credential,
                                       SecretString const& /*value*/, SteadyPoint deadline) {
    auto const hook = hook_of(owner);
    if (!hook) co_return ports::TrialResult{ports::Trial::inconclusive, hook.error().message()};
    auto request = make_request(HookOperation::verify);
    request.credential = credential.clone();
    auto const answer = co_await ask(**hook, request, deadline);
    if (!answer) co_return ports::TrialResult{ports::Trial::inconclusive, answer.error().message()};
    auto result = parse_hook_trial(*answer, request.credential);
    if (!result) co_return ports::TrialResult{ports::Trial::inconclusive, result.error().message()};
    co_return *std::move(result);
}

}  // namespace kssedr::providers
