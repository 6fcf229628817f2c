#include "emulator/key_endpoints.h"

#include "base/ascii.h"
#include "emulator/key_proofs.h"
#include "emulator/keyed_resources.h"

#include <algorithm>
#include <array>

namespace kssedr::emulator {
namespace {

using Proof = bool (*)(listen::Request const& request, KeyResource const& resource, ResourceKey const& key);

struct Endpoint {
    std::string_view suffix;  ///< of the host, behind the resource's name
    std::string_view type;
    std::string_view method;
    std::string_view path;
    Proof proof;
    std::string_view needs = {};  ///< the name of what the query must have
    unsigned taken = 200;
    unsigned turned_down = 401;
};

constexpr Proof by_api_key = [](auto const& request, auto const&, auto const& key) {
    return has_key_header(request, "api-key", key);
};
constexpr Proof by_subscription_key = [](auto const& request, auto const&, auto const& key) {
    return has_key_header(request, "Ocp-Apim-Subscription-Key", key);
};
constexpr Proof by_password = [](auto const& request, auto const& resource, auto const& key) {
    return has_password(request, resource.names.back(), key);
};
constexpr Proof by_token = [](auto const& request, auto const&, auto const& key) {
    return has_key_token(request, key);
};
constexpr Proof by_signature = [](auto const& request, auto const&, auto const& key) {
    return has_key_signature(request, key);
};
constexpr Proof by_master_key = [](auto const& request, auto const&, auto const& key) {
    return has_master_signature(request, key);
};

// A connection that nobody has is told to be missing (404).
constexpr std::array<Endpoint, 9> endpoints = {{
    {"documents.azure.com", "Microsoft.DocumentDB/databaseAccounts", "GET", "/dbs", by_master_key},
    {"search.windows.net", "Microsoft.Search/searchServices", "GET", "/servicestats", by_api_key, "api-version", 200,
     403},
    {"cognitiveservices.azure.com", "Microsoft.CognitiveServices/accounts", "POST", "/sts/v1.0/issueToken",
     by_subscription_key},
    {"cognitiveservices.azure.com", "Microsoft.CognitiveServices/accounts", "GET", "/openai/models", by_api_key,
     "api-version"},
    {"service.signalr.net",
     "Microsoft.SignalRService/signalR",
     "GET",
     "/api/v1/hubs/kssedr/connections/none",
     by_token,
     {},
     404},
    {"webpubsub.azure.com", "Microsoft.SignalRService/webPubSub", "HEAD", "/api/hubs/kssedr/connections/none", by_token,
     "api-version", 404},
    {"azconfig.io", "Microsoft.AppConfiguration/configurationStores", "GET", "/keys", by_signature, "api-version"},
    {"communication.azure.com", "Microsoft.Communication/communicationServices", "GET", "/phoneNumbers", by_signature,
     "api-version"},
    {"azurecr.io", "Microsoft.ContainerRegistry/registries", "GET", "/v2/", by_password},
}};

bool is_of(Endpoint const& endpoint, std::string_view host) {
    auto const name = without_port(host);
    auto const dot = std::min(name.find('.'), name.size());
    return name.substr(std::min(dot + 1, name.size())) == endpoint.suffix;
}

Endpoint const* find_endpoint(Call const& call) {
    auto const found = std::ranges::find_if(endpoints, [&](Endpoint const& one) {
        return is_of(one, call.request.host) && call.request.method == one.method && call.request.path() == one.path;
    });
    return found == endpoints.end() ? nullptr : &*found;
}

}  // namespace

bool is_key_host(std::string_view host) {
    return std::ranges::any_of(endpoints, [&](Endpoint const& one) { return is_of(one, host); });
}

KeyResource* KeyEndpoints::find_resource(Call const& call) const {
    auto const host = std::ranges::find_if(endpoints, [&](auto const& one) { return is_of(one, call.request.host); });
    if (host == endpoints.end()) return nullptr;
    for (auto& [id, resource] : ground_.world.resources)
        if (resource.type == host->type && equals_ignore_case(resource.names.back(), call.destination.instance))
            return &resource;
    return nullptr;
}

void KeyEndpoints::name(Call& call) const {
    auto const* resource = find_resource(call);
    call.resource = resource == nullptr ? call.destination.instance : resource->id;
    call.operation = find_endpoint(call) == nullptr ? "other" : "key.try";
}

listen::Response KeyEndpoints::answer(Call& call) {
    auto* const resource = find_resource(call);
    if (resource == nullptr)
        return refuse(call, 404, "ResourceNotFound",
                      "There is no resource '" + call.destination.instance + "' in this local Azure.");
    auto const* endpoint = find_endpoint(call);
    if (endpoint == nullptr)
        return refuse(call, 404, "NotFound", "This local Azure knows one request of this service.");
    if (!endpoint->needs.empty() && !call.query.find(endpoint->needs))
        return refuse(call, 400, "MissingApiVersionParameter", "The api-version query parameter is required.");
    settle(*resource, ground_.clock.now());
    bool const is_taken = std::ranges::any_of(
        resource->keys, [&](ResourceKey const& key) { return endpoint->proof(call.request, *resource, key); });
    if (!is_taken)
        return refuse(call, endpoint->turned_down, std::to_string(endpoint->turned_down),
                      "Access denied due to an invalid key.");
    if (endpoint->taken == 200) return make_json_response(200, json::object());
    return refuse(call, endpoint->taken, "NotFound", "There is no such connection.");
}

listen::Response KeyEndpoints::refuse(Call const&, unsigned status, std::string const& code,
                                      std::string const& message) {
    return make_json_response(status, json::object{{"error", json::object{{"code", code}, {"message", message}}}});
}

}  // namespace kssedr::emulator
