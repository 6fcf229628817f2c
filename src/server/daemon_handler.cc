#include "server/daemon_handler.h"

#include "server/answers.h"
#include "server/health.h"
#include "server/is_alive.h"
#include "server/openapi.h"

namespace kssedr::server {
namespace {

using namespace std::chrono_literals;

// To find out who asks: within Event Grid's thirty seconds, with time left to keep what he sent.
constexpr Duration gate_limit = 8s;
// A scrape is worth more without two numbers than late.
constexpr Duration count_limit = 2s;

listen::Response answer_absent() {
    return answer_error(404, "NotFound", "kssedr has nothing at this path", "/api/openapi/v3.json lists what it has");
}

listen::Response answer_unconfigured(Access access) {
    if (access == Access::push)
        return answer_error(404, "NotConfigured", "nobody may push events yet",
                            "set KSSEDR_PUSH_AUDIENCE or KSSEDR_PUSH_SECRET (docs/operations/push.md)");
    return answer_error(404, "NotConfigured", "nobody may use the API yet",
                        "set KSSEDR_API_TOKEN or KSSEDR_API_AUDIENCE (docs/api.md)");
}

// Errors of the gate name causes; the push's one counts as refused unless it may pass.
PushResult result_of(unsigned status) {
    return status == 503 ? PushResult::unavailable : PushResult::refused;
}

}  // namespace

DaemonHandler::DaemonHandler(asio::any_io_executor executor, DaemonParts parts, DaemonOptions options)
    : parts_(parts),
      options_(std::move(options)),
      push_gate_("push", std::move(options_.rules.push), parts.clock, parts.log),
      api_gate_("api", std::move(options_.rules.api), parts.clock, parts.log),
      rotations_(std::move(executor), parts.rotate_now, parts.clock, parts.log),
      push_(parts.kept.inbox, parts.metrics, parts.clock, parts.log, options_.on_accepted),
      api_(parts.status, parts.kept, rotations_, parts.clock, options_.version, options_.rules.vault_suffix,
           options_.on_accepted) {}

void DaemonHandler::renew(DaemonRules rules) {
    push_gate_.renew(std::move(rules.push));
    api_gate_.renew(std::move(rules.api));
    api_.set_vault_suffix(std::move(rules.vault_suffix));
}

Task<listen::Response> DaemonHandler::handle(listen::Request& request) {
    auto found = find_route(request.method, request.path());
    if (!found) co_return answer_absent();
    if (found->route == nullptr) {
        auto response = answer_error(405, "MethodNotAllowed", "this path has other methods", "use " + found->allowed);
        response.headers.add("Allow", found->allowed);
        co_return response;
    }
    auto const operation = found->route->operation;
    if (found->route->access != Access::open) co_return co_await handle_guarded(*std::move(found), request);
    if (operation == Operation::metrics) co_return co_await show_metrics();
    co_return show(operation, request);
}

Task<listen::Response> DaemonHandler::handle_guarded(FoundRoute found, listen::Request const& request) {
    auto const access = found.route->access;
    auto& gate = access == Access::push ? push_gate_ : api_gate_;
    if (!gate.is_configured()) co_return answer_unconfigured(access);
    auto refusal = co_await gate.refuse(request, parts_.clock.steady_now() + gate_limit);
    if (refusal && access == Access::push) parts_.metrics.push_answered(result_of(refusal->status));
    if (refusal) co_return *std::move(refusal);
    if (found.route->operation == Operation::push_handshake) co_return push_.consent(request);
    if (access == Access::push) co_return co_await push_.take(request);
    co_return co_await api_.handle(found.route->operation, std::move(found.id), request);
}

listen::Response DaemonHandler::show(Operation operation, listen::Request const& request) const {
    Location const location{.version = options_.version, .host = request.host, .base_path = ""};
    switch (operation) {
    case Operation::page: return answer_page(daemon_page());
    case Operation::is_alive:
        return answer(200, json_type, format_is_alive(options_.version, parts_.clock.now(), options_.region_name));
    case Operation::swagger: return answer(200, json_type, format_swagger(location, daemon_routes()));
    case Operation::openapi: return answer(200, json_type, format_openapi(location, daemon_routes()));
    case Operation::swagger_ui: return answer_page(swagger_page());
    case Operation::health: return answer(200, json_type, R"({"live":true})");
    case Operation::readiness: {
        auto const status = parts_.status.read();
        return answer(is_ready(status) ? 200 : 503, json_type, format_readiness(status));
    }
    default: break;
    }
    return answer_absent();
}

Task<listen::Response> DaemonHandler::show_metrics() {
    auto const deadline = parts_.clock.steady_now() + count_limit;
    auto const inbox = co_await parts_.kept.inbox.count(deadline);
    auto const parked = co_await parts_.kept.parked.count(deadline);
    StoreCounts counts;
    if (inbox) counts.inbox = *inbox;
    if (parked) counts.parked = *parked;
    co_return answer(200, exposition_type, parts_.metrics.format(parts_.status.read(), counts));
}

}  // namespace kssedr::server
