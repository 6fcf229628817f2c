/// CurlTransport: the Transport of the real world, on libcurl.
///
/// libcurl brings the connection pool, HTTP/2, proxies and TLS; the event loop tells it which sockets are ready and
/// when its timer is due (its "multi socket" interface), so thousands of calls wait on one thread. Nothing of libcurl
/// is started before the first call: the program must answer its host's first question within milliseconds.

#pragma once

#include "async/clock.h"
#include "base/log.h"
#include "http/transport.h"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace kssedr::http {

struct TransportOptions {
    std::string user_agent = "kssedr";
    std::string ca_file;               ///< PEM bundle to trust instead of the system's; empty: the system's
    std::vector<std::string> resolve;  ///< `host:port:address` each, `*` allowed as host; an IPv6 address in brackets
    Duration connect_limit{10'000};    ///< for name, connection and TLS together
    Duration silence_limit{60'000};    ///< a transfer that moves nothing for so long is given up
    long connections_per_host = 16;    ///< further calls to a host wait for one of these
    long connections_max = 128;
};

class CurlCall;

/// Proxies are taken from the environment as curl does (`https_proxy`, `no_proxy`, …). Event loop thread only.
class CurlTransport final : public Transport {
public:
    CurlTransport(asio::any_io_executor executor, Clock& clock, Log& log, TransportOptions options);
    /// Calls that still wait are dropped without an answer.
    ~CurlTransport() override;

    Async<Response> send(Request request, SteadyPoint deadline) override;

private:
    struct Started;

    void tell(CurlCall const& call, Result<Response> const& result, Duration took);

    asio::any_io_executor executor_;
    Clock& clock_;
    Log& log_;
    TransportOptions options_;
    std::unique_ptr<Started> started_;  // null before the first call
};

}  // namespace kssedr::http
