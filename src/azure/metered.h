/// What goes out to Azure, counted: a transport and an issuer of tokens around others.

#pragma once

#include "async/clock.h"
#include "azure/token_source.h"
#include "http/transport.h"
#include "ports/metrics.h"
#include "rotation/cloud.h"

#include <string_view>

namespace kssedr::azure {

struct CallKind {
    ports::Service service = ports::Service::other;
    ports::Operation operation = ports::Operation::other;

    friend bool operator==(CallKind const&, CallKind const&) = default;
};

/// What a request is, by its method and URL. Total.
[[nodiscard]] CallKind classify_call(http::Method method, std::string_view url, rotation::Cloud const& cloud);
/// The service that tokens of this audience are for.
[[nodiscard]] ports::Service classify_audience(std::string_view audience, rotation::Cloud const& cloud);

class MeteredTransport final : public http::Transport {
public:
    /// What is handed over outlives it.
    MeteredTransport(http::Transport& transport, Clock& clock, ports::Metrics& metrics, rotation::Cloud const& cloud)
        : transport_(transport), clock_(clock), metrics_(metrics), cloud_(cloud) {}

    Async<http::Response> send(http::Request request, SteadyPoint deadline) override;

private:
    http::Transport& transport_;
    Clock& clock_;
    ports::Metrics& metrics_;
    rotation::Cloud const& cloud_;
};

class MeteredIssuer final : public TokenIssuer {
public:
    /// What is handed over outlives it.
    MeteredIssuer(TokenIssuer& issuer, ports::Metrics& metrics, rotation::Cloud const& cloud)
        : issuer_(issuer), metrics_(metrics), cloud_(cloud) {}

    Async<IssuedToken> fetch_token(std::string audience, SteadyPoint deadline) override;

private:
    TokenIssuer& issuer_;
    ports::Metrics& metrics_;
    rotation::Cloud const& cloud_;
};

}  // namespace kssedr::azure
