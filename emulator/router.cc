#include "emulator/router.h"

namespace kssedr::emulator {
namespace {

listen::Response make_reset() {
    listen::Response response;
    response.reset = true;
    return response;
}

std::string describe(FaultAction const& action) {
    std::string text;
    auto const add = [&](bool applies, std::string_view word) {
        if (applies) text += (text.empty() ? "" : ",") + std::string(word);
    };
    add(action.delay > Duration{}, "delay");
    add(action.hold == Side::before, "hold-before");
    add(action.reset == Side::before, "reset-before");
    add(action.status != 0, "status");
    add(action.empty_page, "empty-page");
    add(action.hold == Side::after, "hold-after");
    add(action.reset == Side::after, "reset-after");
    return text;
}

void set_date(listen::Response& response, TimePoint now) {
    if (!response.headers.find("Date")) response.headers.add("Date", format_http_date(now));
}

}  // namespace

Service& Router::service_for(ServiceKind kind) {
    switch (kind) {
    case ServiceKind::entra: return services_.entra;
    case ServiceKind::key_vault: return services_.key_vault;
    case ServiceKind::resource_manager: return services_.resource_manager;
    case ServiceKind::blob: return services_.blob;
    case ServiceKind::graph: return services_.graph;
    case ServiceKind::event_grid: return services_.event_grid;
    case ServiceKind::key_endpoint: return services_.key_endpoints;
    }
    return services_.entra;
}

Task<listen::Response> Router::handle(listen::Request& request) {
    if (Admin::is_for_it(request)) {
        auto response = co_await admin_.handle(request);
        co_return response;
    }
    auto const destination = find_destination(request.host);
    if (!destination) {
        co_return make_json_response(
            404, json::object{{"error", json::object{{"message", "no service of this local Azure is called '" +
                                                                     request.host + "'; see docs/emulator.md"}}}});
    }
    auto& service = service_for(destination->kind);
    auto const plus = destination->kind == ServiceKind::blob ? PlusSign::stays : PlusSign::is_blank;
    Call call{request, *destination, Query(request.query(), plus), split_path(request.path()), {}, {}, {}};
    service.name(call);

    CallRecord record;
    record.service = std::string(to_string(destination->kind));
    record.operation = call.operation;
    record.resource = call.resource;
    record.method = request.method;
    record.path = std::string(request.path());
    record.emulated = ground_.clock.now();
    record.real = ground_.clock.real().now();
    auto const sequence = calls_.add(std::move(record));

    auto const action = faults_.meet(destination->kind, call).value_or(FaultAction{});
    auto response = co_await run(service, call, sequence, action);
    calls_.update(sequence, response.reset ? 0 : response.status, call.effect, call.client_id, describe(action));
    set_date(response, ground_.clock.now());
    co_return response;
}

Task<listen::Response> Router::run(Service& service, Call& call, std::uint64_t record, FaultAction const& action) {
    auto const what = call.operation + " " + call.resource;
    if (action.delay > Duration{}) co_await ground_.clock.real().sleep_for(action.delay);
    if (action.hold == Side::before) co_await holds_.wait(record, what + " before");
    if (action.reset == Side::before) co_return make_reset();
    auto response = answer(service, call, action);
    calls_.update(record, 0, call.effect, call.client_id, describe(action));
    if (action.hold == Side::after) co_await holds_.wait(record, what + " after");
    if (action.reset == Side::after) co_return make_reset();
    co_return response;
}

listen::Response Router::answer(Service& service, Call& call, FaultAction const& action) {
    call.empty_page = action.empty_page;
    listen::Response response;
    if (action.status == 0 || action.effect) response = service.answer(call);
    if (action.status != 0) response = service.refuse(call, action.status, action.code, action.message);
    for (auto const& [name, value] : action.headers) response.headers.add(name, value);
    if (action.body) response.body = *action.body;
    return response;
}

Task<listen::Response> PlainRouter::handle(listen::Request& request) {
    if (Admin::is_for_it(request)) {
        auto response = co_await admin_.handle(request);
        co_return response;
    }
    co_return make_json_response(
        400, json::object{{"error", json::object{{"message",
                                                  "this port knows CONNECT and /_emulator/; the services speak "
                                                  "TLS"}}}});
}

}  // namespace kssedr::emulator
