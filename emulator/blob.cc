#include "emulator/blob.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/secret_string.h"
#include "emulator/shared_key.h"
#include "emulator/storage_keys.h"

#include <algorithm>

namespace kssedr::emulator {
namespace {

constexpr std::string_view xml_head = "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>";

std::string escape_xml(std::string_view text) {
    std::string out;
    for (char const c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
            out += ' ';
        else
            out += c;
    }
    return out;
}

// The blob's name is what follows the container, slashes included.
std::string blob_name(std::vector<std::string> const& segments) {
    std::string name;
    for (std::size_t i = 1; i < segments.size(); ++i) name += (i == 1 ? "" : "/") + segments[i];
    return name;
}

bool is_container_name(std::string_view name) {
    bool const right_size = name.size() >= 3 && name.size() <= 63;
    return (right_size || name == "$root" || name == "$logs") && !name.ends_with('-') && !name.starts_with('-') &&
           std::ranges::all_of(
               name, [](char c) { return (c >= 'a' && c <= 'z') || is_ascii_digit(c) || c == '-' || c == '$'; });
}

}  // namespace

void BlobService::name(Call& call) const {
    auto const& method = call.request.method;
    auto const restype = call.query.get("restype");
    auto const comp = call.query.get("comp");
    call.resource = call.destination.instance;
    for (auto const& segment : call.segments) call.resource += "/" + segment;
    call.operation = "other";
    bool const reads = method == "GET" || method == "HEAD";
    if (call.segments.empty()) {
        if (method == "GET" && comp == "list") call.operation = "container.list";
        if (reads && comp == "properties") call.operation = restype == "account" ? "account.info" : "service.get";
    } else if (call.segments.size() == 1 && restype == "container") {
        if (method == "GET" && comp == "list") call.operation = "blob.list";
        if (reads && comp.empty()) call.operation = "container.get";
        if (method == "PUT" && comp.empty()) call.operation = "container.create";
        if (method == "DELETE" && comp.empty()) call.operation = "container.delete";
    } else if (call.segments.size() >= 2 && comp.empty()) {
        if (method == "GET") call.operation = "blob.get";
        if (method == "HEAD") call.operation = "blob.head";
        if (method == "PUT") call.operation = "blob.put";
        if (method == "DELETE") call.operation = "blob.delete";
    }
}

listen::Response BlobService::answer(Call& call) {
    auto const found = ground_.world.accounts.find(call.destination.instance);
    if (found == ground_.world.accounts.end())
        return refuse_with(call, 404, "ResourceNotFound",
                           "There is no storage account '" + call.destination.instance + "' in this local Azure.");
    if (auto refusal = turn_away(call, found->second)) return std::move(*refusal);
    return carry_out(call, found->second);
}

std::optional<listen::Response> BlobService::turn_away(Call& call, StorageAccount const& account) {
    auto const header = call.request.headers.find("Authorization");
    if (!header)
        return refuse_with(call, 401, "NoAuthenticationInformation",
                           "Server failed to authenticate the request. Please refer to the information in the "
                           "www-authenticate header.");
    auto refusal = find_bearer(call.request).empty() ? check_signature(call, account) : check_token(call);
    if (refusal) return refusal;
    auto const* app = ground_.world.find_app(call.client_id);
    if (app != nullptr && is_denied(*app, call.operation, call.resource))
        return refuse_with(call, 403, "AuthorizationPermissionMismatch",
                           "This request is not authorized to perform this operation using this permission.");
    return std::nullopt;
}

std::optional<listen::Response> BlobService::check_signature(Call const& call, StorageAccount const& account) {
    auto const failed = [&](std::string const& detail) {
        return refuse_with(call, 403, "AuthenticationFailed",
                           "Server failed to authenticate the request. Make sure the value of Authorization header is "
                           "formed correctly including the signature.",
                           detail);
    };
    auto const given = parse_shared_key_header(call.request.headers.find("Authorization").value_or(""));
    if (!given) return failed("The Authorization header is not of a form that this local Azure knows.");
    if (!account.shared_key_allowed)
        return refuse_with(call, 403, "KeyBasedAuthenticationNotPermitted",
                           "Key based authentication is not permitted on this storage account.");
    auto const text = make_string_to_sign(call.request, account.place.name);
    auto const signature = SecretString::copy_of(given->signature);
    bool const mine = equals_ignore_case(given->account, account.place.name);
    for (auto const key : accepted_keys(account, ground_.clock.now())) {
        auto const right = sign_with_account_key(key, text);
        if (mine && right && signature.equals(*right)) return std::nullopt;
    }
    return failed("The MAC signature found in the HTTP request '" + given->signature +
                  "' is not the same as any computed signature. Server used following string to sign: '" + text + "'.");
}

std::optional<listen::Response> BlobService::check_token(Call& call) {
    auto const token = ground_.tokens.verify(find_bearer(call.request), ground_.clock.unhurried_now());
    auto const challenge = [&](std::string const& detail) {
        auto response = refuse_with(call, 401, "InvalidAuthenticationInfo",
                                    "Server failed to authenticate the request. Please refer to the information in the "
                                    "www-authenticate header.",
                                    detail);
        response.headers.add("WWW-Authenticate", "Bearer authorization_uri=https://" + call.destination.cloud.login +
                                                     "/common/oauth2/authorize resource_id=https://storage.azure.com");
        return response;
    };
    if (!token) return challenge("The token is invalid or has expired.");
    call.client_id = token->client_id;
    auto const audience = host_of_url(token->audience);
    bool const right = audience == "storage.azure.com" || audience == without_port(call.request.host) ||
                       audience == without_port(call.destination.cloud.storage_suffix);
    if (!right) return challenge("Audience validation failed. The audience is invalid.");
    return std::nullopt;
}

listen::Response BlobService::carry_out(Call& call, StorageAccount& account) {
    if (call.operation == "container.list") return list_containers(call, account);
    if (call.operation == "account.info") {
        auto response = plain(call, 200);
        response.headers.add("x-ms-sku-name", "Standard_LRS");
        response.headers.add("x-ms-account-kind", "StorageV2");
        return response;
    }
    if (call.operation == "service.get")
        return xml(call,
                   "<StorageServiceProperties><Logging><Version>1.0</Version><Read>false</Read><Write>false</Write>"
                   "<Delete>false</Delete><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging>"
                   "</StorageServiceProperties>");
    if (call.operation == "other")
        return refuse_with(call, 400, "InvalidQueryParameterValue", "This local Azure does not know this operation.");
    return answer_container(call, account);
}

listen::Response BlobService::answer_container(Call& call, StorageAccount& account) {
    auto& containers = account.blobs.containers;
    auto const& name = call.segments[0];
    auto const found = containers.find(name);
    if (call.operation == "container.create") {
        if (!is_container_name(name))
            return refuse_with(call, 400, "InvalidResourceName",
                               "The specified resource name contains invalid characters.");
        if (found != containers.end())
            return refuse_with(call, 409, "ContainerAlreadyExists", "The specified container already exists.");
        containers[name] = {make_etag(), ground_.clock.now(), {}};
        call.effect = true;
        auto response = plain(call, 201);
        response.headers.add("ETag", containers[name].etag);
        response.headers.add("Last-Modified", format_http_date(containers[name].modified));
        return response;
    }
    if (found == containers.end())
        return refuse_with(call, 404, "ContainerNotFound", "The specified container does not exist.");
    if (call.operation == "blob.list") return list_blobs(call, found->second, name);
    if (call.operation == "container.delete") {
        containers.erase(found);
        call.effect = true;
        return plain(call, 202);
    }
    if (call.operation == "container.get") {
        auto response = plain(call, 200);
        response.headers.add("ETag", found->second.etag);
        response.headers.add("Last-Modified", format_http_date(found->second.modified));
        response.headers.add("x-ms-lease-status", "unlocked");
        response.headers.add("x-ms-lease-state", "available");
        return response;
    }
    return answer_blob(call, found->second);
}

listen::Response BlobService::answer_blob(Call& call, Container& container) {
    auto const name = blob_name(call.segments);
    if (call.operation == "blob.put") return put_blob(call, container, name);
    auto const found = container.blobs.find(name);
    if (found == container.blobs.end())
        return refuse_with(call, 404, "BlobNotFound", "The specified blob does not exist.");
    if (call.operation == "blob.delete") {
        container.blobs.erase(found);
        call.effect = true;
        return plain(call, 202);
    }
    auto const& blob = found->second;
    auto response = plain(call, 200);
    response.headers.add("Content-Type", blob.content_type);
    response.headers.add("ETag", blob.etag);
    response.headers.add("Last-Modified", format_http_date(blob.modified));
    response.headers.add("x-ms-creation-time", format_http_date(blob.created));
    response.headers.add("x-ms-blob-type", "BlockBlob");
    response.headers.add("x-ms-lease-status", "unlocked");
    response.headers.add("x-ms-lease-state", "available");
    response.headers.add("Accept-Ranges", "bytes");
    for (auto const& [key, value] : blob.metadata) response.headers.add("x-ms-meta-" + key, value);
    response.body = blob.content;
    return response;
}

listen::Response BlobService::put_blob(Call& call, Container& container, std::string const& name) {
    auto const type = call.request.headers.find("x-ms-blob-type").value_or("");
    if (type != "BlockBlob")
        return refuse_with(call, 400, "InvalidHeaderValue",
                           "The value for one of the HTTP headers is not in the correct format: x-ms-blob-type.");
    auto const found = container.blobs.find(name);
    bool const exists = found != container.blobs.end();
    auto const if_none_match = call.request.headers.find("If-None-Match").value_or("");
    auto const if_match = call.request.headers.find("If-Match").value_or("");
    if (if_none_match == "*" && exists)
        return refuse_with(call, 409, "BlobAlreadyExists", "The specified blob already exists.");
    if (!if_match.empty() && if_match != "*" && (!exists || found->second.etag != if_match))
        return refuse_with(call, 412, "ConditionNotMet",
                           "The condition specified using HTTP conditional header(s) is not met.");
    Blob blob;
    blob.content = std::string(call.request.body.expose());
    auto const content_type = call.request.headers.find("x-ms-blob-content-type");
    blob.content_type = std::string(
        content_type.value_or(call.request.headers.find("Content-Type").value_or("application/octet-stream")));
    blob.etag = make_etag();
    blob.modified = ground_.clock.now();
    blob.created = exists ? found->second.created : blob.modified;
    for (auto const& [header, value] : call.request.headers.all()) {
        auto const lower = to_ascii_lower(header);
        if (lower.starts_with("x-ms-meta-")) blob.metadata[lower.substr(10)] = value;
    }
    auto response = plain(call, 201);
    response.headers.add("ETag", blob.etag);
    response.headers.add("Last-Modified", format_http_date(blob.modified));
    response.headers.add("x-ms-request-server-encrypted", "true");
    container.blobs[name] = std::move(blob);
    call.effect = true;
    return response;
}

listen::Response BlobService::list_containers(Call const& call, StorageAccount const& account) {
    std::string body =
        "<EnumerationResults ServiceEndpoint=\"https://" + escape_xml(call.request.host) + "/\"><Containers>";
    auto const prefix = call.query.get("prefix");
    for (auto const& [name, container] : account.blobs.containers) {
        if (!name.starts_with(prefix)) continue;
        body += "<Container><Name>" + escape_xml(name) + "</Name><Properties><Last-Modified>" +
                format_http_date(container.modified) + "</Last-Modified><Etag>" + escape_xml(container.etag) +
                "</Etag><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState></Properties></Container>";
    }
    return xml(call, body + "</Containers><NextMarker /></EnumerationResults>");
}

listen::Response BlobService::list_blobs(Call const& call, Container const& container, std::string const& name) {
    std::string body = "<EnumerationResults ServiceEndpoint=\"https://" + escape_xml(call.request.host) +
                       "/\" ContainerName=\"" + escape_xml(name) + "\"><Blobs>";
    auto const prefix = call.query.get("prefix");
    for (auto const& [blob_name, blob] : container.blobs) {
        if (!blob_name.starts_with(prefix)) continue;
        body += "<Blob><Name>" + escape_xml(blob_name) + "</Name><Properties><Last-Modified>" +
                format_http_date(blob.modified) + "</Last-Modified><Etag>" + escape_xml(blob.etag) +
                "</Etag><Content-Length>" + std::to_string(blob.content.size()) + "</Content-Length><Content-Type>" +
                escape_xml(blob.content_type) +
                "</Content-Type><BlobType>BlockBlob</BlobType><LeaseStatus>unlocked</LeaseStatus>"
                "<LeaseState>available</LeaseState></Properties></Blob>";
    }
    return xml(call, body + "</Blobs><NextMarker /></EnumerationResults>");
}

listen::Response BlobService::refuse(Call const& call, unsigned status, std::string const& code,
                                     std::string const& message) {
    return refuse_with(call, status, code.empty() ? "InternalError" : code,
                       message.empty() ? "A fault that a test asked for." : message);
}

listen::Response BlobService::refuse_with(Call const& call, unsigned status, std::string const& code,
                                          std::string const& message, std::string const& detail) {
    auto response = plain(call, status);
    auto const id = std::string(response.headers.find("x-ms-request-id").value_or(""));
    response.headers.add("Content-Type", "application/xml");
    response.headers.add("x-ms-error-code", code);
    response.body = std::string(xml_head) + "<Error><Code>" + escape_xml(code) + "</Code><Message>" +
                    escape_xml(message) + "\nRequestId:" + id + "\nTime:" + format_ticks(ground_.clock.now(), 0) +
                    "</Message>";
    if (!detail.empty())
        response.body += "<AuthenticationErrorDetail>" + escape_xml(detail) + "</AuthenticationErrorDetail>";
    response.body += "</Error>";
    return response;
}

listen::Response BlobService::xml(Call const& call, std::string body) {
    auto response = plain(call, 200);
    response.headers.add("Content-Type", "application/xml");
    response.body = std::string(xml_head) + body;
    return response;
}

listen::Response BlobService::plain(Call const& call, unsigned status) {
    listen::Response response{.status = status};
    response.headers.add("Server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0");
    response.headers.add("x-ms-request-id", ground_.random.uuid());
    response.headers.add("x-ms-version", std::string(call.request.headers.find("x-ms-version").value_or("2025-05-05")));
    if (auto const id = call.request.headers.find("x-ms-client-request-id"))
        response.headers.add("x-ms-client-request-id", std::string(*id));
    return response;
}

std::string BlobService::make_etag() {
    auto const id = ground_.random.uuid();
    return "\"0x8D" + id.substr(0, 8) + id.substr(9, 4) + "\"";
}

}  // namespace kssedr::emulator
