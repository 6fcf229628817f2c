#include "emulator/graph.h"

#include "base/ascii.h"
#include "emulator/app_passwords.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace kssedr::emulator {
namespace {

// Graph's own application id, by which tokens for it may also be asked for.
constexpr std::string_view graph_id = "00000003-0000-0000-c000-000000000000";

// `applications/{object id}` or `applications(appId='{id}')`, and what follows; nothing where the path is another.
struct ApplicationPath {
    std::string object_id;
    std::string app_id;
    std::string action;
};

std::optional<ApplicationPath> parse_path(std::vector<std::string> const& segments) {
    if (segments.size() < 2 || (segments[0] != "v1.0" && segments[0] != "beta")) return std::nullopt;
    ApplicationPath path;
    std::size_t next = 2;
    constexpr std::string_view by_app_id = "applications(appId='";
    if (std::string_view const named = segments[1]; named.starts_with(by_app_id) && named.ends_with("')")) {
        path.app_id = named.substr(by_app_id.size(), named.size() - by_app_id.size() - 2);
    } else if (segments[1] == "applications" && segments.size() > 2) {
        path.object_id = segments[2];
        next = 3;
    } else {
        return std::nullopt;
    }
    if (segments.size() > next + 1) return std::nullopt;
    if (segments.size() == next + 1) path.action = segments[next];
    return path;
}

App* find_app(World& world, ApplicationPath const& path) {
    if (!path.object_id.empty()) return world.find_application(path.object_id);
    auto const found = world.apps.find(path.app_id);
    return found == world.apps.end() ? nullptr : &found->second;
}

// `graph.microsoft.com/v1.0/$metadata#` of the host that was asked.
std::string context(Call const& call, std::string_view what) {
    return "https://" + call.destination.cloud.graph + "/v1.0/$metadata#" + std::string(what);
}

}  // namespace

void Graph::name(Call& call) const {
    call.operation = "other";
    auto const path = parse_path(call.segments);
    if (!path) return;
    call.resource = path->object_id.empty() ? path->app_id : path->object_id;
    bool const posts = call.request.method == "POST";
    if (path->action.empty() && call.request.method == "GET") call.operation = "application.get";
    if (path->action == "addPassword" && posts) call.operation = "password.add";
    if (path->action == "removePassword" && posts) call.operation = "password.remove";
}

listen::Response Graph::answer(Call& call) {
    if (auto refusal = turn_away(call)) return *std::move(refusal);
    auto const path = parse_path(call.segments);
    if (call.operation == "other" || !path)
        return refuse(call, 400, "BadRequest", "Resource not found for the segment.");
    auto* const app = find_app(ground_.world, *path);
    if (app == nullptr)
        return refuse(call, 404, "Request_ResourceNotFound",
                      "Resource '" + call.resource +
                          "' does not exist or one of its queried reference-property objects are not present.");
    if (call.operation == "application.get") return show(call, *app);
    return call.operation == "password.add" ? add(call, *app) : remove(call, *app);
}

std::optional<listen::Response> Graph::turn_away(Call& call) {
    auto const bearer = find_bearer(call.request);
    if (bearer.empty()) return unauthorized(call, "Access token is empty.");
    auto const token = ground_.tokens.verify(bearer, ground_.clock.unhurried_now());
    if (!token && token.error() == TokenSigner::Fault::expired)
        return unauthorized(call, "Lifetime validation failed, the token is expired.");
    if (!token) return unauthorized(call, "IDX14100: JWT is not well formed, there are no dots (.).");
    call.client_id = token->client_id;
    bool const is_for_us = host_of_url(token->audience) == without_port(call.request.host);
    if (!is_for_us && token->audience != graph_id)
        return unauthorized(call, "Access token validation failure. Invalid audience.");
    auto const* app = ground_.world.find_app(call.client_id);
    if (app != nullptr && is_denied(*app, call.operation, call.resource))
        return refuse(call, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
    return std::nullopt;
}

listen::Response Graph::show(Call const& call, App const& app) {
    json::array passwords;
    for (auto const* password : list_passwords(app, ground_.clock.now())) passwords.push_back(to_graph(*password));
    if (call.empty_page) passwords.clear();
    json::object const all{{"id", app.application_id},        {"appId", app.client_id},
                           {"displayName", app.name},         {"signInAudience", app.sign_in_audience},
                           {"keyCredentials", json::array()}, {"passwordCredentials", std::move(passwords)}};
    auto const select = call.query.get("$select");
    json::object body{
        {"@odata.context", context(call, "applications" + (select.empty() ? "" : '(' + select + ')') + "/$entity")}};
    auto const wanted = split(select, ',');
    for (auto const& [name, value] : all) {
        bool const is_wanted = select.empty() || std::ranges::any_of(wanted, [&](std::string_view one) {
                                   return equals_ignore_case(trim(one), std::string_view(name));
                               });
        if (is_wanted) body[name] = value;
    }
    auto response = make_json_response(200, body);
    dress(call, response);
    return response;
}

listen::Response Graph::add(Call& call, App& app) {
    auto const body = parse_json(call.request.body.expose());
    auto const* given = body && body->is_object() ? body->get_object().if_contains("passwordCredential") : nullptr;
    json::value const nothing_given = json::object();
    auto const now = ground_.clock.now();
    auto made = parse_password(given == nullptr ? nothing_given : *given, ground_.random, now);
    if (!body || !made)
        return refuse(call, 400, "Request_BadRequest",
                      body ? made.error().message() : "Unable to read JSON request payload.");
    if (!has_room(app))
        return refuse(call, 400, "Request_BadRequest",
                      "The application may have no more client secrets: two where personal accounts sign in to it.");
    // The service makes the id and the value, whatever is asked for.
    made->key_id = ground_.random.uuid();
    made->value = make_client_secret(ground_.random);
    auto const& added = add_password(app, *std::move(made), now);
    call.effect = true;
    json::object answer{{"@odata.context", context(call, "microsoft.graph.passwordCredential")}};
    for (auto const& [name, value] : to_graph(added)) answer[name] = value;
    answer["secretText"] = added.value;
    auto response = make_json_response(200, answer);
    dress(call, response);
    return response;
}

listen::Response Graph::remove(Call& call, App& app) {
    auto const body = parse_json(call.request.body.expose());
    auto const* key_id = body && body->is_object() ? body->get_object().if_contains("keyId") : nullptr;
    if (key_id == nullptr || !key_id->is_string())
        return refuse(call, 400, "Request_BadRequest", "Cannot convert a primitive value to the expected type 'Guid'.");
    std::string const wanted(key_id->get_string());
    if (!remove_password(app, wanted, ground_.clock.now()))
        return refuse(call, 400, "Request_BadRequest", "No password credential found with keyId '" + wanted + "'.");
    call.effect = true;
    listen::Response response{.status = 204};
    dress(call, response);
    return response;
}

listen::Response Graph::refuse(Call const& call, unsigned status, std::string const& code, std::string const& message) {
    auto const request = ground_.random.uuid();
    auto date = format_rfc3339(std::chrono::floor<std::chrono::seconds>(ground_.clock.now()));
    date.pop_back();  // Graph writes it without a zone
    json::object const inner{{"date", date}, {"request-id", request}, {"client-request-id", request}};
    json::object const error{
        {"code", code.empty() ? "UnknownError" : code}, {"message", message}, {"innerError", inner}};
    auto response = make_json_response(status, json::object{{"error", error}});
    dress(call, response);
    return response;
}

listen::Response Graph::unauthorized(Call const& call, std::string const& message) {
    auto response = refuse(call, 401, "InvalidAuthenticationToken", message);
    response.headers.add("WWW-Authenticate",
                         "Bearer realm=\"\", authorization_uri=\"https://" + call.destination.cloud.login +
                             "/common/oauth2/authorize\", client_id=\"" + std::string(graph_id) + "\"");
    return response;
}

void Graph::dress(Call const& call, listen::Response& response) {
    auto const client = call.request.headers.find("client-request-id");
    response.headers.add("Cache-Control", "no-cache");
    response.headers.add("odata-version", "4.0");
    response.headers.add("request-id", ground_.random.uuid());
    if (client) response.headers.add("client-request-id", std::string(*client));
    response.headers.add("Strict-Transport-Security", "max-age=31536000");
    response.headers.add("x-ms-resource-unit", "1");
}

}  // namespace kssedr::emulator
