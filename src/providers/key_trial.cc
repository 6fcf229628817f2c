#include "providers/key_trial.h"

#include "azure/json_place.h"
#include "azure/key_proof.h"
#include "azure/url.h"
#include "formats/named_hosts.h"

#include <algorithm>

namespace kssedr::providers {
namespace {

using ports::Trial;
using ports::TrialResult;

constexpr Duration believed_for = std::chrono::hours{1};
constexpr std::size_t known_max = 1000;

http::Method method_of(std::string_view name) {
    if (name == "HEAD") return http::Method::head;
    return name == "POST" ? http::Method::post : http::Method::get;
}

// `https://name.communication.azure.com/`, `name.communication.azure.com`: services write either.
std::optional<std::string> parse_endpoint(std::string_view body, std::string_view place) {
    auto const document = azure::JsonDocument::parse(body);
    if (!document) return std::nullopt;
    auto const told = azure::find_place(document->root(), place).text_or({});
    return azure::find_https_authority(told.contains("://") ? told : "https://" + told);
}

}  // namespace

Async<std::string> KeyTrial::find_authority(rotation::CatalogueEntry const& entry, rotation::ArmId owner,
                                            SteadyPoint deadline) {
    auto const shape = rotation::shape_of(entry, owner, cloud_);
    if (shape.hosts.empty()) co_return fail(Errc::not_found, "no endpoint of it is known in this cloud");
    if (entry.endpoint.empty()) co_return shape.hosts.front();
    auto const key = owner.key();
    if (auto const found = known_.find(key); found != known_.end() && clock_.steady_now() < found->second.until)
        co_return found->second.authority;
    azure::ArmCall call{
        .operation = "asking for the endpoint of " + entry.title, .resource = owner, .api_version = entry.api_version};
    KSSEDR_CO_TRY(auto const answer, co_await arm_.send(std::move(call), deadline));
    auto const authority = parse_endpoint(answer.body.expose(), entry.endpoint);
    if (!authority || !formats::is_owner_authority(*authority, "https", shape))
        co_return fail(Errc::not_found, "the resource names no endpoint that is one of its hosts");
    if (known_.size() >= known_max) known_.clear();  // it fills again
    known_[key] = {*authority, clock_.steady_now() + believed_for};
    co_return *authority;
}

Async<TrialResult> KeyTrial::ask(rotation::EntryTrial const& trial, std::string authority, std::string_view user,
                                 SecretString const& key, SteadyPoint deadline) {
    http::Request request{.method = method_of(trial.method), .url = "https://" + authority + trial.target};
    KSSEDR_CO_TRY_VOID(azure::prove_key(request, trial, user, key, clock_.now()));
    KSSEDR_CO_TRY(auto const answer, co_await transport_.send(std::move(request), deadline));
    auto const is_among = [&](std::vector<long> const& statuses) {
        return std::ranges::find(statuses, answer.status) != statuses.end();
    };
    if (is_among(trial.accepted)) co_return TrialResult{Trial::accepted, {}};
    auto const verdict = is_among(trial.rejected) ? Trial::rejected : Trial::inconclusive;
    co_return TrialResult{verdict, authority + " answered " + std::to_string(answer.status)};
}

Task<TrialResult> KeyTrial::run(rotation::CatalogueEntry const& entry, rotation::ArmId owner, SecretString const& key,
                                SteadyPoint deadline) {
    auto const authority = co_await find_authority(entry, owner, deadline);
    if (!authority) co_return TrialResult{Trial::inconclusive, authority.error().message()};
    TrialResult result;
    for (auto const& trial : entry.trials) {
        auto told = co_await ask(trial, *authority, owner.resource_name(), key, deadline);
        if (!told) co_return TrialResult{Trial::inconclusive, told.error().message()};
        if (told->trial == Trial::accepted) co_return *std::move(told);
        // A later request may be none of that kind of account's: what was turned down once stays so.
        if (result.trial != Trial::rejected) result = *std::move(told);
    }
    co_return result;
}

}  // namespace kssedr::providers
