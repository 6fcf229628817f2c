#include "emulator/key_vault.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "emulator/base64url.h"
#include "emulator/secret_json.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace kssedr::emulator {
namespace {

constexpr std::array<std::string_view, 10> api_versions = {"7.0", "7.1",           "7.2", "7.3",        "7.4",
                                                           "7.5", "7.6-preview.1", "7.6", "2025-07-01", "2026-04-01"};
constexpr std::size_t page_size_max = 25;
// Key Vault's own id, which is an audience as well.
constexpr std::string_view key_vault_app_id = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093";

// A client behind a strict proxy may send POST and say what it means.
std::string effective_method(listen::Request const& request) {
    auto const meant = request.method == "POST" ? request.headers.find("X-HTTP-METHOD") : std::nullopt;
    return meant ? std::string(*meant) : request.method;
}

std::string find_operation(std::string const& method, std::vector<std::string> const& path) {
    bool const live = !path.empty() && equals_ignore_case(path[0], "secrets");
    bool const deleted = !path.empty() && equals_ignore_case(path[0], "deletedsecrets");
    if (live && path.size() == 1 && method == "GET") return "secret.list";
    if (live && path.size() == 2) {
        if (method == "PUT") return "secret.set";
        if (method == "DELETE") return "secret.delete";
    }
    bool const versions = path.size() == 3 && equals_ignore_case(path[2], "versions");
    if (live && versions && method == "GET") return "secret.versions";
    if (live && (path.size() == 2 || (path.size() == 3 && !versions))) {
        if (method == "GET") return "secret.get";
        if (method == "PATCH") return "secret.update";
    }
    if (deleted && path.size() == 1 && method == "GET") return "secret.listDeleted";
    if (deleted && path.size() == 2) {
        if (method == "GET") return "secret.getDeleted";
        if (method == "DELETE") return "secret.purge";
    }
    if (deleted && path.size() == 3 && equals_ignore_case(path[2], "recover") && method == "POST")
        return "secret.recover";
    return "other";
}

// The right that an operation needs, as the refusal names it.
std::string_view right_for(std::string_view operation) {
    if (operation == "secret.get") return "Microsoft.KeyVault/vaults/secrets/getSecret/action";
    if (operation == "secret.set") return "Microsoft.KeyVault/vaults/secrets/setSecret/action";
    if (operation == "secret.update") return "Microsoft.KeyVault/vaults/secrets/update/action";
    if (operation == "secret.delete") return "Microsoft.KeyVault/vaults/secrets/delete";
    if (operation == "secret.purge") return "Microsoft.KeyVault/vaults/secrets/purge/action";
    if (operation == "secret.recover") return "Microsoft.KeyVault/vaults/secrets/recover/action";
    return "Microsoft.KeyVault/vaults/secrets/readMetadata/action";
}

std::unexpected<Refusal> bad_parameter(std::string message) {
    return std::unexpected(
        Refusal{.status = 400, .code = "BadParameter", .inner_code = {}, .message = std::move(message)});
}

// An opaque marker in a nextLink. Key Vault's own is base64 of a small JSON text.
std::string format_skip_token(std::string_view marker) {
    return format_base64url(R"({"NextMarker":")" + std::string(marker) + R"(","TargetLocation":0})");
}

std::optional<std::string> parse_skip_token(std::string_view token) {
    auto const text = parse_base64url(token);
    if (!text) return std::nullopt;
    auto const parsed = parse_json(*text);
    if (!parsed || !parsed->is_object()) return std::nullopt;
    auto const* marker = parsed->get_object().if_contains("NextMarker");
    if (marker == nullptr || !marker->is_string()) return std::nullopt;
    return std::string(marker->get_string());
}

// nextLink names the port even where it is 443, as the service does.
std::string with_port(std::string_view host) {
    return without_port(host).size() == host.size() ? std::string(host) + ":443" : std::string(host);
}

}  // namespace

/// One admitted call.
struct KeyVault::Visit {
    Call& call;
    Vault& vault;
    VaultUrl url;
    std::string name;
    std::string version;
    TimePoint now;
};

void KeyVault::name(Call& call) const {
    call.operation = find_operation(effective_method(call.request), call.segments);
    call.resource = call.destination.instance;
    if (call.segments.size() > 1) call.resource += "/" + call.segments[1];
}

listen::Response KeyVault::answer(Call& call) {
    auto const found = ground_.world.vaults.find(call.destination.instance);
    if (found == ground_.world.vaults.end())
        return refuse_with(call, {404, "VaultNotFound", "",
                                  "There is no vault '" + call.destination.instance +
                                      "' in this local Azure; Azure itself would not resolve its name."});
    auto& vault = found->second;
    if (auto refusal = turn_away(call, vault)) return std::move(*refusal);
    Visit visit{call, vault, {"https://" + call.request.host}, {}, {}, ground_.clock.now()};
    if (call.segments.size() > 1) visit.name = call.segments[1];
    if (call.segments.size() > 2) visit.version = call.segments[2];
    auto const body = carry_out(visit);
    if (!body) return refuse_with(call, body.error());
    auto response = body->is_null() ? listen::Response{.status = 204} : make_json_response(200, *body);
    dress(call, response);
    return response;
}

std::optional<listen::Response> KeyVault::turn_away(Call& call, Vault& vault) {
    if (auto const fault = find_token_fault(call, vault)) return challenge(call, vault, *fault);
    auto const version = call.query.find("api-version");
    if (!version)
        return refuse_with(call, {400, "BadParameter", "", "The api-version query parameter must be specified."});
    if (std::ranges::find(api_versions, *version) == api_versions.end())
        return refuse_with(
            call, {400, "BadParameter", "", "The api-version '" + std::string(*version) + "' is not supported."});
    if (ground_.world.throttling &&
        !vault.throttle.admit(call.operation == "secret.set", ground_.clock.real().steady_now()))
        return refuse_with(call, {429, "Throttled", "",
                                  "Request was not processed because too many requests were received. Reason: "
                                  "VaultRequestTypeLimitReached"});
    auto const* app = ground_.world.find_app(call.client_id);
    if (app != nullptr && is_denied(*app, call.operation, call.resource)) {
        auto const place = format_resource_id(vault.place, vault_type);
        return refuse_with(
            call,
            {403, "Forbidden", "ForbiddenByRbac",
             "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or "
             "role definitions were changed recently, please observe propagation time.\r\nCaller: appid=" +
                 app->client_id + ";oid=" + app->object_id + ";iss=https://sts.windows.net/" + app->tenant +
                 "/\r\nAction: '" + std::string(right_for(call.operation)) + "'\r\nResource: '" +
                 to_ascii_lower(place) +
                 "'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\nVault: " +
                 vault.place.name + ";location=" + vault.place.location + "\r\n"});
    }
    return std::nullopt;
}

std::optional<std::string> KeyVault::find_token_fault(Call& call, Vault const& vault) const {
    auto const bearer = find_bearer(call.request);
    if (bearer.empty()) return "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token.";
    auto const token = ground_.tokens.verify(bearer, ground_.clock.unhurried_now());
    if (!token) {
        if (token.error() == TokenSigner::Fault::expired)
            return "Error validating token: IDX10223: the token has expired.";
        return "Error validating token: IDX10511: the token or its signature is not valid.";
    }
    call.client_id = token->client_id;
    auto const expected = without_port(call.destination.cloud.vault_suffix);
    if (host_of_url(token->audience) != expected && token->audience != key_vault_app_id)
        return "AKV10022: Invalid audience. Expected https://" + std::string(expected) + ", found: " + token->audience +
               ".";
    if (!equals_ignore_case(token->tenant, vault.tenant))
        return "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/" + vault.tenant +
               "/, found https://sts.windows.net/" + token->tenant + "/.";
    return std::nullopt;
}

Answered<json::value> KeyVault::carry_out(Visit& visit) {
    auto const& operation = visit.call.operation;
    auto& secrets = visit.vault.secrets;
    int const days = secrets.recoverable_days;
    if (operation == "secret.set") return set(visit);
    if (operation == "secret.update") return update(visit);
    if (operation == "secret.list") return list(visit);
    if (operation == "secret.versions") return list_versions(visit);
    if (operation == "secret.listDeleted") return list_deleted(visit);
    if (operation == "secret.get") {
        auto const version = secrets.get(visit.name, visit.version, visit.now);
        if (!version) return std::unexpected(version.error());
        return to_bundle(*secrets.find(visit.name), **version, visit.url, days, WithValue::yes);
    }
    if (operation == "secret.getDeleted") {
        auto const deleted = secrets.get_deleted(visit.name, visit.now);
        if (!deleted) return std::unexpected(deleted.error());
        return to_deleted(**deleted, visit.url, days, true);
    }
    if (operation == "secret.delete") {
        auto const deleted = secrets.remove(visit.name, visit.now);
        if (!deleted) return std::unexpected(deleted.error());
        visit.call.effect = true;
        return to_deleted(**deleted, visit.url, days, true);
    }
    if (operation == "secret.recover") {
        auto const secret = secrets.recover(visit.name, visit.now);
        if (!secret) return std::unexpected(secret.error());
        visit.call.effect = true;
        return to_bundle(**secret, (*secret)->current(), visit.url, days, WithValue::no);
    }
    if (operation == "secret.purge") {
        auto const purged = secrets.purge(visit.name, visit.now);
        if (!purged) return std::unexpected(purged.error());
        visit.call.effect = true;
        return json::value();
    }
    return std::unexpected(Refusal{.status = 404,
                                   .code = "NotFound",
                                   .inner_code = {},
                                   .message = "This local Azure does not know " + visit.call.request.method + " " +
                                              std::string(visit.call.request.path())});
}

Answered<json::value> KeyVault::set(Visit& visit) {
    auto change = parse_secret_change(visit.call.request.body.expose());
    if (!change) return std::unexpected(change.error());
    auto const secret =
        visit.vault.secrets.set(visit.name, std::move(*change), visit.call.request.host, visit.now, ground_.random);
    if (!secret) return std::unexpected(secret.error());
    visit.call.effect = true;
    observer_.secret_set(visit.vault, **secret);
    return to_bundle(**secret, (*secret)->current(), visit.url, visit.vault.secrets.recoverable_days, WithValue::yes);
}

Answered<json::value> KeyVault::update(Visit& visit) {
    auto change = parse_secret_change(visit.call.request.body.expose());
    if (!change) return std::unexpected(change.error());
    auto& secrets = visit.vault.secrets;
    auto const version = secrets.update(visit.name, visit.version, *change, visit.now);
    if (!version) return std::unexpected(version.error());
    visit.call.effect = true;
    auto const& secret = *secrets.find(visit.name);
    observer_.secret_updated(visit.vault, secret, **version);
    return to_bundle(secret, **version, visit.url, secrets.recoverable_days, WithValue::no);
}

namespace {

struct PageRequest {
    std::size_t size = page_size_max;
    std::string after;
};

Answered<PageRequest> parse_page_request(Query const& query) {
    PageRequest page;
    if (auto const text = query.find("maxresults")) {
        auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), page.size);
        if (error != std::errc{} || end != text->data() + text->size() || page.size < 1 || page.size > page_size_max)
            return bad_parameter("Property maxresults has invalid value");
    }
    if (auto const text = query.find("$skiptoken")) {
        auto const marker = parse_skip_token(*text);
        if (!marker) return bad_parameter("Property $skiptoken has invalid value");
        page.after = *marker;
    }
    return page;
}

// A fault may ask for an empty page that is followed by the rest: Key Vault may send one at any time.
json::value to_listing(Call const& call, PageRequest const& asked, std::string const& path, json::array items,
                       std::string const& next) {
    std::string const marker = call.empty_page ? asked.after : next;
    json::object out;
    out["value"] = call.empty_page ? json::array() : std::move(items);
    if (call.empty_page || !next.empty()) {
        out["nextLink"] = "https://" + with_port(call.request.host) + path +
                          "?api-version=" + call.query.get("api-version") + "&$skiptoken=" + format_skip_token(marker) +
                          "&maxresults=" + std::to_string(asked.size);
    } else {
        out["nextLink"] = nullptr;
    }
    return out;
}

}  // namespace

Answered<json::value> KeyVault::list(Visit& visit) {
    auto const asked = parse_page_request(visit.call.query);
    if (!asked) return std::unexpected(asked.error());
    auto const page = visit.vault.secrets.list(asked->after, asked->size, visit.now);
    json::array items;
    for (auto const* secret : page.items)
        items.push_back(to_item(*secret, secret->current(), visit.url, visit.vault.secrets.recoverable_days, false));
    return to_listing(visit.call, *asked, "/secrets", std::move(items), page.next);
}

Answered<json::value> KeyVault::list_versions(Visit& visit) {
    auto const asked = parse_page_request(visit.call.query);
    if (!asked) return std::unexpected(asked.error());
    auto& secrets = visit.vault.secrets;
    auto const page = secrets.versions(visit.name, asked->after, asked->size, visit.now);
    json::array items;
    for (auto const* version : page.items)
        items.push_back(to_item(*secrets.find(visit.name), *version, visit.url, secrets.recoverable_days, true));
    return to_listing(visit.call, *asked, "/secrets/" + secrets.spelled(visit.name) + "/versions", std::move(items),
                      page.next);
}

Answered<json::value> KeyVault::list_deleted(Visit& visit) {
    auto const asked = parse_page_request(visit.call.query);
    if (!asked) return std::unexpected(asked.error());
    auto const page = visit.vault.secrets.list_deleted(asked->after, asked->size, visit.now);
    json::array items;
    for (auto const* secret : page.items)
        items.push_back(to_deleted(*secret, visit.url, visit.vault.secrets.recoverable_days, false));
    return to_listing(visit.call, *asked, "/deletedsecrets", std::move(items), page.next);
}

listen::Response KeyVault::challenge(Call const& call, Vault const& vault, std::string const& message) {
    auto response = refuse_with(call, {401, "Unauthorized", "", message});
    response.headers.add("WWW-Authenticate", "Bearer authorization=\"https://" + call.destination.cloud.login + "/" +
                                                 vault.tenant + "\", resource=\"https://" +
                                                 std::string(without_port(call.destination.cloud.vault_suffix)) + "\"");
    return response;
}

listen::Response KeyVault::refuse(Call const& call, unsigned status, std::string const& code,
                                  std::string const& message) {
    return refuse_with(call, {status, code.empty() ? "InternalServerError" : code, "",
                              message.empty() ? "A fault that a test asked for." : message});
}

listen::Response KeyVault::refuse_with(Call const& call, Refusal const& refusal) {
    json::object error{{"code", refusal.code}, {"message", refusal.message}};
    if (!refusal.inner_code.empty()) error["innererror"] = json::object{{"code", refusal.inner_code}};
    auto response = make_json_response(refusal.status, json::object{{"error", std::move(error)}});
    dress(call, response);
    return response;
}

void KeyVault::dress(Call const& call, listen::Response& response) {
    response.headers.add("Cache-Control", "no-cache");
    response.headers.add("Pragma", "no-cache");
    response.headers.add("Expires", "-1");
    response.headers.add("Strict-Transport-Security", "max-age=31536000;includeSubDomains");
    response.headers.add("X-Content-Type-Options", "nosniff");
    if (auto const id = call.request.headers.find("x-ms-client-request-id"))
        response.headers.add("x-ms-client-request-id", std::string(*id));
    response.headers.add("x-ms-keyvault-network-info", "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;");
    if (!call.client_id.empty())
        response.headers.add("x-ms-keyvault-rbac-assignment-id", format_hex(sha256(call.client_id)).substr(0, 32));
    response.headers.add("x-ms-keyvault-region", "westeurope");
    response.headers.add("x-ms-keyvault-service-version", "1.9.3449.1");
    response.headers.add("x-ms-request-id", ground_.random.uuid());
}

}  // namespace kssedr::emulator
