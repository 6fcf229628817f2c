#include "server/metrics.h"

#include "base/ascii.h"
#include "rotation/owner_id.h"
#include "server/process_metrics.h"

#include <algorithm>

namespace kssedr::server {
namespace {

using rotation::OutcomeKind;

constexpr std::array rotation_bounds = {0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0};
constexpr std::array call_bounds = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0};
// Where a delivery can come from that configuration does not name.
constexpr std::array<std::string_view, 5> own_sources = {"sweep", "api", "push", "parked", "inbox"};
constexpr std::array<std::string_view, 6> own_providers = {"entra",     "postgresql", "mysql",
                                                           "sqlserver", "redis",      "hook"};
constexpr std::array known_statuses = {200, 201, 202, 204, 206, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 408,
                                       409, 410, 411, 412, 413, 414, 415, 416, 423, 429, 500, 501, 502, 503, 504};

double seconds(Duration span) {
    return std::chrono::duration<double>(span).count();
}

double timestamp(TimePoint at) {
    return seconds(at.time_since_epoch());
}

// One of a closed set, whatever a service answers.
std::string_view status_label(long status, std::string& room) {
    if (status == 0) return "none";
    if (std::ranges::find(known_statuses, status) != known_statuses.end()) return room = std::to_string(status);
    if (status < 100 || status > 599) return "other";
    return room = std::to_string(status / 100) + "xx";
}

std::string_view word(PushResult result) {
    switch (result) {
    case PushResult::accepted: return "accepted";
    case PushResult::handshake: return "handshake";
    case PushResult::refused: return "refused";
    case PushResult::malformed: return "malformed";
    case PushResult::unavailable: break;
    }
    return "unavailable";
}

void write_sweep(Exposition& out, SweepStatus const& sweep) {
    out.single("kssedr_sweep_end_timestamp_seconds", MetricKind::gauge, "When the last sweep ended.",
               timestamp(sweep.ended));
    auto const& summary = sweep.summary;
    out.begin("kssedr_sweep_secrets", MetricKind::gauge,
              "Secrets that the last sweep found due, by what became of them.");
    std::array<std::pair<std::string_view, std::size_t>, 6> const results = {{{"due", summary.due},
                                                                              {"done", summary.done},
                                                                              {"deferred", summary.deferred},
                                                                              {"refused", summary.refused},
                                                                              {"failed", summary.failed},
                                                                              {"overdue", summary.overdue}}};
    for (auto const& [result, count] : results) out.sample({{"result", result}}, static_cast<double>(count));
    out.single("kssedr_sweep_unreadable_vaults", MetricKind::gauge, "Vaults that the last sweep could not list.",
               static_cast<double>(summary.unreadable()));
}

void write_sources(Exposition& out, std::vector<SourceStatus> const& sources) {
    out.begin("kssedr_source_ready", MetricKind::gauge, "1 where the event source is connected, else 0.");
    for (auto const& source : sources)
        out.sample({{"source", source.name}}, source.health.state == ports::SourceState::ready ? 1 : 0);
    out.begin("kssedr_source_backlog_events", MetricKind::gauge, "Events that wait at the source, where it tells.");
    for (auto const& source : sources)
        if (source.health.backlog) out.sample({{"source", source.name}}, static_cast<double>(*source.health.backlog));
}

}  // namespace

ServerMetrics::ServerMetrics(Clock& clock, MetricsOptions options)
    : clock_(clock),
      version_(std::move(options.version)),
      events_("kssedr_events_total", "Events, and secrets of sweeps, by where they came from and their outcome.",
              {"source", "outcome"}),
      rotations_("kssedr_rotations_total", "Attempts that came as far as an owner, by kind of owner and outcome.",
                 {"provider", "outcome"}),
      rotation_duration_("kssedr_rotation_duration_seconds", "How long attempts took that published or failed.",
                         "outcome", rotation_bounds),
      calls_("kssedr_upstream_requests_total", "Calls to Azure, by service, operation and status; none: no answer.",
             {"service", "operation", "status"}),
      call_duration_("kssedr_upstream_request_duration_seconds", "How long calls to Azure took.", "service",
                     call_bounds),
      throttled_("kssedr_upstream_throttled_total", "Calls that the service asked to make later (429).", {"service"}),
      pushes_("kssedr_push_requests_total", "Requests to /api/events, by how they were answered.", {"result"}) {
    for (auto const source : own_sources) sources_.emplace(source);
    for (auto const provider : own_providers) providers_.emplace(provider);
    add_names(options.sources, options.providers);
}

void ServerMetrics::add_names(std::vector<std::string> const& sources, std::vector<std::string> const& providers) {
    for (auto const& source : sources) sources_.insert(source);
    for (auto const& provider : providers) providers_.insert(to_ascii_lower(provider));
}

std::string_view ServerMetrics::known_source(std::string_view name) const {
    return sources_.contains(name) ? name : "other";
}

std::string ServerMetrics::known_provider(std::string const& resource) const {
    auto const owner = rotation::OwnerId::parse(resource);
    if (!owner) return "other";
    auto type = to_ascii_lower(owner->type());
    return providers_.contains(type) ? type : "other";
}

void ServerMetrics::call_ended(ports::UpstreamCall const& call) {
    std::string room;
    auto const service = to_string(call.service);
    calls_.count({service, to_string(call.operation), status_label(call.status, room)});
    call_duration_.observe(service, seconds(call.took));
    if (call.status == 429) throttled_.count({service});
}

void ServerMetrics::token_issued(ports::Service service, Duration lifetime) {
    tokens_.at(static_cast<std::size_t>(service)) = IssuedAt{clock_.steady_now(), lifetime};
}

void ServerMetrics::outcome_kept(std::string_view source, rotation::Outcome const& outcome) {
    auto const word_of = to_string(outcome.kind);
    events_.count({known_source(source), word_of});
    if (outcome.resource.empty()) return;
    rotations_.count({known_provider(outcome.resource), word_of});
    if (has_published(outcome.kind) || outcome.kind == OutcomeKind::failed)
        rotation_duration_.observe(word_of, seconds(outcome.duration));
}

void ServerMetrics::push_answered(PushResult result) {
    pushes_.count({word(result)});
}

void ServerMetrics::write_tokens(Exposition& out) const {
    auto const now = clock_.steady_now();
    auto const each = [&](auto value_of) {
        for (std::size_t i = 0; i < tokens_.size(); ++i)
            if (tokens_.at(i))
                out.sample({{"service", to_string(static_cast<ports::Service>(i))}}, value_of(*tokens_.at(i)));
    };
    out.begin("kssedr_token_age_seconds", MetricKind::gauge,
              "How long ago the newest token for the service was issued.");
    each([&](IssuedAt const& token) { return seconds(now - token.at); });
    out.begin("kssedr_token_remaining_seconds", MetricKind::gauge,
              "How long that token still lives; negative: it ended.");
    each([&](IssuedAt const& token) { return seconds(token.lifetime - (now - token.at)); });
}

void ServerMetrics::write_status(Exposition& out, StatusSnapshot const& status) const {
    write_sources(out, status.sources);
    out.begin("kssedr_vault_ready", MetricKind::gauge,
              "1 where the vault could be read when it was last asked, else 0.");
    for (auto const& vault : status.vaults) out.sample({{"vault", vault.host}}, vault.part.is_ready ? 1 : 0);
    out.single("kssedr_store_ready", MetricKind::gauge, "1 where the store keeps what it is given, else 0.",
               status.store.is_ready ? 1 : 0);
    out.single("kssedr_identity_ready", MetricKind::gauge, "1 where kssedr gets tokens, else 0.",
               status.identity.is_ready ? 1 : 0);
    out.single("kssedr_deliveries_in_flight", MetricKind::gauge, "Deliveries that are being handled.",
               static_cast<double>(status.in_flight));
    if (status.leases)
        out.single("kssedr_leases_held", MetricKind::gauge,
                   "Leases that this instance holds: on owners, and as the one that sweeps or works on the inbox.",
                   static_cast<double>(*status.leases));
    if (!status.last_sweep) return;
    write_sweep(out, *status.last_sweep);
    if (auto const soonest = status.last_sweep->summary.soonest_expiry())
        out.single("kssedr_soonest_expiry_seconds", MetricKind::gauge,
                   "Until the soonest expiry of a managed secret that is not rotated yet; negative: it expired.",
                   seconds(*soonest - clock_.now()));
}

std::string ServerMetrics::format(StatusSnapshot const& status, StoreCounts const& store) const {
    Exposition out;
    out.begin("kssedr_build_info", MetricKind::gauge, "Always 1; which version this is.");
    out.sample({{"version", version_}}, 1);
    events_.write(out);
    rotations_.write(out);
    rotation_duration_.write(out);
    calls_.write(out);
    call_duration_.write(out);
    throttled_.write(out);
    pushes_.write(out);
    write_tokens(out);
    write_status(out, status);
    if (store.inbox)
        out.single("kssedr_inbox_messages", MetricKind::gauge, "Accepted deliveries that are not handled yet.",
                   static_cast<double>(*store.inbox));
    if (store.parked)
        out.single("kssedr_parked_entries", MetricKind::gauge, "Entries that wait for a person.",
                   static_cast<double>(*store.parked));
    write_process(out, timestamp(status.started));
    return std::move(out).text();
}

}  // namespace kssedr::server
