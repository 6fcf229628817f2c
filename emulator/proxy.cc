#include "emulator/proxy.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <string_view>

namespace kssedr::emulator {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t head_bytes_max = 64U << 10U;
constexpr Duration head_limit{30'000};

/// Copies until the source ends, then says so to the sink.
Task<void> pump(tcp::socket& from, tcp::socket& to) {
    std::array<char, 16 << 10> bytes{};
    error_code error;
    while (!error) {
        auto const count =
            co_await from.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
        if (count == 0) break;
        co_await asio::async_write(to, asio::buffer(bytes.data(), count),
                                   asio::redirect_error(asio::use_awaitable, error));
    }
    // A reset on one side has to arrive as one on the other: the faults of the local Azure are made of them.
    if (error == asio::error::connection_reset) {
        error_code ignored;
        to.set_option(asio::socket_base::linger(true, 0), ignored);
        to.close(ignored);
        from.close(ignored);
        co_return;
    }
    error_code ignored;
    to.shutdown(tcp::socket::shutdown_send, ignored);
}

Task<std::string> read_head(tcp::socket& client) {
    std::string head;
    error_code error;
    co_await asio::async_read_until(client, asio::dynamic_buffer(head, head_bytes_max), "\r\n\r\n",
                                    asio::redirect_error(asio::use_awaitable, error));
    if (error) head.clear();
    co_return head;
}

}  // namespace

Proxy::Proxy(asio::any_io_executor executor, tcp::acceptor acceptor, std::uint16_t tls_port, std::uint16_t plain_port,
             Log& log)
    : acceptor_(std::move(acceptor)),
      port_(acceptor_.local_endpoint().port()),
      tls_port_(tls_port),
      plain_port_(plain_port),
      tasks_(executor, [&log](std::string const& task, std::exception_ptr) {
          log.error("emulator.task_failed", {{"task", task}});
      }) {}

Result<std::unique_ptr<Proxy>> Proxy::open(asio::any_io_executor executor, std::uint16_t port, std::uint16_t tls_port,
                                           std::uint16_t plain_port, Log& log) {
    error_code error;
    tcp::acceptor acceptor(executor);
    tcp::endpoint const endpoint(asio::ip::make_address("127.0.0.1"), port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error)
        return fail(Errc::unavailable, "cannot listen on 127.0.0.1:" + std::to_string(port) + ": " + error.message());
    return std::unique_ptr<Proxy>(new Proxy(executor, std::move(acceptor), tls_port, plain_port, log));
}

void Proxy::start() {
    tasks_.spawn("proxy accept", accept());
}

Task<void> Proxy::stop() {
    error_code ignored;
    acceptor_.close(ignored);
    tasks_.cancel();
    co_await tasks_.join();
}

Task<void> Proxy::accept() {
    while (acceptor_.is_open()) {
        error_code error;
        auto client = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (!error) {
            client.set_option(tcp::no_delay(true), error);
            tasks_.spawn("tunnel", serve(std::move(client)));
            continue;
        }
        if (!acceptor_.is_open()) break;
        asio::steady_timer pause(acceptor_.get_executor(), Duration{100});
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
}

Task<void> Proxy::serve(tcp::socket client) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer limit(client.get_executor(), head_limit);
    auto const heard = co_await (read_head(client) || limit.async_wait(asio::use_awaitable));
    auto const* head = std::get_if<std::string>(&heard);
    if (head == nullptr || head->empty()) co_return;

    bool const connects = head->starts_with("CONNECT ");
    tcp::socket server(client.get_executor());
    tcp::endpoint const address(asio::ip::make_address("127.0.0.1"), connects ? tls_port_ : plain_port_);
    error_code error;
    co_await server.async_connect(address, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    server.set_option(tcp::no_delay(true), error);
    // What came beyond the head of a CONNECT is already the tunnel's.
    std::string const onward = connects ? head->substr(head->find("\r\n\r\n") + 4) : *head;
    if (connects) {
        static constexpr std::string_view established = "HTTP/1.1 200 Connection established\r\n\r\n";
        co_await asio::async_write(client, asio::buffer(established), asio::redirect_error(asio::use_awaitable, error));
    }
    co_await asio::async_write(server, asio::buffer(onward), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    co_await (pump(client, server) && pump(server, client));
}

}  // namespace kssedr::emulator
