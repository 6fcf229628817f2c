#include "emulator/resource_manager.h"

#include "base/ascii.h"
#include "emulator/arm_json.h"
#include "emulator/arm_path.h"
#include "emulator/storage_keys.h"

#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kssedr::emulator {
namespace {

// The classic audiences, beside the host itself: clients still ask for them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> classic_audiences = {{
    {"management.core.windows.net", "management.azure.com"},
    {"management.core.usgovcloudapi.net", "management.usgovcloudapi.net"},
    {"management.core.chinacloudapi.cn", "management.chinacloudapi.cn"},
}};

// An audience is right when it is the host asked, or a parent of it: private clouds name theirs freely.
bool is_audience(std::string_view audience, std::string_view host) {
    if (audience.empty()) return false;
    for (auto const& [classic, modern] : classic_audiences)
        if (audience == classic) audience = modern;
    return host == audience || host.ends_with("." + std::string(audience));
}

bool is_api_version(std::string_view text) {
    if (text.size() < 10 || text[4] != '-' || text[7] != '-') return false;
    for (std::size_t const at : {0UZ, 1UZ, 2UZ, 3UZ, 5UZ, 6UZ, 8UZ, 9UZ})
        if (!is_ascii_digit(text[at])) return false;
    return text.size() == 10 || text[10] == '-';
}

bool is_write(std::string_view operation) {
    return operation == "keys.regenerate" || operation == "resource.put";
}

std::string right_for(Call const& call) {
    if (auto const path = parse_keyed_path(call.segments)) return find_keyed_right(call.request.method, *path);
    auto const& operation = call.operation;
    if (operation == "operation.get")
        return parse_arm_path(call.segments).provider + "/locations/operationsStatus/read";
    if (operation == "keys.list") return "Microsoft.Storage/storageAccounts/listKeys/action";
    if (operation == "keys.regenerate") return "Microsoft.Storage/storageAccounts/regeneratekey/action";
    if (operation.starts_with("account.")) return "Microsoft.Storage/storageAccounts/read";
    if (operation.starts_with("vault.")) return "Microsoft.KeyVault/vaults/read";
    return "Microsoft.Resources/subscriptions/read";
}

template <class Map, class Accept>
json::array list_resources(Map const& resources, ArmPath const& path, Accept const& to_json) {
    json::array items;
    for (auto const& [name, one] : resources) {
        if (!equals_ignore_case(one.place.subscription, path.subscription)) continue;
        if (!path.group.empty() && !equals_ignore_case(one.place.group, path.group)) continue;
        items.push_back(to_json(one));
    }
    return items;
}

// A resource at its exact place: a right name in a wrong group is no such resource.
template <class Map>
auto find_at(Map& resources, ArmPath const& path) -> decltype(&resources.begin()->second) {
    auto const found = resources.find(path.name);
    if (found == resources.end()) return nullptr;
    auto const& place = found->second.place;
    bool const here =
        equals_ignore_case(place.subscription, path.subscription) && equals_ignore_case(place.group, path.group);
    return here ? &found->second : nullptr;
}

}  // namespace

void ResourceManager::name(Call& call) const {
    if (auto const keyed = parse_keyed_path(call.segments)) {
        call.operation = find_keyed_operation(call.request.method, *keyed);
        call.resource = keyed->id;
        return;
    }
    auto const path = parse_arm_path(call.segments);
    call.operation = find_arm_operation(call.request.method, path, call.segments);
    call.resource = std::string(call.request.path());
    if (!path.action.empty()) call.resource.resize(call.resource.size() - path.action.size() - 1);
}

listen::Response ResourceManager::answer(Call& call) {
    // How `az cloud register` learns of a cloud; nobody has signed in then.
    if (call.operation == "metadata") return make_json_response(200, to_arm_metadata(call.destination.cloud));
    if (auto refusal = turn_away(call)) return std::move(*refusal);
    std::vector<std::pair<std::string, std::string>> allowance;
    if (auto refusal = spend(call, allowance)) return std::move(*refusal);
    auto response = carry_out(call);
    for (auto& [name, value] : allowance) response.headers.add(std::move(name), std::move(value));
    return response;
}

std::optional<listen::Response> ResourceManager::turn_away(Call& call) {
    if (auto refusal = find_token_fault(call)) return refusal;
    auto const version = call.query.find("api-version");
    if (!version || version->empty())
        return refuse_with(call, 400, "MissingApiVersionParameter",
                           "The api-version query parameter (?api-version=) is required for all requests.");
    if (!is_api_version(*version))
        return refuse_with(call, 400, "InvalidApiVersionParameter",
                           "The api-version '" + std::string(*version) + "' is invalid.");
    auto const path = parse_arm_path(call.segments);
    if (!path.subscription.empty() && !ground_.world.subscriptions.contains(path.subscription))
        return refuse_with(call, 404, "SubscriptionNotFound",
                           "The subscription '" + path.subscription + "' could not be found.");
    auto const* app = ground_.world.find_app(call.client_id);
    auto const right = right_for(call);
    if (app != nullptr && (is_denied(*app, call.operation, call.resource) || is_denied(*app, right, call.resource)))
        return refuse_with(call, 403, "AuthorizationFailed",
                           fmt::format("The client '{}' with object id '{}' does not have authorization to perform "
                                       "action '{}' over scope '{}' or the scope is invalid. If access was recently "
                                       "granted, please refresh your credentials.",
                                       app->client_id, app->object_id, right, call.resource));
    if (!path.group.empty() && ground_.world.find_group(path.subscription, path.group) == nullptr)
        return refuse_with(call, 404, "ResourceGroupNotFound",
                           "Resource group '" + path.group + "' could not be found.");
    // A read-only lock also keeps keys from being listed, since that is a POST.
    auto const* lock = call.request.method == "GET" ? nullptr : ground_.world.find_lock(call.resource);
    if (lock != nullptr)
        return refuse_with(call, 409, "ScopeLocked",
                           "The scope '" + call.resource +
                               "' cannot perform write operation because following scope(s) are locked: '" +
                               lock->scope + "'. Please remove the lock and try again.");
    return std::nullopt;
}

std::optional<listen::Response> ResourceManager::find_token_fault(Call& call) {
    auto const bearer = find_bearer(call.request);
    if (bearer.empty())
        return unauthorized(call, "AuthenticationFailed",
                            "Authentication failed. The 'Authorization' header is missing.",
                            "The authentication failed because of missing 'Authorization' header.");
    auto const token = ground_.tokens.verify(bearer, ground_.clock.unhurried_now());
    if (!token && token.error() == TokenSigner::Fault::expired)
        return unauthorized(call, "ExpiredAuthenticationToken",
                            "The access token expiry UTC time is earlier than current UTC time '" +
                                format_rfc3339(ground_.clock.now()) + "'.",
                            "The access token has expired.");
    if (!token)
        return unauthorized(call, "InvalidAuthenticationToken", "The access token is invalid.",
                            "The access token is invalid.");
    call.client_id = token->client_id;
    if (!is_audience(host_of_url(token->audience), without_port(call.request.host)))
        return unauthorized(call, "InvalidAuthenticationTokenAudience",
                            "The access token has been obtained for wrong audience or resource '" + token->audience +
                                "'. It should exactly match with one of the allowed audiences 'https://" +
                                std::string(without_port(call.request.host)) + "/'.",
                            "The access token has been obtained from wrong audience or resource.");
    return std::nullopt;
}

std::optional<listen::Response> ResourceManager::spend(Call const& call,
                                                       std::vector<std::pair<std::string, std::string>>& headers) {
    auto const subscription = parse_arm_path(call.segments).subscription;
    auto& allowance = allowances_[subscription];
    bool const write = is_write(call.operation);
    bool const resource_request = call.operation == "keys.list";
    auto& bucket = write ? allowance.writes : resource_request ? allowance.resource_requests : allowance.reads;
    std::string const scope = subscription.empty() ? "tenant" : "subscription";
    std::string const kind = write ? "writes" : resource_request ? "resource-requests" : "reads";
    bool const admitted = bucket.take(ground_.clock.real().steady_now());
    if (!admitted && ground_.world.throttling) {
        auto const seconds = std::to_string(bucket.seconds_to_wait());
        auto response = refuse_with(call, 429, "SubscriptionRequestsThrottled",
                                    "Number of '" + std::string(write ? "write" : "read") +
                                        "' requests for subscription '" + subscription + "' actor '" + call.client_id +
                                        "' exceeded. Please try again after '" + seconds + "' seconds.");
        response.headers.add("Retry-After", seconds);
        return response;
    }
    headers.emplace_back("x-ms-ratelimit-remaining-" + scope + "-" + kind, std::to_string(bucket.remaining()));
    return std::nullopt;
}

listen::Response ResourceManager::carry_out(Call& call) {
    auto const& world = ground_.world;
    auto const& cloud = call.destination.cloud;
    auto const path = parse_arm_path(call.segments);
    auto const answer = [&](json::object body) {
        auto response = make_json_response(200, std::move(body));
        dress(call, response);
        return response;
    };
    auto const answer_list = [&](json::array items) {
        if (call.empty_page) items.clear();
        return answer({{"value", std::move(items)}});
    };
    auto const keyed = parse_keyed_path(call.segments);
    if (keyed || call.operation == "operation.get") {
        auto response = call.operation == "operation.get" ? key_calls_.answer_about_operation(call)
                                                          : key_calls_.answer(call, *keyed);
        dress(call, response);
        return response;
    }
    json::array items;
    if (call.operation == "subscription.list") {
        for (auto const& [id, one] : world.subscriptions) items.push_back(to_arm(one));
        return answer({{"value", std::move(items)},
                       {"count", json::object{{"type", "Total"}, {"value", world.subscriptions.size()}}}});
    }
    if (call.operation == "tenant.list") {
        for (auto const& [id, one] : world.tenants) items.push_back(to_arm(one));
        return answer_list(std::move(items));
    }
    if (call.operation == "subscription.get")
        return answer(to_arm(world.subscriptions.find(path.subscription)->second));
    if (call.operation == "group.get") return answer(to_arm(*world.find_group(path.subscription, path.group)));
    if (call.operation == "group.list") {
        for (auto const& group : world.groups)
            if (equals_ignore_case(group.subscription, path.subscription)) items.push_back(to_arm(group));
        return answer_list(std::move(items));
    }
    if (call.operation == "location.list") {
        items.push_back(json::object{{"id", "/subscriptions/" + path.subscription + "/locations/westeurope"},
                                     {"name", "westeurope"},
                                     {"displayName", "West Europe"}});
        return answer_list(std::move(items));
    }
    if (call.operation == "provider.list") {
        for (auto const* one : {"Microsoft.Storage", "Microsoft.KeyVault"})
            items.push_back(*to_arm_provider(one, path.subscription));
        return answer_list(std::move(items));
    }
    if (call.operation == "provider.get") {
        auto provider = to_arm_provider(path.provider, path.subscription);
        if (provider) return answer(std::move(*provider));
        return refuse_with(call, 404, "InvalidResourceNamespace",
                           "The resource namespace '" + path.provider + "' is invalid.");
    }
    if (call.operation == "resource.list") {
        items = list_resources(world.vaults, path, [&](Vault const& one) { return to_arm(one, cloud); });
        for (auto& one :
             list_resources(world.accounts, path, [&](StorageAccount const& a) { return to_arm(a, cloud); }))
            items.push_back(std::move(one));
        return answer_list(std::move(items));
    }
    if (call.operation == "vault.list")
        return answer_list(list_resources(world.vaults, path, [&](Vault const& one) { return to_arm(one, cloud); }));
    if (call.operation == "account.list")
        return answer_list(
            list_resources(world.accounts, path, [&](StorageAccount const& one) { return to_arm(one, cloud); }));
    if (call.operation == "vault.get") {
        if (auto const* vault = find_at(world.vaults, path)) return answer(to_arm(*vault, cloud));
    } else if (call.operation != "other") {
        return answer_account(call);
    } else {
        return refuse_with(call, 404, "InvalidResourceType",
                           "Resource type '" + (path.type.empty() ? path.other : path.type) +
                               "' of provider namespace '" + path.provider +
                               "' was not found in global location for api version '" + call.query.get("api-version") +
                               "'.");
    }
    return refuse_with(call, 404, "ResourceNotFound",
                       "The Resource 'Microsoft.KeyVault/vaults/" + path.name + "' under resource group '" +
                           path.group +
                           "' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix");
}

listen::Response ResourceManager::answer_account(Call& call) {
    auto const path = parse_arm_path(call.segments);
    auto* const account = find_at(ground_.world.accounts, path);
    if (account == nullptr)
        return refuse_with(call, 404, "ResourceNotFound",
                           "The Resource 'Microsoft.Storage/storageAccounts/" + path.name + "' under resource group '" +
                               path.group +
                               "' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix");
    if (call.operation == "keys.regenerate") return regenerate(call, *account);
    auto response = make_json_response(
        200, call.operation == "keys.list" ? to_key_list(*account) : to_arm(*account, call.destination.cloud));
    dress(call, response);
    return response;
}

listen::Response ResourceManager::regenerate(Call& call, StorageAccount& account) {
    auto const body = parse_json(call.request.body.expose());
    auto const* name = body && body->is_object() ? body->get_object().if_contains("keyName") : nullptr;
    if (name == nullptr || !name->is_string())
        return refuse_with(
            call, 400, "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: 'Required property 'keyName' "
            "not found in JSON. Path '', line 1, position 2.'.");
    auto const key = std::ranges::find_if(account.keys, [&](AccountKey const& one) {
        return equals_ignore_case(one.name, std::string_view(name->get_string()));
    });
    if (key == account.keys.end())
        return refuse_with(call, 400, "InvalidValuesForRequestParameters",
                           "Values for request parameters are invalid: keyName.");
    regenerate_key(*key, account.propagation, ground_.clock.now(), ground_.random);
    call.effect = true;
    auto response = make_json_response(200, to_key_list(account));
    dress(call, response);
    return response;
}

listen::Response ResourceManager::unauthorized(Call const& call, std::string const& code, std::string const& message,
                                               std::string const& description) {
    auto response = refuse_with(call, 401, code, message);
    response.headers.add("WWW-Authenticate", "Bearer authorization_uri=\"https://" + call.destination.cloud.login +
                                                 "/\", error=\"invalid_token\", error_description=\"" + description +
                                                 "\"");
    return response;
}

listen::Response ResourceManager::refuse(Call const& call, unsigned status, std::string const& code,
                                         std::string const& message) {
    auto const keyed = parse_keyed_path(call.segments);
    auto response = make_refusal(keyed ? &*keyed : nullptr, status, code.empty() ? "InternalServerError" : code,
                                 message.empty() ? "A fault that a test asked for." : message);
    response.headers.add("x-ms-failure-cause", keyed ? "service" : "gateway");
    dress(call, response);
    return response;
}

listen::Response ResourceManager::refuse_with(Call const& call, unsigned status, std::string const& code,
                                              std::string const& message) {
    auto response =
        make_json_response(status, json::object{{"error", json::object{{"code", code}, {"message", message}}}});
    response.headers.add("x-ms-failure-cause", "gateway");
    dress(call, response);
    return response;
}

void ResourceManager::dress(Call const& call, listen::Response& response) {
    auto const id = ground_.random.uuid();
    response.headers.add("Cache-Control", "no-cache");
    response.headers.add("Pragma", "no-cache");
    response.headers.add("Expires", "-1");
    response.headers.add("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    response.headers.add("X-Content-Type-Options", "nosniff");
    if (auto const client_id = call.request.headers.find("x-ms-client-request-id"))
        response.headers.add("x-ms-client-request-id", std::string(*client_id));
    response.headers.add("x-ms-request-id", id);
    auto const correlation = call.request.headers.find("x-ms-correlation-request-id");
    response.headers.add("x-ms-correlation-request-id", correlation ? std::string(*correlation) : id);
    auto stamp = format_rfc3339(std::chrono::floor<std::chrono::seconds>(ground_.clock.now()));
    std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
    response.headers.add("x-ms-routing-request-id", "WESTEUROPE:" + stamp + ":" + id);
}

}  // namespace kssedr::emulator
