/// World: the object graph of the real program, from settings to engine.

#pragma once

#include "async/clock.h"
#include "async/offload.h"
#include "azure/blob_lease.h"
#include "azure/graph.h"
#include "azure/key_vault.h"
#include "azure/metered.h"
#include "azure/token_cache.h"
#include "azure/vault_directory.h"
#include "base/random.h"
#include "config/settings.h"
#include "engine/in_process_lock.h"
#include "engine/intake.h"
#include "engine/shadow.h"
#include "engine/sweeper.h"
#include "http/curl_transport.h"
#include "providers/catalogue_slots.h"
#include "providers/database_logins.h"
#include "providers/entra_applications.h"
#include "providers/hooks.h"
#include "providers/slots_by_kind.h"

#include <memory>

namespace kssedr::app {

/// Says where nothing keeps instances apart, and nobody said that there is one only.
void warn_of_locks(Log& log, config::Settings const& settings);

/// Makes nothing but objects: no connection, no thread, no file is opened here. Event loop thread only.
class World {
public:
    /// What becomes of outcomes: they are logged as they end, or whoever asked keeps them, and logs them then.
    enum class Outcomes : std::uint8_t { are_logged, are_kept };

    /// `metrics` is told what goes out to Azure, and outlives it; null: nobody is.
    World(asio::any_io_executor executor, Log& log, config::Settings settings, Outcomes outcomes = Outcomes::are_logged,
          ports::Metrics* metrics = nullptr);
    World(World const&) = delete;
    World& operator=(World const&) = delete;

    /// Gives back what is held among instances. To be awaited before the world is destroyed, once nothing is under way.
    Task<void> close();

    Clock& clock() { return clock_; }
    Random& random() { return random_; }
    http::Transport& transport() { return transport_; }
    azure::TokenSource& tokens() { return tokens_; }
    rotation::Cloud const& cloud() const { return cloud_; }
    /// What is held among instances, or within this process where nothing is.
    ports::OwnerLock& lock() { return chosen_lock(); }
    /// How many of those are held now.
    [[nodiscard]] std::size_t leases() const { return shared_lock_ ? shared_lock_->held() : lock_.held(); }
    config::DaemonSettings& daemon() { return daemon_; }
    [[nodiscard]] std::string const& ca_file() const { return ca_file_; }
    [[nodiscard]] std::vector<std::string> const& resolve() const { return resolve_; }
    Offload& offload() { return offload_; }
    /// A client of that storage.
    azure::StorageClient blobs(config::StorageSetting storage);
    azure::StorageClient queues(config::StorageSetting storage);
    engine::Rotator& rotator() { return rotator_; }
    engine::Intake& intake() { return intake_; }
    engine::Sweeper& sweeper() { return sweeper_; }
    /// A sweeper whose effects happen in memory only.
    engine::Sweeper& planner() { return shadow_.sweeper; }

private:
    std::unique_ptr<azure::BlobLock> make_shared_lock(asio::any_io_executor const& executor, Log& log,
                                                      config::Settings& settings);
    ports::OwnerLock& chosen_lock();
    engine::Ports ports(Log& log);

    config::DaemonSettings daemon_;
    std::string ca_file_;
    std::vector<std::string> resolve_;
    rotation::Cloud cloud_;
    SystemClock clock_;
    SystemRandom random_;
    ports::NullMetrics no_metrics_;
    http::CurlTransport curl_;
    azure::MeteredTransport transport_;
    std::unique_ptr<azure::TokenIssuer> issuer_;
    azure::MeteredIssuer metered_issuer_;
    azure::TokenCache tokens_;
    azure::KeyVault vault_;
    azure::ArmClient arm_;
    azure::GraphClient graph_;
    azure::VaultDirectory directory_;
    rotation::LazyCatalogue catalogue_;
    providers::CatalogueSlots catalogue_slots_;
    providers::Hooks hooks_;
    providers::SlotsByKind slots_;
    providers::EntraApplications applications_;
    Offload offload_;
    providers::DatabaseLogins logins_;
    engine::InProcessLock lock_;
    std::unique_ptr<azure::BlobLock> shared_lock_;  // null: this process is the only one, or nothing was said
    engine::Rotator rotator_;
    engine::Intake intake_;
    engine::Sweeper sweeper_;

    /// What could not be looked at is said as ever; what would be done is no event, nothing is done.
    class PlannersLog final : public Log {
    public:
        explicit PlannersLog(Log& real) : real_(real) {}

    private:
        void put(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override;

        Log& real_;
    };

    /// The same engine over ports that change nothing.
    struct Shadow {
        Shadow(engine::Ports real, engine::Rotator const& rotating);

        PlannersLog log;
        engine::ShadowVault vault;
        engine::ShadowProvider provider;
        engine::ShadowLists lists;
        engine::ShadowLogins logins;
        engine::InProcessLock lock;
        engine::Rotator rotator;
        engine::Sweeper sweeper;
    } shadow_;
};

}  // namespace kssedr::app
