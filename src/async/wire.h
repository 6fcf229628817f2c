/// Wire: a connection to a server in TLS or in the clear, for protocols that a library speaks and nobody carries;
/// within a WebSocket (RFC 6455, binary) where its address says so.
///
/// TLS 1.2 or newer, the server's name and certificate always verified. Whoever waits bounds its time by cancelling, or
/// by `close`, which ends what is under way with an error. Event loop thread only.

#pragma once

#include "async/async.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kssedr {

struct WireAddress {
    std::string host;  ///< whose certificate is asked for
    std::uint16_t port = 0;
    bool uses_tls = true;
    std::string ca_file;             ///< PEM; empty: the system's bundle
    std::string connect_to;          ///< an address in place of what the host's name resolves to; empty: none
    std::string websocket_path;      ///< `/$servicebus/websocket`; empty: no WebSocket
    std::string websocket_protocol;  ///< what is to be spoken within, `AMQPWSB10`

    [[nodiscard]] std::string text() const { return host + ':' + std::to_string(port); }
};

class Wire {
public:
    explicit Wire(asio::any_io_executor executor);
    ~Wire();
    Wire(Wire const&) = delete;
    Wire& operator=(Wire const&) = delete;

    /// `unavailable`, with what is wrong.
    Async<void> open(WireAddress at);
    /// All of it. The error, or none.
    Task<boost::system::error_code> send(std::string_view bytes);
    /// Some bytes, at least one where there is no error; the peer's end is an error too.
    Task<std::pair<boost::system::error_code, std::size_t>> receive(std::span<char> room);
    void close();

private:
    class Framing;
    template <class Stream>
    class FramingOver;

    Result<void> prepare_tls(WireAddress const& at);
    Async<void> upgrade(WireAddress const& at);

    asio::ssl::context context_{asio::ssl::context::tls_client};
    asio::ssl::stream<asio::ip::tcp::socket> stream_;
    bool uses_tls_ = true;
    std::unique_ptr<Framing> framing_;  // null: no WebSocket
};

}  // namespace kssedr
