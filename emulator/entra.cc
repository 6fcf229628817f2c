#include "emulator/entra.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "emulator/client_assertion.h"

#include <boost/json/array.hpp>

#include <algorithm>

namespace kssedr::emulator {
namespace {

// What Event Grid signs in as (public cloud).
constexpr std::string_view event_grid_client_id = "4962773b-9cdb-44cf-a8bf-237846a00ab7";

std::string format_timestamp(TimePoint at) {
    auto text = format_rfc3339(std::chrono::floor<std::chrono::seconds>(at));
    text[10] = ' ';
    return text;
}

// `https://vault.azure.net/.default` asks for a token for `https://vault.azure.net`. The words that ask for a person's
// profile mean nothing to an application and are passed over.
std::optional<std::string> audience_of_scope(std::string_view scope) {
    constexpr std::string_view end = "/.default";
    for (auto const part : split(scope, ' ')) {
        if (part.size() > end.size() && part.ends_with(end))
            return std::string(part.substr(0, part.size() - end.size()));
    }
    return std::nullopt;
}

std::string issuer_of(Token const& token, std::string_view login_host) {
    if (token.version == 2) return "https://" + std::string(login_host) + "/" + token.tenant + "/v2.0";
    return "https://sts.windows.net/" + token.tenant + "/";
}

bool is_configuration(std::vector<std::string> const& segments) {
    return segments.size() >= 3 && segments[segments.size() - 2] == ".well-known" &&
           segments.back() == "openid-configuration";
}

}  // namespace

void Entra::name(Call& call) const {
    auto const& path = call.segments;
    call.resource = path.empty() ? "" : path.front();
    call.operation = "other";
    bool const v2 = path.size() == 4 && path[2] == "v2.0";
    if (path.size() >= 3 && path[1] == "oauth2" && path.back() == "token" && (v2 || path.size() == 3)) {
        call.operation = "token";
    } else if (is_configuration(path)) {
        call.operation = "configuration";
    } else if (path.size() >= 3 && path[1] == "discovery" && path.back() == "keys") {
        call.operation = "jwks";
    } else if (path.size() == 3 && path[1] == "discovery" && path[2] == "instance") {
        call.operation = "instance";
    }
}

listen::Response Entra::answer(Call& call) {
    auto const& path = call.segments;
    if (call.operation == "token") {
        if (call.request.method != "POST")
            return fail_with(
                call, 400, "invalid_request", 900561,
                "The endpoint only accepts POST requests. Received a " + call.request.method + " request.");
        return issue(call, path.size() == 4 ? Protocol::v2 : Protocol::v1);
    }
    if (call.operation == "configuration") return configuration(call, path[1] == "v2.0" ? Protocol::v2 : Protocol::v1);
    if (call.operation == "jwks") return key_set(call);
    if (call.operation == "instance") return instance_discovery(call);
    return fail_with(call, 404, "invalid_request", 900971, "There is nothing at this address.");
}

listen::Response Entra::refuse(Call const& call, unsigned status, std::string const& code, std::string const& message) {
    return fail_with(call, status, code.empty() ? "temporarily_unavailable" : code, 90033,
                     message.empty() ? "A transient error has occurred. Please try again." : message);
}

listen::Response Entra::issue(Call& call, Protocol protocol) {
    Query const form(call.request.body.expose(), PlusSign::is_blank);
    auto const* tenant = ground_.world.find_tenant(call.resource);
    if (tenant == nullptr)
        return fail_with(call, 400, "invalid_request", 90002,
                         "Tenant '" + call.resource +
                             "' not found. Check to make sure you have the correct tenant ID and are signing into the "
                             "correct cloud. Check with your subscription administrator, this may happen if there are "
                             "no active subscriptions for the tenant.");
    std::string_view const target = protocol == Protocol::v2 ? "scope" : "resource";
    for (auto const name : {std::string_view("grant_type"), std::string_view("client_id"), target}) {
        if (form.get(name).empty())
            return fail_with(call, 400, "invalid_request", 900144,
                             "The request body must contain the following parameter: '" + std::string(name) + "'.");
    }
    if (form.get("grant_type") != "client_credentials")
        return fail_with(call, 400, "unsupported_grant_type", 70003,
                         "The app requested an unsupported grant type '" + form.get("grant_type") + "'.");
    auto const* app = ground_.world.find_app(form.get("client_id"));
    if (app == nullptr || !equals_ignore_case(app->tenant, tenant->id))
        return fail_with(call, 400, "unauthorized_client", 700016,
                         "Application with identifier '" + form.get("client_id") +
                             "' was not found in the directory '" + tenant->domain +
                             "'. This can happen if the application has not been installed by the administrator of the "
                             "tenant or consented to by any user in the tenant. You may have sent your authentication "
                             "request to the wrong tenant.");
    call.client_id = app->client_id;
    if (auto refused = check_proof(call, *app, form)) return *std::move(refused);
    auto const audience = protocol == Protocol::v2 ? audience_of_scope(form.get("scope")) : form.get("resource");
    if (!audience)
        return fail_with(call, 400, "invalid_scope", 70011,
                         "The provided request must include a 'scope' input parameter. The provided value for the "
                         "input parameter 'scope' is not valid. The scope " +
                             form.get("scope") + " is not valid.");

    auto token = make_token(tenant->id, *audience, call.destination.cloud.login);
    token.client_id = app->client_id;
    token.object_id = app->object_id;
    token.roles = app->roles;
    auto const text = ground_.tokens.sign(token, ground_.clock.real().now());
    auto const now = std::chrono::floor<std::chrono::seconds>(token.issued).time_since_epoch().count();
    json::object body{{"token_type", "Bearer"}};
    if (protocol == Protocol::v2) {
        body["expires_in"] = 3599;
        body["ext_expires_in"] = 3599;
    } else {
        body["expires_in"] = "3599";
        body["ext_expires_in"] = "3599";
        body["expires_on"] = std::to_string(now + 3599);
        body["not_before"] = std::to_string(now - 300);
        body["resource"] = *audience;
    }
    body["access_token"] = text;
    auto response = make_json_response(200, body);
    dress(response, "1,0,0,,");
    return response;
}

std::optional<listen::Response> Entra::check_proof(Call const& call, App const& app, Query const& form) {
    constexpr std::string_view jwt_bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    if (auto const jwt = form.get("client_assertion"); !jwt.empty()) {
        if (form.get("client_assertion_type") != jwt_bearer)
            return fail_with(call, 401, "invalid_client", 50027, "JWT token is invalid or malformed.");
        auto const base = "https://" + call.destination.cloud.login + "/" + call.resource;
        auto const fault = check_assertion(jwt, {.client_id = app.client_id,
                                                 .certificates = app.certificates,
                                                 .audiences = {base + "/oauth2/v2.0/token", base + "/oauth2/token"},
                                                 .now = ground_.clock.real().now()});
        if (fault) return fail_with(call, 401, "invalid_client", fault->code, fault->text);
        return std::nullopt;
    }
    if (form.get("client_secret").empty())
        return fail_with(call, 401, "invalid_client", 7000216,
                         "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' "
                         "grant type.");
    auto const now = ground_.clock.now();
    auto const password = std::ranges::find_if(app.passwords, [&](AppPassword const& one) {
        return one.value == form.get("client_secret") && is_taken(one, now);
    });
    if (password != app.passwords.end() && password->ends_at <= now)
        return fail_with(call, 401, "invalid_client", 7000222,
                         "The provided client secret keys for app '" + app.client_id +
                             "' are expired. Visit the Azure portal to create new keys for your app, or consider using "
                             "certificate credentials for added security.");
    if (password == app.passwords.end())
        return fail_with(call, 401, "invalid_client", 7000215,
                         "Invalid client secret provided. Ensure the secret being sent in the request is the client "
                         "secret value, not the client secret ID, for a secret added to app '" +
                             app.client_id + "'.");
    return std::nullopt;
}

Token Entra::make_token(std::string_view tenant, std::string_view audience, std::string_view login_host) const {
    Token token;
    token.tenant = std::string(tenant);
    token.audience = std::string(audience);
    for (auto const& [id, app] : ground_.world.apps) {
        bool const named = equals_ignore_case(app.client_id, audience) ||
                           std::ranges::find(app.identifier_uris, audience) != app.identifier_uris.end();
        if (!named) continue;
        token.version = app.token_version;
        if (app.token_version == 2) token.audience = app.client_id;
    }
    token.issuer = issuer_of(token, login_host);
    token.issued = ground_.clock.now();
    token.issued_unhurried = ground_.clock.unhurried_now();
    return token;
}

std::string Entra::make_delivery_token(std::string_view tenant, std::string_view audience,
                                       std::string_view login_host) {
    auto token = make_token(tenant, audience, login_host);
    token.client_id = std::string(event_grid_client_id);
    token.object_id = "5a1e0f7c-0000-4000-8000-000000000001";
    token.roles = {"AzureEventGridSecureWebhookSubscriber"};
    return ground_.tokens.sign(token, ground_.clock.real().now());
}

listen::Response Entra::configuration(Call const& call, Protocol protocol) const {
    auto const* tenant = ground_.world.find_tenant(call.resource);
    std::string const id = tenant == nullptr ? call.resource : tenant->id;
    std::string const base = "https://" + call.destination.cloud.login + "/" + id;
    bool const v2 = protocol == Protocol::v2;
    std::string const oauth = base + (v2 ? "/oauth2/v2.0/" : "/oauth2/");
    json::object body;
    body["token_endpoint"] = oauth + "token";
    body["token_endpoint_auth_methods_supported"] =
        json::array{"client_secret_post", "private_key_jwt", "client_secret_basic"};
    body["jwks_uri"] = base + (v2 ? "/discovery/v2.0/keys" : "/discovery/keys");
    body["response_modes_supported"] = json::array{"query", "fragment", "form_post"};
    body["subject_types_supported"] = json::array{"pairwise"};
    body["id_token_signing_alg_values_supported"] = json::array{"RS256"};
    body["response_types_supported"] = json::array{"code", "id_token", "code id_token", "id_token token"};
    body["scopes_supported"] = json::array{"openid", "profile", "email", "offline_access"};
    body["issuer"] = v2 ? base + "/v2.0" : "https://sts.windows.net/" + id + "/";
    body["request_uri_parameter_supported"] = false;
    body["authorization_endpoint"] = oauth + "authorize";
    body["device_authorization_endpoint"] = oauth + "devicecode";
    body["http_logout_supported"] = true;
    body["end_session_endpoint"] = oauth + "logout";
    body["tenant_region_scope"] = "EU";
    body["cloud_instance_name"] = std::string(without_port(call.destination.cloud.login)).substr(6);
    return make_json_response(200, body);
}

listen::Response Entra::key_set(Call const& call) const {
    auto const* tenant = ground_.world.find_tenant(call.resource);
    std::string const id = tenant == nullptr ? "{tenantid}" : tenant->id;
    return make_json_response(200,
                              ground_.tokens.key_set("https://" + call.destination.cloud.login + "/" + id + "/v2.0"));
}

listen::Response Entra::instance_discovery(Call const& call) const {
    auto const endpoint = call.query.get("authorization_endpoint");
    auto const path =
        endpoint.find("://") == std::string::npos ? std::string() : endpoint.substr(endpoint.find("://") + 3);
    auto const parts = split_path(path);
    std::string const authority = parts.empty() ? call.destination.cloud.login : parts[0];
    std::string const tenant = parts.size() < 2 ? "common" : parts[1];
    json::object body;
    body["tenant_discovery_endpoint"] =
        "https://" + authority + "/" + tenant + "/v2.0/.well-known/openid-configuration";
    body["api-version"] = "1.1";
    json::array metadata;
    auto const add = [&](json::array aliases, std::string_view cache) {
        metadata.push_back(json::object{{"preferred_network", aliases[0]},
                                        {"preferred_cache", std::string(cache)},
                                        {"aliases", std::move(aliases)}});
    };
    add({"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"},
        "login.windows.net");
    add({"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}, "login.partner.microsoftonline.cn");
    add({"login.microsoftonline.us", "login.usgovcloudapi.net"}, "login.microsoftonline.us");
    auto const known = find_destination(to_ascii_lower(authority));
    if (!known || known->cloud.storage_suffix.starts_with("storage.")) add({json::value(authority)}, authority);
    body["metadata"] = std::move(metadata);
    return make_json_response(200, body);
}

listen::Response Entra::fail_with(Call const& call, unsigned status, std::string_view error, std::int64_t code,
                                  std::string_view text) {
    auto const trace = ground_.random.uuid();
    auto const correlation = call.request.headers.find("client-request-id");
    auto const correlation_id = correlation ? std::string(*correlation) : ground_.random.uuid();
    auto const timestamp = format_timestamp(ground_.clock.now());
    json::object body;
    body["error"] = std::string(error);
    body["error_description"] = "AADSTS" + std::to_string(code) + ": " + std::string(text) + "\r\nTrace ID: " + trace +
                                "\r\nCorrelation ID: " + correlation_id + "\r\nTimestamp: " + timestamp;
    body["error_codes"] = json::array{code};
    body["timestamp"] = timestamp;
    body["trace_id"] = trace;
    body["correlation_id"] = correlation_id;
    body["error_uri"] = "https://" + call.destination.cloud.login + "/error?code=" + std::to_string(code);
    auto response = make_json_response(status, body);
    dress(response, "1," + std::to_string(code) + ",0,,");
    return response;
}

void Entra::dress(listen::Response& response, std::string_view telemetry) {
    response.headers.add("Cache-Control", "no-store, no-cache");
    response.headers.add("Pragma", "no-cache");
    response.headers.add("Expires", "-1");
    response.headers.add("P3P", "CP=\"DSP CUR OTPi IND OTRi ONL FIN\"");
    response.headers.add("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("x-ms-clitelem", std::string(telemetry));
    response.headers.add("x-ms-request-id", ground_.random.uuid());
    response.headers.add("X-XSS-Protection", "0");
}

}  // namespace kssedr::emulator
