#include "app/doors.h"

#include "azure/token_check.h"
#include "http/curl_transport.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>

namespace kssedr::app {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

constexpr Duration look_at_store_every = 10s;
constexpr Duration look_at_identity_every = 60s;
constexpr Duration look_limit = 20s;

std::string event_grid_application(rotation::Cloud const& cloud) {
    if (cloud.name == "public") return "4962773b-9cdb-44cf-a8bf-237846a00ab7";
    if (cloud.name == "usgovernment") return "54316b56-3481-47f9-8f30-0300f5542a7b";
    return {};  // that of the cloud in China is not published where we know of: KSSEDR_PUSH_APPLICATION names it
}

http::TransportOptions transport_options(config::Settings const& settings) {
    http::TransportOptions options;
    options.user_agent = std::string("kssedr/") + KSSEDR_VERSION;
    options.ca_file = settings.ca_file;
    options.resolve = settings.resolve;
    options.connections_max = 4;
    return options;
}

server::GateRules push_rules(config::Settings const& settings, std::shared_ptr<ports::TokenCheck> check) {
    auto const& push = settings.daemon.push;
    server::GateRules rules;
    rules.secret_header = push.secret_header;
    rules.shared_secret = push.secret.clone();
    rules.token_check = std::move(check);
    auto const application = push.application.empty() ? event_grid_application(settings.cloud) : push.application;
    if (!application.empty()) rules.applications = {application};
    return rules;
}

server::GateRules api_rules(config::Settings const& settings, std::shared_ptr<ports::TokenCheck> check) {
    server::GateRules rules;
    rules.shared_secret = settings.daemon.api.token.clone();
    rules.token_check = std::move(check);
    rules.roles = {settings.daemon.api.role};
    return rules;
}

void settle(server::PartStatus& part, Result<void> const& looked, std::string_view doing, TimePoint now) {
    auto const reason = looked ? std::string() : Error(looked.error()).during(doing).message();
    if (!part.since || part.is_ready != looked.has_value()) part.since = now;
    part.is_ready = looked.has_value();
    part.reason = reason;
}

}  // namespace

// The tenant's published keys, and the way to them. Who is being looked at keeps them through a reload.
struct Doors::Checks {
    http::CurlTransport transport;
    azure::EntraTokenCheck push;
    azure::EntraTokenCheck api;

    Checks(Doors& doors, config::Settings const& settings)
        : transport(doors.executor_, doors.clock_, doors.log_, transport_options(settings)),
          push(transport, doors.clock_, doors.log_, options(settings, settings.daemon.push.audiences)),
          api(transport, doors.clock_, doors.log_, options(settings, settings.daemon.api.audiences)) {}

    static azure::TokenCheckOptions options(config::Settings const& settings,
                                            std::vector<std::string> const& audiences) {
        return {settings.cloud.authority, settings.identity.tenant_id, audiences};
    }
};

server::DaemonRules Doors::make_rules(config::Settings const& settings) {
    auto const checks = std::make_shared<Checks>(*this, settings);
    auto const when_asked = [&](std::vector<std::string> const& audiences, ports::TokenCheck& check) {
        return audiences.empty() ? nullptr : std::shared_ptr<ports::TokenCheck>(checks, &check);
    };
    return {settings.cloud.vault_suffix, push_rules(settings, when_asked(settings.daemon.push.audiences, checks->push)),
            api_rules(settings, when_asked(settings.daemon.api.audiences, checks->api))};
}

server::MetricsOptions metrics_options(config::Settings const& settings) {
    server::MetricsOptions options{.version = KSSEDR_VERSION};
    for (auto const& source : settings.daemon.sources) options.sources.push_back(source.name);
    for (auto const& entry : settings.catalogue.get().entries()) options.providers.push_back(entry.type);
    return options;
}

Doors::Doors(asio::any_io_executor executor, std::unique_ptr<Generation>& generation, store::Store& store,
             server::ServerMetrics& metrics, Log& log, config::Settings const& settings)
    : executor_(executor),
      generation_(generation),
      store_(store),
      metrics_(metrics),
      log_(log),
      started_(clock_.now()),
      store_status_{false, "it was not asked yet", {}},
      identity_status_{false, "no token was asked for yet", {}},
      handler_(executor, {*this, {store.history(), store.parked(), store.inbox()}, *this, metrics, clock_, log},
               {.version = KSSEDR_VERSION,
                .region_name = settings.region_name,
                .rules = make_rules(settings),
                .on_accepted = [this] { generation_->inbox().look(); }}),
      // A task of the daemon's that throws is a bug; whoever keeps the process up starts it anew.
      tasks_(executor, [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {}

void Doors::start() {
    tasks_.spawn("store", look_after_store());
    tasks_.spawn("identity", look_after_identity());
}

Task<void> Doors::pause() {
    is_paused_ = true;
    while (rotating_ > 0) {
        co_await changed_.wait();
    }
}

void Doors::renew(config::Settings const& settings) {
    auto const names = metrics_options(settings);
    metrics_.add_names(names.sources, names.providers);
    handler_.renew(make_rules(settings));
}

void Doors::resume() {
    is_paused_ = false;
    changed_.wake_all();
    identity_renewed_.wake_all();
}

Task<void> Doors::close() {
    is_stopping_ = true;
    co_await pause();
    co_await handler_.close();
    tasks_.cancel();
    co_await tasks_.join();
}

server::StatusSnapshot Doors::read() const {
    server::StatusSnapshot status;
    status.started = started_;
    status.mode = to_string(generation_->world().rotator().policy().mode);
    status.is_stopping = is_stopping_;
    status.store = store_status_;
    // What the ledger has met is newer than what was asked for its own sake.
    if (auto const& trouble = generation_->ledger().trouble(); !trouble.empty())
        status.store = {false, trouble, store_status_.since};
    status.identity = identity_status_;
    for (auto const& source : generation_->sources()) status.sources.push_back({source->name(), source->health()});
    status.in_flight = generation_->dispatcher().deliveries();
    status.leases = generation_->world().leases();
    auto const* const schedule = generation_->schedule();
    if (schedule != nullptr) status.next_sweep = schedule->next();
    if (schedule == nullptr || !schedule->last()) return status;
    status.last_sweep = server::SweepStatus{schedule->last()->ended, schedule->last()->summary};
    for (auto const& [host, why] : schedule->last()->summary.vaults)
        status.vaults.push_back({host.empty() ? "which vaults there are" : host, {why.empty(), why, {}}});
    return status;
}

Task<rotation::Outcome> Doors::rotate(server::RotateRequest request) {
    while (is_paused_) {
        co_await changed_.wait();
    }
    // The generation stays until this has ended.
    struct Rotating {
        Doors& doors;
        explicit Rotating(Doors& d) : doors(d) { ++doors.rotating_; }
        ~Rotating() {
            --doors.rotating_;
            doors.changed_.wake_all();
        }
    };
    Rotating const rotating(*this);
    bool const is_kept = !request.dry_run;
    engine::RotationRequest asked;
    asked.secret = std::move(request.secret);
    asked.trigger = rotation::Trigger::api;
    asked.ignores_due = true;
    asked.ignores_freeze = request.force;
    asked.is_dry_run = request.dry_run;
    asked.deadline = request.deadline;
    auto examination = co_await generation_->world().rotator().rotate(std::move(asked));
    std::vector<engine::Settled> settled{{.outcome = examination.outcome, .source = "api"}};
    if (is_kept) {
        co_await generation_->ledger().keep(std::move(settled));
    }
    co_return std::move(examination.outcome);
}

Task<void> Doors::look_after_store() {
    for (;;) {
        auto const probed = co_await store_.probe(clock_.steady_now() + look_limit);
        settle(store_status_, probed, "asking the store", clock_.now());
        co_await clock_.sleep_for(look_at_store_every);
    }
}

// A token that was got is kept by the generation's own cache: asking again costs nothing for an hour.
Task<void> Doors::look_after_identity() {
    for (;;) {
        while (is_paused_) {
            co_await changed_.wait();
        }
        ++rotating_;
        auto& world = generation_->world();
        auto const token =
            co_await world.tokens().bearer(world.cloud().vault_audience(), clock_.steady_now() + look_limit);
        --rotating_;
        changed_.wake_all();
        auto const looked = token ? Result<void>() : Result<void>(fail(token.error()));
        settle(identity_status_, looked, "signing in", clock_.now());
        co_await (clock_.sleep_for(look_at_identity_every) || identity_renewed_.wait());
    }
}

}  // namespace kssedr::app
