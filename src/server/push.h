/// PushEndpoint: events that are posted to `/api/events`.
///
/// What is posted is stored first and worked on after: the answer says that it is kept, and comes within Event Grid's
/// thirty seconds however long a rotation takes. Answers go by what Event Grid does with them: what it sends again
/// (503) for all that may pass, what it drops (400, 401, 403, 413) only for what is wrong for good.

#pragma once

#include "async/clock.h"
#include "base/log.h"
#include "listen/http_server.h"
#include "ports/inbox.h"
#include "server/metrics.h"

#include <functional>

namespace kssedr::server {

class PushEndpoint {
public:
    /// `on_accepted` is called when something was put into the inbox; it may be empty. Whoever may push was let in
    /// before.
    PushEndpoint(ports::Inbox& inbox, ServerMetrics& metrics, Clock& clock, Log& log, std::function<void()> on_accepted)
        : inbox_(inbox), metrics_(metrics), clock_(clock), log_(log), on_accepted_(std::move(on_accepted)) {}

    Task<listen::Response> take(listen::Request const& request);
    /// CloudEvents' handshake: consents, for whoever could show that he may push. Source: CloudEvents, "HTTP 1.1 Web
    /// Hooks for Event Delivery", 4.
    [[nodiscard]] listen::Response consent(listen::Request const& request);

private:
    ports::Inbox& inbox_;
    ServerMetrics& metrics_;
    Clock& clock_;
    Log& log_;
    std::function<void()> on_accepted_;
};

}  // namespace kssedr::server
