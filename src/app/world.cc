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

std::unique_ptr<azure::TokenIssuer> make_issuer(http::Transport& transport, Clock& clock, config::Settings& settings) {
    auto& identity = settings.identity;
    azure::EntraApplication application{settings.cloud.authority, identity.tenant_id, identity.client_id};
    if (identity.has_client_secret())
        return std::make_unique<azure::ClientSecretIssuer>(transport, std::move(application),
                                                           std::move(identity.client_secret));
    if (identity.has_federated_token())
        return std::make_unique<azure::WorkloadIdentityIssuer>(transport, std::move(application),
                                                               identity.federated_token_file);
    return std::make_unique<azure::ManagedIdentityIssuer>(transport, clock, identity.identity_endpoint,
                                                          std::move(identity.identity_header), identity.client_id);
}

// A plan tries nothing against services, and says what would happen if it were let.
rotation::Policy planning(rotation::Policy policy) {
    policy.verify = rotation::Verify::off;
    policy.mode = rotation::Mode::rotate;
    return policy;
}

}  // namespace

World::World(asio::any_io_executor executor, Log& log, config::Settings settings)
    : transport_(executor, clock_, log, transport_options(settings)),
      issuer_(make_issuer(transport_, clock_, settings)),
      tokens_(*issuer_, clock_, log),
      vault_(transport_, tokens_, clock_, random_, settings.cloud),
      arm_(transport_, tokens_, random_, settings.cloud),
      directory_(arm_, clock_),
      storage_account_(arm_, settings.cloud.storage_suffix),
      lock_(clock_),
      rotator_({vault_, storage_account_, directory_, lock_, clock_, random_, log}, std::move(settings.policy)),
      intake_(rotator_, clock_, log, settings.cloud.vault_suffix),
      sweeper_(rotator_, {vault_, storage_account_, directory_, lock_, clock_, random_, log}),
      shadow_({vault_, storage_account_, directory_, lock_, clock_, random_, log}, rotator_.policy()) {}

World::Shadow::Shadow(engine::Ports real, rotation::Policy policy)
    : vault(real.vault),
      provider(real.provider, real.clock, real.random),
      lock(real.clock),
      rotator({vault, provider, real.directory, lock, real.clock, real.random, log}, planning(std::move(policy))),
      sweeper(rotator, {vault, provider, real.directory, lock, real.clock, real.random, log}) {}

}  // namespace kssedr::app
