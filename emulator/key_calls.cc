#include "emulator/key_calls.h"

#include "base/ascii.h"
#include "emulator/fill.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace kssedr::emulator {
namespace {

std::string name_status(unsigned status) {
    if (status == 404) return "NotFound";
    if (status == 409) return "Conflict";
    if (status == 412) return "PreconditionFailed";
    return status < 500 ? "BadRequest" : "InternalServerError";
}

listen::Response make_answer(unsigned status, json::value const& body) {
    if (!body.is_null()) return make_json_response(status, body);
    return {.status = status};
}

json::value parse_body(Call const& call) {
    auto body = parse_json(call.request.body.expose());
    return body ? std::move(*body) : json::value();
}

std::string describe(KeyedPath const& path) {
    std::string name;
    for (auto const& one : path.names) name += (name.empty() ? "" : "/") + one;
    return "'" + std::string(path.service->type) + "/" + name + "'";
}

// Of the length that signed URLs are seen to have.
std::string make_signed_query(std::string_view version, Random& random) {
    auto const letters = [&](std::size_t size) {
        constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        std::string text;
        while (text.size() < size) text += alphabet[random.below(alphabet.size())];
        return text;
    };
    return "api-version=" + std::string(version) + "&t=" + std::to_string(random.below(1'000'000'000)) +
           "&c=" + letters(2800) + "&s=" + letters(342) + "&h=" + letters(43);
}

}  // namespace

listen::Response make_refusal(KeyedPath const* path, unsigned status, std::string const& code,
                              std::string const& message) {
    auto const shape = path == nullptr ? ErrorShape::arm : path->service->errors;
    switch (shape) {
    case ErrorShape::iot:
        return make_json_response(
            status, json::object{{"Code", code}, {"HttpStatusCode", name_status(status)}, {"Message", message}});
    case ErrorShape::app_service:
        return make_json_response(status, json::object{{"Code", code},
                                                       {"Message", message},
                                                       {"Target", nullptr},
                                                       {"Details", json::array{json::object{{"Message", message}}}}});
    case ErrorShape::arm: break;
    }
    return make_json_response(status, json::object{{"error", json::object{{"code", code}, {"message", message}}}});
}

listen::Response KeyCalls::answer(Call& call, KeyedPath const& path) {
    auto const version = call.query.get("api-version");
    auto const versions = split(path.service->versions, ' ');
    if (std::ranges::find(versions, version) == versions.end())
        return make_refusal(nullptr, 400, "NoRegisteredProviderFound",
                            "No registered resource provider found for location 'westeurope' and API version '" +
                                version + "' for type '" + std::string(path.service->type) +
                                "'. The supported api-versions are '" + std::string(path.service->versions) + "'.");
    auto const found = ground_.world.resources.find(path.id);
    if (found == ground_.world.resources.end())
        return make_refusal(path.service->errors == ErrorShape::iot ? &path : nullptr, 404,
                            path.service->errors == ErrorShape::iot ? "IotHubNotFound" : "ResourceNotFound",
                            "The Resource " + describe(path) + " was not found.");
    auto& resource = found->second;
    settle(resource, ground_.clock.now());
    if (call.operation == "keys.list") return list(call, path, resource);
    if (call.operation == "keys.regenerate") return regenerate(call, path, resource);
    if (call.operation == "resource.get") return make_answer(200, to_arm(resource));
    if (call.operation == "resource.put") return write_back(call, path, resource);
    return make_refusal(nullptr, 404, "InvalidResourceType", "There is no such call of " + describe(path) + ".");
}

listen::Response KeyCalls::list(Call const& call, KeyedPath const& path, KeyResource const& resource) {
    auto const policy = path.rest.size() == 3 ? path.rest[1] : "";
    auto keys = list_keys(resource, policy);
    if (keys.is_null()) return make_refusal(&path, 404, "KeyNameNotFound", "Key name not found: " + policy + ".");
    if (call.empty_page && keys.is_object() && keys.get_object().contains("value"))
        keys.get_object()["value"] = json::array();
    return make_answer(200, keys);
}

listen::Response KeyCalls::regenerate(Call& call, KeyedPath const& path, KeyResource& resource) {
    auto const body = parse_body(call);
    auto keys = resource.keys;
    auto* const key = find_asked_key(keys, path, body);
    if (key == nullptr)
        return make_refusal(&path, 400, "BadRequest",
                            "The request names no key of " + describe(path) + ", or not as it has to be spelled.");
    renew_key(*key, resource, find_chosen_value(*path.service, body), ground_.clock.now(), ground_.random);
    auto after = resource;
    after.keys = keys;
    auto done = make_answer(path.service->status, answer_regeneration(after, *key));
    return change(call, path, resource, std::move(keys), std::move(done));
}

listen::Response KeyCalls::write_back(Call& call, KeyedPath const& path, KeyResource& resource) {
    auto const body = parse_body(call);
    auto const match = call.request.headers.find("If-Match").value_or("");
    if (match != format_etag(resource))
        return make_refusal(&path, 412, "PreconditionFailed",
                            "If-Match is not the ETag of " + describe(path) + ", which has been changed meanwhile.");
    auto known = to_arm(resource);
    if (!holds(body, known))
        return make_refusal(&path, 400, "BadRequest", "Only the keys of " + describe(path) + " can be changed here.");
    auto keys = parse_policies(resource, body, ground_.clock.now());
    if (!keys) return make_refusal(&path, 400, "BadRequest", "The authorization policies are not valid.");
    auto shown = body;
    shown.at("properties").get_object()["provisioningState"] = "Accepted";
    return change(call, path, resource, std::move(*keys), make_json_response(path.service->status, shown));
}

listen::Response KeyCalls::change(Call& call, KeyedPath const& path, KeyResource& resource,
                                  std::vector<ResourceKey> keys, listen::Response done) {
    if (resource.operation && !resource.operation->has_ended)
        return make_refusal(&path, 409, "AnotherOperationInProgress",
                            "Another operation on " + describe(path) + " is in progress.");
    call.effect = true;
    bool const goes_on = !path.service->goes_on.empty() && resource.operation_takes > Duration{};
    if (!goes_on) {
        resource.keys = std::move(keys);
        ++resource.revision;
        return done;
    }
    Operation operation{.id = ground_.random.uuid(),
                        .query = make_signed_query(call.query.get("api-version"), ground_.random),
                        .due = ground_.clock.now() + resource.operation_takes,
                        .keys = std::move(keys)};
    auto const provider = std::string(path.service->type.substr(0, path.service->type.find('/')));
    auto const subscription = "https://" + call.request.host + "/subscriptions/" + std::string(split(path.id, '/')[2]);
    auto response = path.service->policies.empty()
                        ? make_json_response(202, json::object{{"status", path.service->goes_on}})
                        : std::move(done);
    response.headers.add("Azure-AsyncOperation", subscription + "/providers/" + provider +
                                                     "/locations/westeurope/operationsStatus/" + operation.id + "?" +
                                                     operation.query);
    response.headers.add("Location", "https://" + call.request.host + path.id + "/operationResults/" + operation.id +
                                         "?" + operation.query);
    resource.operation = std::move(operation);
    return response;
}

listen::Response KeyCalls::answer_about_operation(Call const& call) {
    for (auto& [id, resource] : ground_.world.resources) {
        if (!resource.operation || resource.operation->id != call.segments.back()) continue;
        if (resource.operation->query != call.request.query())
            return make_refusal(nullptr, 403, "AuthorizationFailed", "The signature of the URL is not right.");
        settle(resource, ground_.clock.now());
        bool const has_ended = resource.operation->has_ended;
        auto const goes_on = find_service(resource).goes_on;
        bool const asks_for_result = equals_ignore_case(call.segments[call.segments.size() - 2], "operationResults");
        if (!asks_for_result) return make_json_response(200, {{"status", has_ended ? "Succeeded" : goes_on}});
        return has_ended ? listen::Response{.status = 204} : make_json_response(202, {{"status", goes_on}});
    }
    return make_refusal(nullptr, 404, "OperationNotFound", "There is no such operation.");
}

}  // namespace kssedr::emulator
