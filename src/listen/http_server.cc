#include "listen/http_server.h"

#include "base/ascii.h"
#include "base/check.h"
#include "listen/session.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <list>
#include <string>

namespace kssedr::listen {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

std::string describe(std::exception_ptr thrown) {
    try {
        std::rethrow_exception(std::move(thrown));
    } catch (std::exception const& error) {
        return error.what();
    } catch (...) {
        return "something that is no exception";
    }
}

class BeastServer final : public HttpServer {
public:
    BeastServer(asio::any_io_executor executor, ServerOptions options, Handler& handler, Log& log,
                tcp::acceptor acceptor)
        : options_(std::move(options)),
          around_{options_, handler, log},
          acceptor_(std::move(acceptor)),
          port_(acceptor_.local_endpoint().port()),
          empty_(executor),
          room_(executor),
          tasks_(executor, [&log](std::string const& task, std::exception_ptr thrown) {
              log.error("http.task_failed", {{"task", task}, {"fault", describe(std::move(thrown))}});
          }) {}

    [[nodiscard]] std::uint16_t port() const override { return port_; }

    void start() override { tasks_.spawn("accept", accept()); }

    Task<void> stop(Duration grace) override {
        around_.stopping = true;
        error_code ignored;
        acceptor_.close(ignored);
        for (Session* const session : sessions_) session->end_if_idle();
        if (!sessions_.empty()) {
            empty_.expires_after(grace);
            co_await empty_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        for (Session* const session : sessions_) session->cut();
        tasks_.cancel();
        co_await tasks_.join();
    }

private:
    Task<void> accept() {
        while (acceptor_.is_open()) {
            error_code error;
            auto socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
            if (!error) {
                co_await make_room();
                if (!acceptor_.is_open()) break;
                socket.set_option(tcp::no_delay(true), error);
                ++connections_;
                tasks_.spawn("session", serve(std::move(socket)));
                continue;
            }
            if (!acceptor_.is_open()) break;
            // Out of descriptors: the ones in use have to come free first, and asking at once would spin.
            around_.log.warn("http.accept_failed", {{"fault", error.message()}});
            asio::steady_timer pause(acceptor_.get_executor(), Duration{100});
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        }
    }

    /// For one more connection. While it waits nobody is accepted; who connects waits in the kernel's queue.
    Task<void> make_room() {
        if (connections_ < options_.connections_max) co_return;
        end_an_idle_session();
        bool told = false;
        while (connections_ >= options_.connections_max && acceptor_.is_open()) {
            error_code ignored;
            room_.expires_after(Duration{1'000});
            co_await room_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            if (connections_ < options_.connections_max) break;
            if (!told) around_.log.warn("http.connections_full", {{"limit", std::to_string(options_.connections_max)}});
            told = true;
            end_an_idle_session();
        }
    }

    void end_an_idle_session() {
        Session* chosen = nullptr;
        for (Session* const session : sessions_) {
            auto const rank = session->idle_rank();
            if (rank && (chosen == nullptr || *rank < *chosen->idle_rank())) chosen = session;
        }
        if (chosen != nullptr) chosen->cut();
    }

    Task<void> serve(tcp::socket socket) {
        auto const session = make_session(std::move(socket), around_);
        Registration const registered(*this, *session);
        co_await session->run();
    }

    class Registration {
    public:
        Registration(BeastServer& server, Session& session)
            : server_(server), at_(server.sessions_.insert(server.sessions_.end(), &session)) {}
        Registration(Registration const&) = delete;
        Registration& operator=(Registration const&) = delete;
        ~Registration() {
            server_.sessions_.erase(at_);
            --server_.connections_;
            server_.room_.cancel();
            if (server_.sessions_.empty()) server_.empty_.cancel();
        }

    private:
        BeastServer& server_;
        std::list<Session*>::iterator at_;
    };

    ServerOptions options_;
    SessionSurroundings around_;
    tcp::acceptor acceptor_;
    std::uint16_t port_;
    std::list<Session*> sessions_;
    std::size_t connections_ = 0;  // a session begins a moment after it was accepted
    asio::steady_timer empty_;
    asio::steady_timer room_;
    TaskGroup tasks_;
};

}  // namespace

std::optional<std::string_view> Headers::find(std::string_view name) const {
    for (auto const& [field, value] : fields_)
        if (equals_ignore_case(field, name)) return value;
    return std::nullopt;
}

std::string_view Request::path() const {
    return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query() const {
    auto const mark = target.find('?');
    return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

Result<std::unique_ptr<HttpServer>> HttpServer::open(asio::any_io_executor executor, ServerOptions options,
                                                     Handler& handler, Log& log) {
    error_code error;
    auto const address = asio::ip::make_address(options.address, error);
    if (error) return fail(Errc::invalid_argument, "'" + options.address + "' is not an address to listen on");
    tcp::endpoint const endpoint(address, options.port);
    tcp::acceptor acceptor(executor);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error)
        return fail(Errc::unavailable, "cannot listen on " + options.address + ":" + std::to_string(options.port) +
                                           ": " + error.message());
    return std::make_unique<BeastServer>(executor, std::move(options), handler, log, std::move(acceptor));
}

}  // namespace kssedr::listen
