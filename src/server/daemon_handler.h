/// DaemonHandler: everything that `kssedr serve` answers over HTTP, behind the gates.

#pragma once

#include "server/api.h"
#include "server/gate.h"
#include "server/push.h"

namespace kssedr::server {

/// What the handler works on; all of it outlives it.
struct DaemonParts {
    Status const& status;
    Kept kept;
    RotateNow& rotate_now;
    ServerMetrics& metrics;
    Clock& clock;
    Log& log;
};

/// What one configuration says; a reload brings another.
struct DaemonRules {
    std::string vault_suffix;  ///< as in rotation::Cloud
    GateRules push;            ///< without rules nobody may push, and nothing is at the path
    GateRules api;
};

struct DaemonOptions {
    std::string version;
    std::optional<std::string> region_name;
    DaemonRules rules;
    std::function<void()> on_accepted;  ///< something was put into the inbox; may be empty
};

class DaemonHandler final : public listen::Handler {
public:
    DaemonHandler(asio::any_io_executor executor, DaemonParts parts, DaemonOptions options);

    Task<listen::Response> handle(listen::Request& request) override;
    void renew(DaemonRules rules);
    /// Cancels the rotations that were asked for, and waits for them. To be awaited before its end.
    Task<void> close() { return rotations_.close(); }

private:
    Task<listen::Response> handle_guarded(FoundRoute found, listen::Request const& request);
    [[nodiscard]] listen::Response show(Operation operation, listen::Request const& request) const;
    Task<listen::Response> show_metrics();

    DaemonParts parts_;
    DaemonOptions options_;
    Gate push_gate_;
    Gate api_gate_;
    Rotations rotations_;
    PushEndpoint push_;
    Api api_;
};

/// web/page.html: self-contained, loads nothing from elsewhere.
[[nodiscard]] std::string_view daemon_page();

}  // namespace kssedr::server
