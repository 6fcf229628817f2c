/// RawServer: a server that says exactly the bytes a test wants said, and remembers what it was sent.
///
/// A script is called for each connection and ends it by returning. Real sockets, any free port of the loopback, plain
/// or TLS.

#pragma once

#include "async/task_group.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <charconv>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kssedr::test {

/// A request as it came over the wire.
struct RawRequest {
    std::string head;  ///< request line and headers, each with its line end
    std::string body;
    int connection = 0;  ///< which connection brought it, counted from 1

    [[nodiscard]] std::string_view line() const { return std::string_view(head).substr(0, head.find("\r\n")); }
    /// Whether this header line stands there, in exactly this case.
    [[nodiscard]] bool has(std::string_view header) const {
        return head.find("\r\n" + std::string(header) + "\r\n") != std::string::npos;
    }
};

/// One connection, in the hands of a script.
class RawConnection {
public:
    RawConnection(asio::ip::tcp::socket socket, asio::ssl::context* tls, int number, std::vector<RawRequest>& requests)
        : number_(number), requests_(requests) {
        if (tls != nullptr) {
            secure_ = std::make_unique<asio::ssl::stream<asio::ip::tcp::socket>>(std::move(socket), *tls);
        } else {
            plain_ = std::make_unique<asio::ip::tcp::socket>(std::move(socket));
        }
    }

    [[nodiscard]] int number() const { return number_; }
    asio::ip::tcp::socket& socket() { return secure_ ? secure_->next_layer() : *plain_; }

    Task<bool> shake_hands() {
        boost::system::error_code error;
        if (secure_)
            co_await secure_->async_handshake(asio::ssl::stream_base::server,
                                              asio::redirect_error(asio::use_awaitable, error));
        co_return !error;
    }

    /// Reads one whole request; false where the peer ended the connection instead.
    Task<bool> read_request() {
        std::size_t head = 0;
        while ((head = buffered_.find("\r\n\r\n")) == std::string::npos) {
            bool const more = co_await read_some();
            if (!more) co_return false;
        }
        RawRequest request{buffered_.substr(0, head + 2), {}, number_};
        std::size_t const length = content_length(request.head);
        while (buffered_.size() < head + 4 + length) {
            bool const more = co_await read_some();
            if (!more) co_return false;
        }
        request.body = buffered_.substr(head + 4, length);
        buffered_.erase(0, head + 4 + length);
        requests_.push_back(std::move(request));
        co_return true;
    }

    Task<void> say(std::string bytes) {
        boost::system::error_code ignored;
        auto token = asio::redirect_error(asio::use_awaitable, ignored);
        if (secure_) {
            co_await asio::async_write(*secure_, asio::buffer(bytes), std::move(token));
        } else {
            co_await asio::async_write(*plain_, asio::buffer(bytes), std::move(token));
        }
    }

    Task<void> pause(std::chrono::milliseconds span) {
        asio::steady_timer timer(socket().get_executor(), span);
        co_await timer.async_wait(asio::use_awaitable);
    }

    /// Waits until the peer ends the connection.
    Task<void> wait_for_end() {
        for (;;) {
            bool const more = co_await read_some();
            if (!more) co_return;
        }
    }

    /// Ends the connection the rude way: the peer sees a reset.
    void reset() {
        boost::system::error_code ignored;
        socket().set_option(asio::socket_base::linger(true, 0), ignored);
        socket().close(ignored);
    }

private:
    static std::size_t content_length(std::string_view head) {
        for (std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
            auto const at = head.find(name);
            std::size_t length = 0;
            if (at != std::string_view::npos) {
                std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
                return length;
            }
        }
        return 0;
    }

    Task<bool> read_some() {
        boost::system::error_code error;
        char piece[16384];
        auto token = asio::redirect_error(asio::use_awaitable, error);
        std::size_t count = 0;
        if (secure_) {
            count = co_await secure_->async_read_some(asio::buffer(piece), std::move(token));
        } else {
            count = co_await plain_->async_read_some(asio::buffer(piece), std::move(token));
        }
        buffered_.append(piece, count);
        co_return !error;
    }

    int number_;
    std::vector<RawRequest>& requests_;
    std::unique_ptr<asio::ip::tcp::socket> plain_;
    std::unique_ptr<asio::ssl::stream<asio::ip::tcp::socket>> secure_;
    std::string buffered_;
};

class RawServer {
public:
    using Script = std::function<Task<void>(RawConnection&)>;

    RawServer(asio::any_io_executor executor, Script script, asio::ssl::context* tls = nullptr)
        : script_(std::move(script)),
          tls_(tls),
          acceptor_(executor, {asio::ip::address_v4::loopback(), 0}),
          tasks_(executor, [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {
        tasks_.spawn("accept", accept());
    }

    [[nodiscard]] std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
    [[nodiscard]] std::string url(std::string_view path = "/") const {
        return (tls_ != nullptr ? "https://localhost:" : "http://127.0.0.1:") + port() + std::string(path);
    }
    [[nodiscard]] std::vector<RawRequest> const& requests() const { return requests_; }
    /// How many connections were made.
    [[nodiscard]] int connections() const { return connections_; }

    Task<void> stop() {
        tasks_.cancel();
        co_await tasks_.join();
    }

private:
    Task<void> accept() {
        for (;;) {
            auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
            tasks_.spawn("connection", serve(std::move(socket), ++connections_));
        }
    }

    Task<void> serve(asio::ip::tcp::socket socket, int number) {
        RawConnection connection(std::move(socket), tls_, number, requests_);
        bool const secure = co_await connection.shake_hands();
        if (!secure) co_return;
        co_await script_(connection);
    }

    Script script_;
    asio::ssl::context* tls_;
    int connections_ = 0;
    std::vector<RawRequest> requests_;
    asio::ip::tcp::acceptor acceptor_;
    TaskGroup tasks_;
};

}  // namespace kssedr::test
