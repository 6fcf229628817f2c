#include "azure/authorized_client.h"

#include "azure/url.h"
#include "base/ascii.h"

#include <algorithm>

namespace kssedr::azure {
namespace {

// One `name="value"` or `name=value` of a challenge, and what follows it.
struct Parameter {
    std::string_view name;
    std::string_view value;
};

std::optional<Parameter> take_parameter(std::string_view& rest) {
    while (!rest.empty() && (is_ascii_blank(rest.front()) || rest.front() == ',')) rest.remove_prefix(1);
    auto const equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    Parameter parameter{trim(rest.substr(0, equals)), {}};
    rest.remove_prefix(equals + 1);
    bool const quoted = rest.starts_with('"');
    if (quoted) rest.remove_prefix(1);
    auto const end = std::min(rest.find(quoted ? '"' : ','), rest.size());
    parameter.value = quoted ? rest.substr(0, end) : trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return parameter;
}

std::string without_slashes(std::string_view text) {
    while (text.ends_with('/')) text.remove_suffix(1);
    return std::string(text);
}

std::string tenant_of(std::string_view authorization) {
    auto const scheme = authorization.find("://");
    if (scheme == std::string_view::npos) return {};
    auto path = authorization.substr(scheme + 3);
    auto const slash = path.find('/');
    if (slash == std::string_view::npos) return {};
    path.remove_prefix(slash + 1);
    return std::string(path.substr(0, path.find_first_of("/?#")));
}

}  // namespace

std::optional<Challenge> parse_challenge(std::string_view header) {
    constexpr std::string_view scheme = "bearer";
    header = trim(header);
    if (header.size() < scheme.size() || !equals_ignore_case(header.substr(0, scheme.size()), scheme))
        return std::nullopt;
    header.remove_prefix(scheme.size());
    if (!header.empty() && !is_ascii_blank(header.front())) return std::nullopt;
    Challenge challenge;
    while (auto const parameter = take_parameter(header)) {
        if (equals_ignore_case(parameter->name, "authorization") ||
            equals_ignore_case(parameter->name, "authorization_uri")) {
            challenge.tenant = tenant_of(parameter->value);
        } else if (equals_ignore_case(parameter->name, "resource")) {
            challenge.resource = without_slashes(parameter->value);
        } else if (equals_ignore_case(parameter->name, "scope") && challenge.resource.empty()) {
            std::string_view scope = parameter->value;
            if (scope.ends_with("/.default")) scope.remove_suffix(std::string_view("/.default").size());
            challenge.resource = without_slashes(scope);
        }
    }
    return challenge;
}

AuthorizedClient::AuthorizedClient(http::Transport& transport, TokenSource& tokens, Random& random)
    : transport_(transport), tokens_(tokens), random_(random) {}

Async<http::Response> AuthorizedClient::send(Service service, Call call, SteadyPoint deadline) {
    if (find_https_authority(call.url) != service.authority)
        co_return fail(Errc::invalid_argument, call.operation + ": the request leads to \"" +
                                                   escape_for_display(call.url) + "\", not to " + service.authority +
                                                   ", so no token is sent");
    auto token = co_await tokens_.bearer(service.audience, deadline);
    if (!token) co_return fail(std::move(token).error().during(call.operation));
    auto answer = co_await send_once(call, *token, deadline);
    if (!answer) co_return fail(to_error(std::move(answer).error(), call.operation, call.effect));

    std::string tenant;
    if (answer->status == 401) {
        auto const challenge = parse_challenge(answer->header("www-authenticate"));
        tokens_.reject(service.audience, *token);
        if (challenge) {
            // The challenge comes from whoever answered. Only a service above the one we called may be named, or
            // another's token could be lured out of us.
            auto const named = find_https_authority(challenge->resource);
            if (named && is_host_under(service.authority, *named)) service.audience = challenge->resource;
            tenant = challenge->tenant;
        }
        token = co_await tokens_.bearer(service.audience, deadline);
        if (!token) co_return fail(std::move(token).error().during(call.operation));
        answer = co_await send_once(call, *token, deadline);
        if (!answer) co_return fail(to_error(std::move(answer).error(), call.operation, call.effect));
    }
    if (answer->status >= 200 && answer->status < 300) co_return answer;
    std::string const of_tenant =
        answer->status == 401 && !tenant.empty()
            ? call.operation + " (it takes tokens of tenant " + escape_for_display(tenant, 64) + ')'
            : call.operation;
    co_return fail(to_error(*answer, of_tenant, call.effect, call.quote));
}

Async<http::Response> AuthorizedClient::send_once(Call& call, Token token, SteadyPoint deadline) {
    http::Request request{.method = call.method, .url = call.url};
    request.headers = {{"Accept", "application/json"}, {"x-ms-client-request-id", random_.uuid()}};
    if (!call.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.headers.insert(request.headers.end(), call.headers.begin(), call.headers.end());
    request.authorization.reserve(token->size() + 7);
    request.authorization.append("Bearer ");
    request.authorization.append(token->expose());
    request.body = call.body.clone();  // a second call may follow
    request.repeatable = call.effect == Effect::none;
    request.response_limit = call.response_limit;
    co_return co_await transport_.send(std::move(request), deadline);
}

}  // namespace kssedr::azure
