#include "server/functions_handler.h"

#include "base/ascii.h"
#include "formats/invocation.h"
#include "formats/outcome_json.h"
#include "server/is_alive.h"
#include "server/openapi.h"

#include <fmt/format.h>

namespace kssedr::server {
namespace {

using rotation::OutcomeKind;

// An event begun within the budget may still need this long; together they stay under the host's default time-out of
// five minutes.
constexpr Duration grace_after_budget = std::chrono::seconds{45};
constexpr std::string_view json = "application/json; charset=utf-8";

listen::Response answer(unsigned status, std::string_view content_type, std::string body) {
    listen::Response response;
    response.status = status;
    response.headers.add("Content-Type", std::string(content_type));
    response.body = std::move(body);
    return response;
}

// The path of a URL, without its query.
std::string_view path_of(std::string_view url) {
    if (auto const scheme = url.find("://"); scheme != std::string_view::npos) {
        auto const slash = url.find('/', scheme + 3);
        url = slash == std::string_view::npos ? "/" : url.substr(slash);
    }
    return url.substr(0, url.find_first_of("?#"));
}

std::string sentence(rotation::Outcome const& outcome) {
    std::string subject = outcome.vault + '/' + outcome.secret;
    if (outcome.secret.empty()) {
        subject = "event";
        if (!outcome.event_id.empty()) subject += ' ' + escape_for_display(outcome.event_id);
    }
    return fmt::format("{} ({}) {}: {}", subject, outcome.code, to_string(outcome.kind), outcome.reason);
}

// A malformed envelope as an event, so that it ends as events do.
engine::HandledEvent refuse_envelope(Error error, std::string_view body, TimePoint now) {
    engine::HandledEvent handled{{fail(error), {}, body}, {}};
    handled.outcome.kind = OutcomeKind::refused;
    handled.outcome.code = "malformed";
    handled.outcome.reason = std::move(error).during("the host's envelope").message();
    handled.outcome.started_at = now;
    return handled;
}

std::string format_answer(std::vector<engine::HandledEvent> const& handled, bool with_poison) {
    std::vector<std::string> poison, logs;
    std::string outcomes = "[";
    for (auto const& [event, outcome] : handled) {
        bool const must_be_seen = outcome.kind == OutcomeKind::refused || outcome.kind == OutcomeKind::failed;
        if (with_poison && must_be_seen) poison.push_back(formats::format_poison_message(event, outcome));
        logs.push_back(sentence(outcome));
        if (outcomes.size() > 1) outcomes += ',';
        outcomes += formats::format_outcome(outcome);
    }
    outcomes += ']';
    return formats::format_event_answer(poison, logs, outcomes);
}

}  // namespace

Task<listen::Response> FunctionsHandler::handle(listen::Request& request) {
    auto const path = request.path();
    bool const is_read = request.method == "GET" || request.method == "HEAD";
    if (is_read && path == "/") co_return answer(200, "text/plain; charset=utf-8", "kssedr\n");
    if (is_read) {
        auto page = find_page(path, request.host);
        if (page) co_return *std::move(page);
    }
    if (request.method == "POST" && equals_ignore_case(path, "/EventHubTriggerFunction"))
        co_return co_await handle_events(request);
    if (request.method == "POST" && equals_ignore_case(path, "/Sweep")) co_return co_await handle_sweep();
    // A function's path in an envelope has one segment: its name.
    if (request.method == "POST" && path.size() > 1 && path.find('/', 1) == std::string_view::npos)
        co_return handle_http_function(request);
    co_return answer(404, json, R"({"error":{"code":"NotFound","message":"kssedr has nothing at this path"}})");
}

Task<listen::Response> FunctionsHandler::handle_events(listen::Request& request) {
    auto const started = clock_.steady_now();
    if (trim(request.body.expose()).empty()) {
        // The host still has the events that this invocation was to bring. An answer of success would pass them off as
        // handled; this one lets it deliver them again.
        log_.warn("functions.empty_invocation", {{"path", std::string(request.path())}});
        co_return answer(400, json,
                         R"({"error":{"code":"EmptyInvocation","message":"the invocation has no body, so no event )"
                         R"(was seen"}})");
    }
    auto const invocation = formats::parse_event_invocation(request.body.expose_mutable());
    std::vector<engine::HandledEvent> handled;
    bool is_last_attempt = true;
    if (invocation) {
        is_last_attempt = invocation->is_last_attempt();
        auto const begin_by = started + options_.invocation_budget;
        handled = co_await intake_.handle(invocation->messages, {begin_by, begin_by + grace_after_budget});
    } else {
        handled.push_back(refuse_envelope(invocation.error(), request.body.expose(), clock_.now()));
        engine::log_outcome(log_, handled.front().outcome);
    }
    bool has_failed = false;
    for (auto const& one : handled) has_failed = has_failed || one.outcome.kind == OutcomeKind::failed;
    bool const comes_again = has_failed && !is_last_attempt;
    co_return answer(comes_again ? 500 : 200, json, format_answer(handled, !comes_again));
}

Task<listen::Response> FunctionsHandler::handle_sweep() {
    std::vector<std::string> logs;
    if (!options_.has_vaults) {
        logs.emplace_back("Sweep: KSSEDR_VAULTS is not set, so no vault is swept");
        log_.warn("sweep.no_vaults", {{"why", "KSSEDR_VAULTS is not set; what no event announces is not rotated"}});
        co_return answer(200, json, formats::format_event_answer({}, logs, "null"));
    }
    engine::SweepRequest request;
    request.deadline = clock_.steady_now() + options_.invocation_budget;
    auto const summary = co_await sweeper_.sweep(
        std::move(request), [&](rotation::Outcome const& outcome) { logs.push_back(sentence(outcome)); });
    logs.push_back(fmt::format("Sweep: {} due, {} done, {} deferred, {} refused, {} failed, {} overdue", summary.due,
                               summary.done, summary.deferred, summary.refused, summary.failed, summary.overdue));
    log_.info("sweep.ended", {{"due", fmt::format("{}", summary.due)},
                              {"done", fmt::format("{}", summary.done)},
                              {"failed", fmt::format("{}", summary.failed)},
                              {"overdue", fmt::format("{}", summary.overdue)}});
    co_return answer(200, json, formats::format_event_answer({}, logs, "null"));
}

listen::Response FunctionsHandler::handle_http_function(listen::Request& request) const {
    auto const invocation = formats::parse_http_invocation(request.body.expose_mutable());
    if (!invocation)
        return answer(400, json,
                      R"({"error":{"code":"BadEnvelope","message":"this is no invocation of an HTTP function"}})");
    // The host tells the outside URL; its host is where the documents' links must lead.
    std::string_view host = invocation->url;
    if (auto const scheme = host.find("://"); scheme != std::string_view::npos) host.remove_prefix(scheme + 3);
    host = host.substr(0, host.find('/'));
    bool const is_read =
        equals_ignore_case(invocation->method, "GET") || equals_ignore_case(invocation->method, "HEAD");
    auto page = is_read ? find_page(path_of(invocation->url), host) : std::nullopt;
    if (!page) return answer(200, json, formats::format_http_answer(404, "text/plain", "not found"));
    return answer(200, json,
                  formats::format_http_answer(page->status, *page->headers.find("Content-Type"), page->body));
}

std::optional<listen::Response> FunctionsHandler::find_page(std::string_view path, std::string_view host) const {
    if (ends_with_ignore_case(path, "/IsAlive"))
        return answer(200, json, format_is_alive(options_.version, clock_.now(), options_.region_name));
    auto const base_of = [&](std::string_view route) { return path.substr(0, path.size() - route.size()); };
    if (constexpr std::string_view route = "/swagger.json"; ends_with_ignore_case(path, route))
        return answer(200, json,
                      format_swagger({.version = options_.version, .host = host, .base_path = base_of(route)},
                                     functions_routes()));
    if (constexpr std::string_view route = "/openapi/v3.json"; ends_with_ignore_case(path, route))
        return answer(200, json,
                      format_openapi({.version = options_.version, .host = host, .base_path = base_of(route)},
                                     functions_routes()));
    if (ends_with_ignore_case(path, "/swagger/ui"))
        return answer(200, "text/html; charset=utf-8", std::string(swagger_page()));
    return std::nullopt;
}

}  // namespace kssedr::server
