#include "emulator/emulator.h"

namespace kssedr::emulator {
namespace {

constexpr std::uint64_t body_bytes_max = 160ULL << 20U;
constexpr Duration stop_grace{500};

// The servers are opened before the world knows their port; until it is whole there is nobody to ask.
class Front final : public listen::Handler {
public:
    explicit Front(std::unique_ptr<Router>& router) : router_(router) {}
    Task<listen::Response> handle(listen::Request& request) override {
        auto response = co_await router_->handle(request);
        co_return response;
    }

private:
    std::unique_ptr<Router>& router_;
};

}  // namespace

Emulator::Emulator(asio::any_io_executor executor, TimePoint start, double speed, Clock& clock, Random& random,
                   Log& log)
    : clock_(clock, start, speed),
      ground_{world_, clock_, random, tokens_, log},
      holds_(executor),
      entra_(ground_),
      resource_manager_(ground_),
      blob_(ground_),
      graph_(ground_),
      event_grid_(ground_),
      key_endpoints_(ground_),
      front_(std::make_unique<Front>(router_)),
      tasks_(executor, [&log](std::string const& task, std::exception_ptr) {
          log.error("emulator.task_failed", {{"task", task}});
      }) {}

Emulator::~Emulator() = default;

Result<std::unique_ptr<Emulator>> Emulator::open(asio::any_io_executor executor, EmulatorOptions options, Clock& clock,
                                                 Random& random, Log& log) {
    auto const start = options.now.value_or(clock.now());
    std::unique_ptr<Emulator> emulator(new Emulator(executor, start, options.speed, clock, random, log));
    listen::ServerOptions tls_options{.port = options.port, .body_limit = body_bytes_max};
    tls_options.tls = &emulator->authority_.context();
    KSSEDR_TRY(emulator->tls_server_, listen::HttpServer::open(executor, tls_options, *emulator->front_, log));
    KSSEDR_TRY_VOID(emulator->plant(options, executor));
    KSSEDR_TRY_VOID(emulator->listen(executor, options, log));
    return emulator;
}

Result<void> Emulator::plant(EmulatorOptions const& options, asio::any_io_executor executor) {
    cloud_ = make_cloud_names("localhost:" + std::to_string(tls_server_->port()));
    events_ = std::make_unique<EventGrid>(ground_, entra_, cloud_.login, executor);
    builder_ = std::make_unique<Builder>(ground_, *events_, cloud_);
    key_vault_ = std::make_unique<KeyVault>(ground_, *events_);
    admin_ = std::make_unique<Admin>(ground_, *builder_, *events_, faults_, holds_, calls_);
    Router::Services const services{entra_, *key_vault_, resource_manager_, blob_, graph_, event_grid_, key_endpoints_};
    router_ = std::make_unique<Router>(ground_, services, *admin_, faults_, holds_, calls_);
    plain_router_ = std::make_unique<PlainRouter>(*admin_);
    if (options.seed) return builder_->plant(*options.seed);
    builder_->plant_default();
    return {};
}

Result<void> Emulator::listen(asio::any_io_executor executor, EmulatorOptions const& options, Log& log) {
    KSSEDR_TRY(plain_server_,
               listen::HttpServer::open(executor, {.port = 0, .body_limit = 64U << 20U}, *plain_router_, log));
    KSSEDR_TRY(proxy_, Proxy::open(executor, options.proxy_port, tls_server_->port(), plain_server_->port(), log));
    return {};
}

void Emulator::start() {
    tls_server_->start();
    plain_server_->start();
    proxy_->start();
    tasks_.spawn("event grid", events_->run());
}

Task<void> Emulator::stop() {
    holds_.release(std::nullopt);
    tasks_.cancel();
    co_await tasks_.join();
    co_await proxy_->stop();
    co_await tls_server_->stop(stop_grace);
    co_await plain_server_->stop(stop_grace);
    co_await events_->stop();
}

std::uint16_t Emulator::port() const {
    return tls_server_->port();
}
std::uint16_t Emulator::proxy_port() const {
    return proxy_->port();
}

json::object Emulator::environment(std::string const& ca_file) const {
    json::object out;
    out["AZURE_AUTHORITY_HOST"] = "https://" + cloud_.login;
    out["KSSEDR_RESOURCE_MANAGER_URL"] = "https://" + cloud_.management;
    out["KSSEDR_GRAPH_URL"] = "https://" + cloud_.graph;
    out["KSSEDR_KEYVAULT_SUFFIX"] = cloud_.vault_suffix;
    out["KSSEDR_STORAGE_SUFFIX"] = cloud_.storage_suffix;
    out["KSSEDR_RESOLVE"] = "*:" + std::to_string(port()) + ":127.0.0.1";
    out["SSL_CERT_FILE"] = ca_file;
    auto const* app = world_.find_app(world_.first_app);
    if (app == nullptr) return out;
    out["AZURE_TENANT_ID"] = app->tenant;
    out["AZURE_CLIENT_ID"] = app->client_id;
    out["AZURE_CLIENT_SECRET"] = app->secrets.front();
    return out;
}

}  // namespace kssedr::emulator
