/// Settings: everything that can be set, validated (CONTRACT 2; docs/configuration.md).

#pragma once

#include "base/error.h"
#include "base/log.h"
#include "base/secret_string.h"
#include "config/environment.h"
#include "config/event_source.h"
#include "config/storage_setting.h"
#include "rotation/catalogue.h"
#include "rotation/cloud.h"
#include "rotation/hook.h"
#include "rotation/login_database.h"
#include "rotation/policy.h"

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::config {

/// Who kssedr is towards Entra: a client secret, a certificate, a federated token, or a managed identity, whichever is
/// set, in this order.
struct Identity {
    std::string tenant_id;
    std::string client_id;
    SecretString client_secret;
    std::string certificate_file;       ///< AZURE_CLIENT_CERTIFICATE_PATH
    SecretString certificate_password;  ///< AZURE_CLIENT_CERTIFICATE_PASSWORD
    std::string federated_token_file;   ///< AZURE_FEDERATED_TOKEN_FILE
    std::string identity_endpoint;      ///< IDENTITY_ENDPOINT
    SecretString identity_header;       ///< IDENTITY_HEADER

    [[nodiscard]] bool has_client_secret() const { return !client_secret.empty(); }
    [[nodiscard]] bool has_certificate() const { return !certificate_file.empty(); }
    [[nodiscard]] bool has_federated_token() const { return !federated_token_file.empty(); }
    [[nodiscard]] bool has_managed_identity() const { return !identity_endpoint.empty(); }
};

/// A setting of kssedr's own that may hold a key of something that kssedr rotates.
struct OwnCredential {
    std::string name;
    SecretString value;
};

/// Who may push events. Nothing set: nobody, and there is nothing at the path.
struct PushSettings {
    std::vector<std::string> audiences;          ///< of Entra's tokens; empty: none is taken
    std::string application;                     ///< Event Grid's own, whose tokens are taken; empty: the cloud's
    SecretString secret;                         ///< that a header holds; empty: none is taken
    std::string secret_header = "x-kssedr-key";  ///< lower case
};

/// Who may use the API. Nothing set: nobody, and there is nothing at its paths.
struct ApiSettings {
    SecretString token;                   ///< a bearer token; empty: none is taken
    std::vector<std::string> audiences;   ///< of Entra's tokens; empty: none is taken
    std::string role = "Kssedr.Operate";  ///< that a token of Entra's must have
};

/// What `kssedr serve` does besides.
struct DaemonSettings {
    std::string listen_address = "127.0.0.1";
    std::uint16_t listen_port = 8080;
    PushSettings push;
    ApiSettings api;
    std::vector<EventSourceSetting> sources;
    /// Where checkpoints are kept and partitions shared; nothing: in the store.
    std::optional<LockContainer> checkpoints;
    /// AzureWebJobsStorage's queue service, for the queues that name no other.
    std::optional<StorageSetting> own_queues;
    Duration sweep_every = std::chrono::hours{1};
    Duration stop_grace = std::chrono::seconds{25};  ///< from SIGTERM to the end
};

struct Settings {
    Identity identity;
    rotation::Cloud cloud;
    rotation::Policy policy;
    /// The built-in one, with what KSSEDR_CATALOGUE's file adds and overrides.
    rotation::LazyCatalogue catalogue{rotation::Catalogue()};
    std::vector<rotation::LoginDatabase> databases;
    std::vector<rotation::Hook> hooks;
    std::vector<std::string> resolve;  ///< `host:port:address`
    std::string ca_file;               ///< empty: the system's bundle
    std::optional<LockContainer>
        lock_container;             ///< where instances meet; nothing: locks hold within this process only
    bool is_only_instance = false;  ///< KSSEDR_LOCKS=none: somebody said that there is no other
    std::vector<OwnCredential> own_credentials;
    std::optional<std::string> region_name;  ///< REGION_NAME, for IsAlive
    Duration invocation_budget = std::chrono::minutes{4};
    std::optional<std::uint16_t> functions_port;  ///< FUNCTIONS_CUSTOMHANDLER_PORT
    std::string store_location;                   ///< KSSEDR_STORE, as store::parse_location reads it
    Duration history_retention = std::chrono::days{730};
    DaemonSettings daemon;
};

/// What the command line sets over everything else.
struct Overrides {
    std::string config_file;  ///< --config
    std::string ca_file;      ///< --ca-file: used where SSL_CERT_FILE is not set
};

struct Loaded {
    Settings settings;
    std::vector<std::string> warnings;  ///< legal, but likely not meant
};

/// Sentences, each with the name of the setting and how to mend it.
using Problems = std::vector<std::string>;

/// Command line over environment over file over default. Reads the configuration file where one is named; touches
/// nothing else.
[[nodiscard]] std::expected<Loaded, Problems> load(Environment const& environment, Overrides const& overrides);

/// What must be set for talking to Azure; empty where nothing lacks.
[[nodiscard]] Problems check_identity(Settings const& settings);

}  // namespace kssedr::config
