/// HttpServer: the plumbing of an HTTP/1.1 server on Beast, shared by the program's own server and the
/// local Azure.
///
/// It accepts, reads whole requests within limits, asks a handler, writes the answer, keeps connections alive.
/// A body is read once into one buffer, which is handed over: room for all of it is taken at once where its length is
/// said, and room for the longest allowed one once it passes 1 MB where it comes in chunks. Plain or TLS.
/// Event loop thread only.

#pragma once

#include "async/async.h"
#include "async/task_group.h"
#include "base/log.h"
#include "base/secret_string.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace kssedr::listen {

/// Header fields in the order they came; names compare without regard to case.
class Headers {
public:
    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    /// The first value of that name; nothing where there is none.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> const& all() const { return fields_; }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
    std::string method;  ///< upper case as sent
    std::string target;  ///< path and query as sent
    std::string host;    ///< Host header in lower case, port included
    Headers headers;
    SecretString body;

    /// The target up to `?`, percent-decoding not done.
    [[nodiscard]] std::string_view path() const;
    /// What follows `?`; empty where nothing does.
    [[nodiscard]] std::string_view query() const;
};

struct Response {
    unsigned status = 200;
    Headers headers;  ///< Content-Length, Connection and Date are added; a Date given here wins
    std::string body;
    bool close = false;  ///< end the connection after this answer
    bool reset = false;  ///< send nothing and reset the connection (the local Azure's faults)
};

class Handler {
public:
    virtual ~Handler() = default;
    /// Answers one request. Called concurrently for different connections. What it throws is answered 500 and logged.
    virtual Task<Response> handle(Request& request) = 0;
};

struct ServerOptions {
    std::string address = "127.0.0.1";  ///< a literal
    std::uint16_t port = 0;             ///< 0: any free one
    std::uint64_t body_limit = 1U << 20U;
    std::uint32_t header_limit = 64U << 10U;
    Duration idle_limit{120'000};  ///< a connection without a request is closed after this
    Duration read_limit{300'000};  ///< a request must have arrived whole within this
    /// Each holds a descriptor that outgoing calls need too. One more ends the longest idle, best one that never asked;
    /// where all are at work it waits.
    std::size_t connections_max = 1024;
    asio::ssl::context* tls = nullptr;  ///< null: plain
};

class HttpServer {
public:
    /// Binds (with SO_REUSEADDR) and listens. `unavailable` where the address is taken, with its name.
    static Result<std::unique_ptr<HttpServer>> open(asio::any_io_executor executor, ServerOptions options,
                                                    Handler& handler, Log& log);
    virtual ~HttpServer() = default;

    [[nodiscard]] virtual std::uint16_t port() const = 0;
    /// Accepts until `stop()`.
    virtual void start() = 0;
    /// Two phases: no new connections and requests at once, those being answered get `grace`, then all are cut.
    virtual Task<void> stop(Duration grace) = 0;
};

}  // namespace kssedr::listen
