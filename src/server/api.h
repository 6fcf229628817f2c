/// Api: `/api/v1`, for people's tools and the page: how the daemon is, what was done, what needs a person, rotate now.
///
/// Whoever asks was let in before. Answers are JSON; what goes wrong says its cause and the cure.

#pragma once

#include "async/clock.h"
#include "listen/http_server.h"
#include "ports/inbox.h"
#include "ports/outcome_history.h"
#include "ports/parked_events.h"
#include "server/rotations.h"
#include "server/routes.h"
#include "server/status.h"

#include <functional>
#include <string>

namespace kssedr::server {

/// What the store holds.
struct Kept {
    ports::OutcomeHistory& history;
    ports::ParkedEvents& parked;
    ports::Inbox& inbox;
};

class Api {
public:
    /// `on_accepted` as PushEndpoint's. `vault_suffix` as in rotation::Cloud.
    Api(Status const& status, Kept kept, Rotations& rotations, Clock& clock, std::string version,
        std::string vault_suffix, std::function<void()> on_accepted)
        : status_(status),
          kept_(kept),
          rotations_(rotations),
          clock_(clock),
          version_(std::move(version)),
          vault_suffix_(std::move(vault_suffix)),
          on_accepted_(std::move(on_accepted)) {}

    void set_vault_suffix(std::string suffix) { vault_suffix_ = std::move(suffix); }
    /// An operation of the API; `id` as FoundRoute's.
    Task<listen::Response> handle(Operation operation, std::string id, listen::Request const& request);

private:
    Task<listen::Response> show_status();
    Task<listen::Response> show_history(listen::Request const& request);
    Task<listen::Response> list_parked(listen::Request const& request);
    Task<listen::Response> show_parked(std::string id);
    Task<listen::Response> requeue_parked(std::string id);
    Task<listen::Response> drop_parked(std::string id);
    Task<listen::Response> rotate(listen::Request const& request);
    [[nodiscard]] listen::Response show_rotation(std::string_view id) const;
    [[nodiscard]] SteadyPoint store_deadline() const;

    Status const& status_;
    Kept kept_;
    Rotations& rotations_;
    Clock& clock_;
    std::string version_;
    std::string vault_suffix_;
    std::function<void()> on_accepted_;
};

}  // namespace kssedr::server
