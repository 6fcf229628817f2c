/// Session: one connection of an HttpServer, from its handshake to its end.
///
/// Known to http_server.cc alone. A session is run by one coroutine of the server's TaskGroup and lives in its frame.

#pragma once

#include "listen/http_server.h"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace kssedr::listen {

/// What the sessions of a server share; outlives them.
struct SessionSurroundings {
    ServerOptions const& options;
    Handler& handler;
    Log& log;
    bool stopping = false;         ///< answers say `Connection: close`
    std::uint64_t idle_begun = 0;  ///< how often a session has become idle
};

class Session {
public:
    virtual ~Session() = default;

    /// Serves requests until the peer, a limit or the server ends it.
    virtual Task<void> run() = 0;
    /// Between two requests: when it became so, as a count of its server's sessions; those that never asked anything
    /// first. Nothing while it is at work.
    [[nodiscard]] virtual std::optional<std::pair<bool, std::uint64_t>> idle_rank() const = 0;
    /// Ends it now if it is between two requests; else it ends after the answer (`stopping`).
    virtual void end_if_idle() = 0;
    /// Closes the socket whatever goes on.
    virtual void cut() = 0;
};

/// Plain, or TLS where the options say so.
[[nodiscard]] std::unique_ptr<Session> make_session(asio::ip::tcp::socket socket, SessionSurroundings& around);

}  // namespace kssedr::listen
