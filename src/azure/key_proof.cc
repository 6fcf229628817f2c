#include "azure/key_proof.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"

#include <optional>

namespace kssedr::azure {
namespace {

using rotation::KeyProof;

constexpr auto token_lives = std::chrono::minutes{1};

struct UrlParts {
    std::string_view authority;
    std::string_view path;
    std::string_view path_and_query;
};

UrlParts split_url(std::string_view url) {
    url.remove_prefix(std::min(url.size(), std::string_view("https://").size()));
    auto const slash = std::min(url.find('/'), url.size());
    auto const target = url.substr(slash);
    return {url.substr(0, slash), target.substr(0, target.find('?')), target};
}

std::optional<std::string> sign(std::string_view base64_key, std::string_view text) {
    auto decoded = SecretString::copy_of(base64_key);
    auto const bytes = parse_base64_in_place(decoded.expose_mutable());
    if (!bytes || bytes->empty()) return std::nullopt;
    return format_base64(hmac_sha256(*bytes, text));
}

std::unexpected<Error> not_base64() {
    return fail(Errc::invalid_argument, "the key is not base64");
}

Result<void> add_hmac(http::Request& request, std::string_view id, std::string_view secret, TimePoint now) {
    auto const parts = split_url(request.url);
    auto const date = format_http_date(now);
    auto const digest = format_base64(sha256({}));
    auto const text = std::string(to_string(request.method)) + '\n' + std::string(parts.path_and_query) + '\n' + date +
                      ';' + std::string(parts.authority) + ';' + digest;
    auto const signature = sign(secret, text);
    if (!signature) return not_base64();
    request.headers.emplace_back("x-ms-date", date);
    request.headers.emplace_back("x-ms-content-sha256", digest);
    request.authorization = SecretString::copy_of("HMAC-SHA256 ");
    if (!id.empty()) request.authorization.append("Credential=" + std::string(id) + "&");
    request.authorization.append("SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=" + *signature);
    return {};
}

// `Endpoint=https://…;Id=…;Secret=…`; empty where the member is not there.
std::string_view find_member(std::string_view connection, std::string_view name) {
    for (auto const part : split(connection, ';'))
        if (part.size() > name.size() && part[name.size()] == '=' &&
            equals_ignore_case(part.substr(0, name.size()), name))
            return part.substr(name.size() + 1);
    return {};
}

Result<void> add_hmac_with_id(http::Request& request, SecretString const& key, TimePoint now) {
    auto const id = find_member(key.expose(), "Id");
    auto const secret = find_member(key.expose(), "Secret");
    if (id.empty() || secret.empty()) return fail(Errc::invalid_argument, "the key has no Id or no Secret");
    return add_hmac(request, id, secret, now);
}

// What is listed is the feed that the path names, at the account's root: there is no id of a resource to sign.
Result<void> add_cosmos(http::Request& request, SecretString const& key, TimePoint now) {
    auto const feed = split_url(request.url).path.substr(1);
    auto const date = format_http_date(now);
    auto const text = to_ascii_lower(to_string(request.method)) + '\n' + to_ascii_lower(feed) + "\n\n" +
                      to_ascii_lower(date) + "\n\n";
    auto const signature = sign(key.expose(), text);
    if (!signature) return not_base64();
    request.headers.emplace_back("x-ms-date", date);
    request.headers.emplace_back("x-ms-version", "2018-12-31");
    request.authorization = SecretString::copy_of(format_percent("type=master&ver=1.0&sig=" + *signature));
    return {};
}

// The services take the key's own characters for the secret, base64 or not.
void add_bearer(http::Request& request, SecretString const& key, TimePoint now) {
    auto const seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
    auto const expires = std::to_string((seconds + token_lives).count());
    auto const token = format_base64url(R"({"alg":"HS256","typ":"JWT"})") + '.' +
                       format_base64url(R"({"aud":")" + request.url + R"(","iat":)" + std::to_string(seconds.count()) +
                                        R"(,"exp":)" + expires + '}');
    request.authorization = SecretString::copy_of("Bearer " + token + '.');
    request.authorization.append(format_base64url(hmac_sha256(key.expose(), token)));
}

void add_basic(http::Request& request, std::string_view user, SecretString const& key) {
    auto pair = SecretString::copy_of(user);
    pair.append(":");
    pair.append(key.expose());
    request.authorization = SecretString::copy_of("Basic ");
    auto encoded = SecretString::absorb(format_base64(pair.expose()));
    request.authorization.append(encoded.expose());
}

}  // namespace

Result<void> prove_key(http::Request& request, rotation::EntryTrial const& trial, std::string_view user,
                       SecretString const& key, TimePoint now) {
    switch (trial.proof) {
    case KeyProof::header: request.secret_headers.emplace_back(trial.header, key.clone()); return {};
    case KeyProof::basic: add_basic(request, user, key); return {};
    case KeyProof::bearer: add_bearer(request, key, now); return {};
    case KeyProof::hmac: return add_hmac(request, {}, key.expose(), now);
    case KeyProof::hmac_with_id: return add_hmac_with_id(request, key, now);
    case KeyProof::cosmos: return add_cosmos(request, key, now);
    }
    return fail(Errc::internal, "there is no such proof of a key");
}

}  // namespace kssedr::azure
