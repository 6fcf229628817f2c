#include "app/world.h"

#include "azure/entra.h"
#include "azure/managed_identity.h"

namespace kssedr::app {
namespace {

http::TransportOptions transport_options(config::Settings const& settings) {
    http::TransportOptions options;
    options.user_agent = std::string("kssedr/") + KSSEDR_VERSION;
    options.ca_file = settings.ca_file;
    options.resolve = settings.resolve;
    return options;
}

std::unique_ptr<azure::TokenIssuer> make_issuer(http::Transport& transport, Clock& clock, Random& random,
                                                config::Settings& settings) {
    auto& identity = settings.identity;
    azure::EntraApplication application{settings.cloud.authority, identity.tenant_id, identity.client_id};
    if (identity.has_client_secret())
        return std::make_unique<azure::ClientSecretIssuer>(transport, std::move(application),
                                                           std::move(identity.client_secret));
    if (identity.has_certificate())
        return std::make_unique<azure::ClientCertificateIssuer>(transport, clock, random, std::move(application),
                                                                identity.certificate_file,
                                                                std::move(identity.certificate_password));
    if (identity.has_federated_token())
        return std::make_unique<azure::WorkloadIdentityIssuer>(transport, std::move(application),
                                                               identity.federated_token_file);
    return std::make_unique<azure::ManagedIdentityIssuer>(transport, clock, identity.identity_endpoint,
                                                          std::move(identity.identity_header), identity.client_id);
}

// A plan says what would happen if it were let. Where nothing is published untried, that is asked of it too.
rotation::Policy planning(rotation::Policy policy) {
    if (policy.verify != rotation::Verify::required) policy.verify = rotation::Verify::off;
    policy.mode = rotation::Mode::rotate;
    return policy;
}

engine::OnOutcome tell(World::Outcomes outcomes) {
    if (outcomes == World::Outcomes::are_logged) return {};
    return [](rotation::Outcome const&) {};
}

constexpr Duration longest_giving_back = std::chrono::seconds{6};

std::vector<engine::OwnSetting> to_own_settings(std::vector<config::OwnCredential> credentials) {
    std::vector<engine::OwnSetting> own;
    for (auto& credential : credentials) own.push_back({std::move(credential.name), std::move(credential.value)});
    return own;
}

azure::StorageAccess to_access(config::StorageSetting storage) {
    return {std::move(storage.endpoint), std::move(storage.account), std::move(storage.account_key),
            std::move(storage.shared_access_signature)};
}

}  // namespace

void warn_of_locks(Log& log, config::Settings const& settings) {
    if (settings.lock_container || settings.is_only_instance) return;
    log.warn("locks.in_process_only",
             {{"why",
               "neither AzureWebJobsStorage nor KSSEDR_LOCKS names a blob container; run one instance, and "
               "set KSSEDR_LOCKS=none to say so"}});
}

World::World(asio::any_io_executor executor, Log& log, config::Settings settings, Outcomes outcomes,
             ports::Metrics* metrics)
    : daemon_(std::move(settings.daemon)),
      ca_file_(settings.ca_file),
      resolve_(settings.resolve),
      cloud_(settings.cloud),
      curl_(executor, clock_, log, transport_options(settings)),
      transport_(curl_, clock_, metrics != nullptr ? *metrics : no_metrics_, cloud_),
      issuer_(make_issuer(transport_, clock_, random_, settings)),
      metered_issuer_(*issuer_, metrics != nullptr ? *metrics : no_metrics_, cloud_),
      tokens_(metered_issuer_, clock_, log),
      vault_(transport_, tokens_, clock_, random_, settings.cloud),
      arm_(transport_, tokens_, random_, settings.cloud),
      graph_(transport_, tokens_, random_, settings.cloud),
      directory_(arm_, clock_, settings.cloud.vault_suffix),
      catalogue_(std::move(settings.catalogue)),
      catalogue_slots_(transport_, arm_, clock_, random_, catalogue_, settings.cloud),
      hooks_(transport_, vault_, clock_, random_, log, std::move(settings.hooks)),
      slots_(catalogue_slots_, hooks_),
      applications_(transport_, graph_, settings.cloud, settings.identity.tenant_id),
      offload_(executor),
      logins_(providers::make_database_clients(offload_, clock_), vault_, tokens_, random_,
              std::move(settings.databases), settings.cloud.database_audience(), settings.ca_file),
      lock_(clock_),
      shared_lock_(make_shared_lock(executor, log, settings)),
      rotator_(ports(log), std::move(settings.policy), to_own_settings(std::move(settings.own_credentials))),
      intake_(rotator_, clock_, log, settings.cloud.vault_suffix, tell(outcomes)),
      sweeper_(rotator_, ports(log),
               outcomes == Outcomes::are_kept ? engine::Sweeper::Logs::none : engine::Sweeper::Logs::outcomes),
      shadow_(ports(log), rotator_) {}

engine::Ports World::ports(Log& log) {
    return {vault_, slots_, directory_, chosen_lock(), clock_, random_, log, &applications_, &logins_};
}

void World::PlannersLog::put(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (!event.starts_with("sweep.")) return;
    switch (level) {
    case LogLevel::error: return real_.error(event, fields);
    case LogLevel::warn: return real_.warn(event, fields);
    default: break;
    }
}

World::Shadow::Shadow(engine::Ports real, engine::Rotator const& rotating)
    : log(real.log),
      vault(real.vault),
      provider(real.provider, real.clock, real.random),
      lists(*real.lists, real.clock, real.random),
      logins(*real.logins),
      lock(real.clock),
      rotator({vault, provider, real.directory, lock, real.clock, real.random, log, &lists, &logins},
              planning(rotating.policy()), rotating.own_settings()),
      sweeper(rotator, {vault, provider, real.directory, lock, real.clock, real.random, log, &lists, &logins}) {}

std::unique_ptr<azure::BlobLock> World::make_shared_lock(asio::any_io_executor const& executor, Log& log,
                                                         config::Settings& settings) {
    if (!settings.lock_container) return nullptr;
    return std::make_unique<azure::BlobLock>(executor, lock_, blobs(std::move(settings.lock_container->storage)),
                                             settings.lock_container->name, clock_, random_, log);
}

azure::StorageClient World::blobs(config::StorageSetting storage) {
    return {transport_, tokens_, clock_, random_, to_access(std::move(storage))};
}

azure::StorageClient World::queues(config::StorageSetting storage) {
    auto access = to_access(std::move(storage));
    access.role = "Storage Queue Data Contributor";
    return {transport_, tokens_, clock_, random_, std::move(access)};
}

ports::OwnerLock& World::chosen_lock() {
    if (shared_lock_) return *shared_lock_;
    return lock_;
}

Task<void> World::close() {
    if (shared_lock_) {
        co_await shared_lock_->close(longest_giving_back);
    }
}

}  // namespace kssedr::app
