#include "async/wire.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace kssedr {
namespace {

namespace websocket = boost::beast::websocket;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

}  // namespace

class Wire::Framing {
public:
    virtual ~Framing() = default;

    virtual Async<void> shake_hands(WireAddress const& at) = 0;
    virtual Task<boost::system::error_code> send(std::string_view bytes) = 0;
    virtual Task<std::pair<boost::system::error_code, std::size_t>> receive(std::span<char> room) = 0;
};

template <class Stream>
class Wire::FramingOver final : public Wire::Framing {
public:
    explicit FramingOver(Stream& stream) : frames_(stream) {
        frames_.binary(true);
        frames_.auto_fragment(false);
    }

    Async<void> shake_hands(WireAddress const& at) override {
        namespace http = boost::beast::http;
        frames_.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
            request.set(http::field::sec_websocket_protocol, at.websocket_protocol);
            request.set(http::field::user_agent, "kssedr");
        }));
        auto const host = at.uses_tls && at.port == 443 ? at.host : at.text();
        websocket::response_type answer;
        auto const [error] = co_await frames_.async_handshake(answer, host, at.websocket_path, as_result);
        if (error && answer.result_int() >= 300)
            co_return fail(Errc::unavailable,
                           at.text() + ": the WebSocket was refused with " + std::to_string(answer.result_int()));
        if (error) co_return fail(Errc::unavailable, at.text() + ": WebSocket: " + error.message());
        if (answer[http::field::sec_websocket_protocol] != at.websocket_protocol)
            co_return fail(Errc::unavailable,
                           at.text() + ": it does not speak " + at.websocket_protocol + " within a WebSocket");
        co_return Result<void>();
    }

    Task<boost::system::error_code> send(std::string_view bytes) override {
        auto const [error, size] = co_await frames_.async_write(asio::buffer(bytes.data(), bytes.size()), as_result);
        co_return error;
    }

    Task<std::pair<boost::system::error_code, std::size_t>> receive(std::span<char> room) override {
        auto const [error, size] = co_await frames_.async_read_some(asio::buffer(room.data(), room.size()), as_result);
        co_return std::pair(error, size);
    }

private:
    websocket::stream<Stream&> frames_;
};

Wire::Wire(asio::any_io_executor executor) : stream_(std::move(executor), context_) {}
Wire::~Wire() = default;

Result<void> Wire::prepare_tls(WireAddress const& at) {
    boost::system::error_code error;
    auto* const session = stream_.native_handle();
    if (at.ca_file.empty())
        context_.set_default_verify_paths(error);
    else
        context_.load_verify_file(at.ca_file, error);
    if (error)
        return fail(Errc::unavailable, "the authorities in " +
                                           (at.ca_file.empty() ? "the system's bundle" : at.ca_file) +
                                           " can not be read: " + error.message());
    // A stream takes what it verifies by from its context when it is made.
    SSL_set1_verify_cert_store(session, SSL_CTX_get_cert_store(context_.native_handle()));
    SSL_set_min_proto_version(session, TLS1_2_VERSION);
    stream_.set_verify_mode(asio::ssl::verify_peer, error);
    stream_.set_verify_callback(asio::ssl::host_name_verification(at.host), error);
    if (error || SSL_set_tlsext_host_name(session, at.host.c_str()) != 1)
        return fail(Errc::internal, "TLS could not be set up");
    return {};
}

Async<void> Wire::open(WireAddress at) {
    uses_tls_ = at.uses_tls;
    if (uses_tls_) {
        KSSEDR_CO_TRY_VOID(prepare_tls(at));
    }
    auto const failed = [&](std::string_view doing, boost::system::error_code const& error) {
        return fail(Errc::unavailable, at.text() + ": " + std::string(doing) + ": " + error.message());
    };
    asio::ip::tcp::resolver resolver(stream_.get_executor());
    auto const& where = at.connect_to.empty() ? at.host : at.connect_to;
    auto const [unresolved, places] = co_await resolver.async_resolve(where, std::to_string(at.port), as_result);
    if (unresolved) co_return failed("finding its address", unresolved);
    auto const [unconnected, place] = co_await asio::async_connect(stream_.next_layer(), places, as_result);
    if (unconnected) co_return failed("connecting", unconnected);
    boost::system::error_code ignored;
    stream_.next_layer().set_option(asio::ip::tcp::no_delay(true), ignored);
    if (uses_tls_) {
        auto const [untrusted] = co_await stream_.async_handshake(asio::ssl::stream_base::client, as_result);
        if (untrusted) co_return failed("TLS", untrusted);
    }
    if (at.websocket_path.empty()) co_return Result<void>();
    co_return co_await upgrade(at);
}

Async<void> Wire::upgrade(WireAddress const& at) {
    using Tls = asio::ssl::stream<asio::ip::tcp::socket>;
    if (uses_tls_)
        framing_ = std::make_unique<FramingOver<Tls>>(stream_);
    else
        framing_ = std::make_unique<FramingOver<asio::ip::tcp::socket>>(stream_.next_layer());
    return framing_->shake_hands(at);
}

Task<boost::system::error_code> Wire::send(std::string_view bytes) {
    if (framing_) co_return co_await framing_->send(bytes);
    auto const buffer = asio::buffer(bytes.data(), bytes.size());
    if (uses_tls_) {
        auto const [error, size] = co_await asio::async_write(stream_, buffer, as_result);
        co_return error;
    }
    auto const [error, size] = co_await asio::async_write(stream_.next_layer(), buffer, as_result);
    co_return error;
}

Task<std::pair<boost::system::error_code, std::size_t>> Wire::receive(std::span<char> room) {
    // A frame without content, or one of the protocol's own, brings no bytes.
    while (framing_) {
        auto const received = co_await framing_->receive(room);
        if (received.first || received.second > 0) co_return received;
    }
    auto const buffer = asio::buffer(room.data(), room.size());
    if (uses_tls_) {
        auto const [error, size] = co_await stream_.async_read_some(buffer, as_result);
        co_return std::pair(error, size);
    }
    auto const [error, size] = co_await stream_.next_layer().async_read_some(buffer, as_result);
    co_return std::pair(error, size);
}

void Wire::close() {
    boost::system::error_code ignored;
    stream_.next_layer().close(ignored);
}

}  // namespace kssedr
