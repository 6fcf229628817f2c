#include "emulator/key_proofs.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "emulator/fill.h"
#include "emulator/json.h"
#include "emulator/query.h"
#include "emulator/service.h"

namespace kssedr::emulator {
namespace {

// What follows a scheme's word in the Authorization header; nothing where another scheme or none is there.
std::optional<std::string_view> find_after(listen::Request const& request, std::string_view scheme) {
    auto const header = request.headers.find("Authorization").value_or("");
    if (header.size() <= scheme.size() || !equals_ignore_case(header.substr(0, scheme.size()), scheme))
        return std::nullopt;
    return header.substr(scheme.size());
}

std::string sign(std::string_view base64_key, std::string_view text) {
    auto const bytes = parse_base64(base64_key);
    return bytes ? format_base64(hmac_sha256(*bytes, text)) : "";
}

std::string find_part(std::string_view list, std::string_view name) {
    for (auto const part : split(list, '&'))
        if (part.starts_with(name) && part.substr(name.size()).starts_with('='))
            return std::string(part.substr(name.size() + 1));
    return {};
}

}  // namespace

bool has_key_header(listen::Request const& request, std::string_view header, ResourceKey const& key) {
    return request.headers.find(header).value_or("") == key.value;
}

bool has_password(listen::Request const& request, std::string_view user, ResourceKey const& key) {
    auto const pair = parse_base64(find_after(request, "Basic ").value_or(""));
    return pair && *pair == std::string(user) + ":" + key.value;
}

bool has_key_token(listen::Request const& request, ResourceKey const& key) {
    auto const parts = split(find_bearer(request), '.');
    if (parts.size() != 3) return false;
    auto const head = parse_json(parse_base64url(parts[0]).value_or(""));
    auto const claims = parse_json(parse_base64url(parts[1]).value_or(""));
    bool const is_hs256 = head && holds(*head, json::object{{"alg", "HS256"}});
    if (!is_hs256 || !claims || !claims->is_object() || !claims->get_object().contains("exp")) return false;
    auto const url = "https://" + request.host;
    bool const is_for_this = holds(*claims, json::object{{"aud", url + request.target}}) ||
                             holds(*claims, json::object{{"aud", url + std::string(request.path())}});
    auto const text = std::string(parts[0]) + "." + std::string(parts[1]);
    return is_for_this && parts[2] == format_base64url(hmac_sha256(key.value, text));
}

bool has_key_signature(listen::Request const& request, ResourceKey const& key) {
    auto const given = find_after(request, "HMAC-SHA256 ").value_or("");
    if (!key.id.empty() && find_part(given, "Credential") != key.id) return false;
    if (request.headers.find("x-ms-content-sha256").value_or("") != format_base64(sha256(request.body.expose())))
        return false;
    std::string signed_values;
    for (auto const name : split(find_part(given, "SignedHeaders"), ';')) {
        auto const value = name == "host" ? request.host : std::string(request.headers.find(name).value_or(""));
        signed_values += (signed_values.empty() ? "" : ";") + value;
    }
    auto const right = sign(key.value, request.method + "\n" + request.target + "\n" + signed_values);
    return !right.empty() && find_part(given, "Signature") == right;
}

bool has_master_signature(listen::Request const& request, ResourceKey const& key) {
    auto const given = parse_percent(request.headers.find("Authorization").value_or(""));
    auto const date = request.headers.find("x-ms-date").value_or("");
    std::string const feed(request.path().substr(1));
    auto const text = to_ascii_lower(request.method) + "\n" + feed + "\n\n" + to_ascii_lower(date) + "\n\n";
    auto const right = sign(key.value, text);
    return !right.empty() && given == "type=master&ver=1.0&sig=" + right;
}

}  // namespace kssedr::emulator
