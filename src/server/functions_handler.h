/// FunctionsHandler: kssedr as an Azure Functions custom handler.
///
/// The host asks `POST /{function}` with an envelope, and forwards HTTP functions as they came where request forwarding
/// is on; both are served. What the host makes of an answer decides its form (docs/operations/functions-host.md): never
/// an empty 2xx; 500 lets its retry policy deliver the whole batch again; with the last attempt, and for what a person
/// must see, the events go to the output binding `poison` instead.

#pragma once

#include "async/clock.h"
#include "engine/intake.h"
#include "engine/sweeper.h"
#include "listen/http_server.h"

#include <optional>
#include <string>

namespace kssedr::server {

struct FunctionsOptions {
    std::string version;
    std::optional<std::string> region_name;
    Duration invocation_budget = std::chrono::minutes{4};
    bool has_vaults = false;  ///< configuration names vaults, which the timer sweeps
};

class FunctionsHandler final : public listen::Handler {
public:
    FunctionsHandler(engine::Intake& intake, engine::Sweeper& sweeper, Clock& clock, Log& log, FunctionsOptions options)
        : intake_(intake), sweeper_(sweeper), clock_(clock), log_(log), options_(std::move(options)) {}

    Task<listen::Response> handle(listen::Request& request) override;

private:
    Task<listen::Response> handle_events(listen::Request& request);
    Task<listen::Response> handle_sweep();
    [[nodiscard]] listen::Response handle_http_function(listen::Request& request) const;
    /// An HTTP function by the end of its path, whatever route prefix the host has; nothing where there is none.
    [[nodiscard]] std::optional<listen::Response> find_page(std::string_view path, std::string_view host) const;

    engine::Intake& intake_;
    engine::Sweeper& sweeper_;
    Clock& clock_;
    Log& log_;
    FunctionsOptions options_;
};

}  // namespace kssedr::server
