#include "transport.h"

#include "azure/shared_key.h"
#include "base/ascii.h"
#include "simulation/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace kssedr::simulation {
namespace {

using http::Method;
using http::Response;

// Where a URL leads: its host, and the path without the query.
std::pair<std::string_view, std::string_view> split_url(std::string_view url) {
    url.remove_prefix(std::min(url.size(), std::string_view("https://").size()));
    auto const slash = std::min(url.find('/'), url.size());
    auto const path = url.substr(slash);
    return {url.substr(0, slash), path.substr(0, path.find('?'))};
}

std::optional<NewKey> find_asked(OwnerState const& owner, std::string_view body) {
    auto const& wire = ResourceManager::wire_of(owner);
    constexpr std::string_view before_key = R"(","key":")", end = "\"}";
    for (std::size_t i = 0; i < wire.asks.size(); ++i) {
        auto const asked = fmt::format(R"({{"{}":"{})", wire.asks_member, wire.asks[i]);
        if (body == asked + std::string(end)) return NewKey{static_cast<int>(i), std::nullopt};
        auto const chosen = asked + std::string(before_key);
        if (!body.starts_with(chosen) || !body.ends_with(end)) continue;
        auto const key = body.substr(chosen.size(), body.size() - chosen.size() - end.size());
        return NewKey{static_cast<int>(i), std::string(key)};
    }
    return std::nullopt;
}

std::string_view header_of(http::Request const& request, std::string_view name) {
    for (auto const& [header, value] : request.headers)
        if (equals_ignore_case(header, name)) return value;
    return {};
}

}  // namespace

std::string SimulatedTokens::valid_at(SteadyPoint now) {
    return fmt::format("token-{}", now.since_start / std::chrono::hours{1});
}

Async<azure::Token> SimulatedTokens::bearer(std::string, SteadyPoint) {
    if (!given_) given_ = std::make_shared<SecretString const>(SecretString::copy_of(valid_at(clock_.steady_now())));
    co_return given_;
}

void SimulatedTokens::reject(std::string const&, azure::Token const& token) {
    if (given_ == token) given_ = nullptr;
}

SimulatedTransport::Target SimulatedTransport::find_target(Method method, std::string_view path) const {
    constexpr std::string_view operations = "/operations/";
    if (path.starts_with(operations)) {
        Target target{What::poll, -1, std::string(path.substr(operations.size()))};
        target.owner = manager_.owner_of(target.operation);
        return target.owner < 0 ? Target{} : target;
    }
    auto const& owners = site_.estate.owners;
    for (std::size_t i = 0; i < owners.size(); ++i) {
        auto const& wire = ResourceManager::wire_of(owners[i]);
        auto const is = [&](Method wanted, std::string const& wanted_path) {
            return method == wanted && equals_ignore_case(path, wanted_path);
        };
        auto const owner = static_cast<int>(i);
        auto const& id = owners[i].id.text();
        if (is(Method::post, id + '/' + wire.list)) return {What::list, owner, {}};
        if (!wire.is_policy()) {
            if (is(Method::post, id + '/' + wire.regenerate)) return {What::regenerate, owner, {}};
            if (is(Method::get, id)) return {What::read_resource, owner, {}};
            continue;
        }
        auto const resource = owners[i].id.parent()->text();
        if (is(Method::get, resource)) return {What::read_resource, owner, {}};
        if (is(Method::post, resource + "/listkeys")) return {What::list_policies, owner, {}};
        if (is(Method::put, resource)) return {What::write_back, owner, {}};
    }
    return {};
}

Async<Response> SimulatedTransport::send(http::Request request, SteadyPoint deadline) {
    ++site_.statistics.calls;
    auto const [host, path] = split_url(request.url);
    if (host != ResourceManager::host) co_return co_await try_key(std::move(request), deadline);
    auto const target = find_target(request.method, path);
    if (target.what == What::nothing) co_return refusal(404, "ResourceNotFound");
    if (request.authorization.expose() != "Bearer " + SimulatedTokens::valid_at(site_.timeline.now())) {
        SteadyPoint back{};
        auto const failed = co_await network_.ask_provider(target.owner, deadline, back);
        if (failed) co_return to_answer(*failed);
        co_await network_.travel_until(back);
        co_return refusal(401, "ExpiredAuthenticationToken");
    }
    switch (target.what) {
    case What::poll: co_return co_await poll(target, deadline);
    case What::regenerate:
    case What::write_back: co_return co_await act(target, std::move(request), deadline);
    default: co_return co_await ask(target, deadline);
    }
}

Result<Response> SimulatedTransport::to_answer(Error const& error) {
    if (error.code() == Errc::throttled) {
        auto response = refusal(429, "TooManyRequests");
        if (error.retry_after()) {
            auto const seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after());
            response.headers.emplace_back("retry-after", std::to_string(seconds.count()));
        }
        return response;
    }
    if (error.code() == Errc::permission_denied) return refusal(403, "AuthorizationFailed");
    if (error.service_code() == server_error_code) return refusal(500, server_error_code);
    return fail(error);
}

std::string SimulatedTransport::show(Target const& target) {
    auto const& estate = site_.estate;
    auto const& owner = estate.owners[static_cast<std::size_t>(target.owner)];
    if (target.what == What::read_resource) return manager_.format_resource(target.owner, estate);
    if (target.what == What::list_policies) return ResourceManager::format_policies(owner, estate);
    auto listed = network_.credentials(target.owner);
    manager_.show_provisional(site_, target.owner, listed);
    if (site_.trace.is_on()) {
        std::string shown;
        for (auto const& slot : listed.slots) shown += fmt::format(" {}", short_name(slot.value.expose()));
        site_.trace.say("process {} lists {}:{}", network_.number(), owner.name, shown);
    }
    return ResourceManager::format_keys(owner, listed);
}

Async<Response> SimulatedTransport::ask(Target target, SteadyPoint deadline) {
    SteadyPoint back{};
    auto const failed = co_await network_.ask_provider(target.owner, deadline, back);
    if (failed) co_return to_answer(*failed);
    auto const& owner = site_.estate.owners[static_cast<std::size_t>(target.owner)];
    if (owner.denied_until > site_.timeline.now()) co_return refusal(403, "AuthorizationFailed");
    auto response = answer(200, show(target));
    if (manager_.manners.tells_calls_left)
        response.headers.emplace_back("x-ms-ratelimit-remaining-subscription-writes", "45");
    co_await network_.travel_until(back);
    co_return response;
}

Async<Response> SimulatedTransport::poll(Target target, SteadyPoint deadline) {
    auto const now = site_.timeline.now();
    if (now < not_to_be_asked_before_[target.operation])
        site_.estate.checker().violate("I11", fmt::format("process {} asks for the end of {} before it was told to",
                                                          network_.number(), target.operation));
    SteadyPoint back{};
    auto const failed = co_await network_.ask_provider(target.owner, deadline, back);
    if (failed) {
        if (failed->code() == Errc::throttled && failed->retry_after())
            not_to_be_asked_before_[target.operation] = site_.timeline.now() + *failed->retry_after();
        co_return mishear_poll(to_answer(*failed), target.owner);
    }
    auto response = manager_.tell_of(site_, target.operation);
    site_.trace.say("process {} asks for the end of {}: {}", network_.number(), target.operation, response.status);
    co_await network_.travel_until(back);
    co_return response;
}

Async<Response> SimulatedTransport::act(Target target, http::Request request, SteadyPoint deadline) {
    auto const author = network_.author_of_regeneration(target.owner);
    auto const& owner = site_.estate.owners[static_cast<std::size_t>(target.owner)];
    site_.trace.say("process {} sends: {} {} of {}", author.process, http::to_string(request.method),
                    target.what == What::regenerate ? request.body.expose() : "the policies", owner.name);
    auto const flight = std::make_shared<Network::Flight>();
    auto const response = std::make_shared<Response>();
    // The process may be dead by then, and this object with it.
    auto landing = [site = site_, &manager = manager_, mutation = mutation_, response, target,
                    request = std::move(request), author](Network::Flight&) {
        auto const body = request.body.expose();
        if (target.what == What::write_back) {
            *response = manager.write_back(site, target.owner, body, header_of(request, "if-match"), author);
            return;
        }
        auto key = find_asked(site.estate.owners[static_cast<std::size_t>(target.owner)], body);
        if (key && mutation == Mutation::ask_for_the_other_slot) key->slot ^= 1;
        *response = key ? manager.regenerate(site, target.owner, *key, author) : refusal(400, "InvalidKey");
    };
    auto const failed = co_await network_.send_to_provider(target.owner, flight, std::move(landing), deadline);
    auto heard = failed ? to_answer(*failed) : Result<Response>(std::move(*response));
    site_.trace.say("process {} hears of it: {}", author.process,
                    heard ? std::to_string(heard->status) : heard.error().message());
    co_return mishear_effect(std::move(heard));
}

Result<Response> SimulatedTransport::mishear_effect(Result<Response> heard) const {
    bool const is_unanswered = !heard && heard.error().code() == Errc::outcome_unknown;
    if (mutation_ == Mutation::take_unanswered_for_unsent && is_unanswered)
        return fail(Errc::unavailable, "no answer, so surely nothing was sent");
    bool const goes_on = heard && (heard->status == 202 || !heard->header("azure-asyncoperation").empty());
    if (mutation_ == Mutation::take_accepted_for_done && goes_on) return answer(200);
    return heard;
}

Result<Response> SimulatedTransport::mishear_poll(Result<Response> heard, int owner) const {
    if (mutation_ != Mutation::take_a_lost_poll_for_a_failure) return heard;
    auto const& wire = ResourceManager::wire_of(site_.estate.owners[static_cast<std::size_t>(owner)]);
    if (wire.goes_on == GoesOn::by_location) return refusal(409, "Lost");
    return answer(200, R"({"status":"Failed","error":{"code":"Lost"}})");
}

// Whose key signed it is found by signing it once more with each that the account has or had last.
Async<Response> SimulatedTransport::try_key(http::Request request, SteadyPoint deadline) {
    auto const& estate = site_.estate;
    auto const host = split_url(request.url).first;
    auto const name = host.substr(0, host.find('.'));
    auto const owner = std::ranges::find(estate.owners, name, &OwnerState::name);
    if (owner == estate.owners.end()) co_return fail(Errc::unavailable, "there is no such host");
    auto key = SecretString::copy_of("no key that was ever known");
    for (auto const& slot : owner->slots) {
        for (auto const id : {slot.key, slot.before}) {
            auto const candidate = SecretString::copy_of(estate.key(id).text);
            http::Request again{.method = request.method, .url = request.url, .headers = request.headers};
            auto const is_signed = azure::sign_with_shared_key(again, name, candidate);
            if (is_signed && again.authorization == request.authorization) key = candidate.clone();
        }
    }
    auto const tried = co_await network_.verify(owner->id, key, {}, deadline);
    if (tried.trial == ports::Trial::inconclusive) co_return fail(Errc::outcome_unknown, tried.why);
    if (tried.trial == ports::Trial::accepted) co_return answer(200);
    co_return refusal(403, "AuthenticationFailed");
}

}  // namespace kssedr::simulation
