/// Proxy: the plain port. `CONNECT any.host:any-port` is tunnelled to the TLS port, whoever it names, so that clients
/// with real Azure host names reach the local Azure through HTTPS_PROXY; everything else goes to the plain server
/// (admin).

#pragma once

#include "async/task_group.h"
#include "base/log.h"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace kssedr::emulator {

class Proxy {
public:
    static Result<std::unique_ptr<Proxy>> open(asio::any_io_executor executor, std::uint16_t port,
                                               std::uint16_t tls_port, std::uint16_t plain_port, Log& log);
    [[nodiscard]] std::uint16_t port() const { return port_; }
    void start();
    Task<void> stop();

private:
    Proxy(asio::any_io_executor executor, asio::ip::tcp::acceptor acceptor, std::uint16_t tls_port,
          std::uint16_t plain_port, Log& log);
    Task<void> accept();
    Task<void> serve(asio::ip::tcp::socket client);

    asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_;
    std::uint16_t tls_port_;
    std::uint16_t plain_port_;
    TaskGroup tasks_;
};

}  // namespace kssedr::emulator
