#include "azure/storage_client.h"

#include "azure/shared_key.h"
#include "azure/url.h"

namespace kssedr::azure {
namespace {

constexpr std::string_view service_version = "2021-08-06";
// The same in all of Azure's clouds.
constexpr std::string_view audience = "https://storage.azure.com";

}  // namespace

StorageClient::StorageClient(http::Transport& transport, TokenSource& tokens, Clock& clock, Random& random,
                             StorageAccess access)
    : transport_(transport), tokens_(tokens), clock_(clock), random_(random), access_(std::move(access)) {}

Async<http::Response> StorageClient::send(StorageCall call, SteadyPoint deadline) {
    bool const needs_token = access_.kind() == StorageAccess::Kind::identity;
    if (needs_token && !find_https_authority(access_.endpoint))
        co_return fail(Errc::invalid_argument, access_.endpoint + " is no https URL, so no token is sent there");
    Token token;
    for (int attempt = 0;; ++attempt) {
        if (needs_token) {
            KSSEDR_CO_TRY(token, co_await tokens_.bearer(std::string(audience), deadline));
        }
        KSSEDR_CO_TRY(auto request, make_request(call, token));
        auto answer = co_await transport_.send(std::move(request), deadline);
        if (!needs_token || attempt > 0 || !answer || answer->status != 401) co_return answer;
        tokens_.reject(std::string(audience), token);
    }
}

Result<http::Request> StorageClient::make_request(StorageCall const& call, Token const& token) {
    http::Request request{.method = call.method, .url = access_.endpoint + call.path};
    if (!call.query.empty()) request.url += '?' + call.query;
    request.headers = call.headers;
    request.headers.emplace_back("x-ms-client-request-id", random_.uuid());
    request.headers.emplace_back("x-ms-date", format_http_date(clock_.now()));
    request.headers.emplace_back("x-ms-version", service_version);
    request.body = SecretString::copy_of(call.body);
    request.repeatable = true;
    request.response_limit = call.response_limit;
    switch (access_.kind()) {
    case StorageAccess::Kind::account_key:
        if (auto const done = sign_with_shared_key(request, access_.account, access_.account_key); !done)
            return fail(done.error());
        break;
    case StorageAccess::Kind::shared_access_signature:
        request.secret_query = access_.shared_access_signature.clone();
        break;
    case StorageAccess::Kind::identity:
        request.authorization = SecretString::copy_of("Bearer ");
        request.authorization.append(token->expose());
        break;
    }
    return request;
}

}  // namespace kssedr::azure
