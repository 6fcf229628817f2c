/// Doors: the HTTP side of the daemon, over whichever generation is at work.
///
/// It outlasts generations. Between two of them nothing is rotated over the API: who asks waits for the next one.

#pragma once

#include "app/generation.h"
#include "async/waiters.h"
#include "config/settings.h"
#include "server/daemon_handler.h"

#include <memory>

namespace kssedr::app {

/// What metrics are told of the configuration: the names that labels may have. To be asked before the settings go.
[[nodiscard]] server::MetricsOptions metrics_options(config::Settings const& settings);

class Doors final : public server::Status, public server::RotateNow {
public:
    /// What it is handed outlives it, but for `settings`; the generation may change, and is told by `pause` and
    /// `renew`.
    Doors(asio::any_io_executor executor, std::unique_ptr<Generation>& generation, store::Store& store,
          server::ServerMetrics& metrics, Log& log, config::Settings const& settings);

    listen::Handler& handler() { return handler_; }
    /// Looks after store and identity until it is closed.
    void start();
    /// Completes when nothing is being rotated over the API; what is asked for from then on waits.
    Task<void> pause();
    /// Another generation is to work by these settings, which say anew who may ask.
    void renew(config::Settings const& settings);
    /// It is at work.
    void resume();
    /// The process ends: says so, waits for what is rotated, and begins nothing more.
    Task<void> close();

    [[nodiscard]] server::StatusSnapshot read() const override;
    Task<rotation::Outcome> rotate(server::RotateRequest request) override;

private:
    struct Checks;

    [[nodiscard]] server::DaemonRules make_rules(config::Settings const& settings);
    Task<void> look_after_store();
    Task<void> look_after_identity();

    asio::any_io_executor executor_;
    std::unique_ptr<Generation>& generation_;
    store::Store& store_;
    server::ServerMetrics& metrics_;
    Log& log_;
    SystemClock clock_;
    TimePoint started_;
    bool is_stopping_ = false;
    bool is_paused_ = false;
    std::size_t rotating_ = 0;
    Waiters changed_;
    server::PartStatus store_status_;
    server::PartStatus identity_status_;
    Waiters identity_renewed_;
    server::DaemonHandler handler_;
    TaskGroup tasks_;
};

}  // namespace kssedr::app
