#include "azure/metered.h"

#include "azure/url.h"
#include "base/ascii.h"

namespace kssedr::azure {
namespace {

using http::Method;
using ports::Operation;
using ports::Service;

// `authority` of a cloud's address such as `https://management.azure.com`.
bool is_at(std::string_view host, std::string_view address) {
    auto const authority = find_https_authority(address);
    return authority && host == *authority;
}

Service service_of(std::string_view url, rotation::Cloud const& cloud) {
    auto const host = find_https_authority(url);
    // Nothing but the endpoints of managed identities is asked without TLS.
    if (!host) return starts_with_ignore_case(url, "http://") ? Service::managed_identity : Service::other;
    if (is_at(*host, cloud.authority)) return Service::entra;
    if (is_at(*host, cloud.resource_manager)) return Service::resource_manager;
    if (is_at(*host, cloud.graph)) return Service::graph;
    if (is_host_under(*host, cloud.vault_suffix)) return Service::key_vault;
    if (is_host_under(*host, cloud.storage_suffix)) return Service::storage;
    if (host->contains(".eventgrid.")) return Service::event_grid;
    if (host->contains(".servicebus.")) return Service::event_hubs;
    return Service::other;
}

Operation by_method(Method method) {
    switch (method) {
    case Method::get:
    case Method::head: return Operation::read;
    case Method::put:
    case Method::patch: return Operation::write;
    case Method::del: return Operation::remove;
    case Method::post: break;
    }
    return Operation::other;
}

struct Target {
    std::string_view path;
    std::string_view query;
    std::string_view last;  // segment of the path
};

Target target_of(std::string_view url) {
    if (auto const scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find('#'));
    auto const question = url.find('?');
    Target target{url.substr(0, question), question == std::string_view::npos ? "" : url.substr(question + 1), {}};
    auto const slash = target.path.find('/');
    target.path = slash == std::string_view::npos ? "" : target.path.substr(slash);
    target.last = target.path.substr(target.path.rfind('/') + 1);
    return target;
}

Operation operation_of(Service service, Method method, Target const& target) {
    switch (service) {
    case Service::entra:
    case Service::managed_identity:
        return equals_ignore_case(target.last, "token") ? Operation::token : by_method(method);
    case Service::key_vault:
        if (method == Method::get && (target.last == "secrets" || target.last == "versions")) return Operation::list;
        return by_method(method);
    case Service::resource_manager:
        if (method == Method::post && starts_with_ignore_case(target.last, "list")) return Operation::list_keys;
        if (method == Method::post && target.path.contains("egenerate")) return Operation::regenerate;
        return by_method(method);
    case Service::storage:
        if (target.query.contains("comp=lease")) return Operation::lease;
        if (target.query.contains("comp=list")) return Operation::list;
        if (method == Method::get && target.last == "messages") return Operation::receive;
        return by_method(method);
    case Service::event_grid:
        if (target.last.ends_with(":receive")) return Operation::receive;
        return target.last.contains(':') ? Operation::settle : by_method(method);
    case Service::graph:
        if (method == Method::post) return Operation::write;
        return by_method(method);
    case Service::event_hubs:
    case Service::other: break;
    }
    return by_method(method);
}

}  // namespace

CallKind classify_call(Method method, std::string_view url, rotation::Cloud const& cloud) {
    auto const service = service_of(url, cloud);
    return {service, operation_of(service, method, target_of(url))};
}

Service classify_audience(std::string_view audience, rotation::Cloud const& cloud) {
    if (audience == cloud.vault_audience()) return Service::key_vault;
    if (audience == cloud.resource_manager_audience) return Service::resource_manager;
    if (audience == cloud.graph_audience()) return Service::graph;
    if (audience.contains("eventgrid.")) return Service::event_grid;
    if (audience.contains("eventhubs.") || audience.contains("servicebus.")) return Service::event_hubs;
    if (audience.contains("storage.azure.")) return Service::storage;
    return Service::other;
}

Async<http::Response> MeteredTransport::send(http::Request request, SteadyPoint deadline) {
    auto const kind = classify_call(request.method, request.url, cloud_);
    auto const began = clock_.steady_now();
    auto answer = co_await transport_.send(std::move(request), deadline);
    metrics_.call_ended({kind.service, kind.operation, answer ? answer->status : 0, clock_.steady_now() - began});
    co_return answer;
}

Async<IssuedToken> MeteredIssuer::fetch_token(std::string audience, SteadyPoint deadline) {
    auto const service = classify_audience(audience, cloud_);
    auto issued = co_await issuer_.fetch_token(std::move(audience), deadline);
    if (issued) metrics_.token_issued(service, issued->lifetime);
    co_return issued;
}

}  // namespace kssedr::azure
