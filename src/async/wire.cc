#include "async/wire.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace kssedr {
namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

}  // namespace

Wire::Wire(asio::any_io_executor executor) : stream_(std::move(executor), context_) {}

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
    if (!uses_tls_) co_return Result<void>();
    auto const [untrusted] = co_await stream_.async_handshake(asio::ssl::stream_base::client, as_result);
    if (untrusted) co_return failed("TLS", untrusted);
    co_return Result<void>();
}

Task<boost::system::error_code> Wire::send(std::string_view bytes) {
    auto const buffer = asio::buffer(bytes.data(), bytes.size());
    if (uses_tls_) {
        auto const [error, size] = co_await asio::async_write(stream_, buffer, as_result);
        co_return error;
    }
    auto const [error, size] = co_await asio::async_write(stream_.next_layer(), buffer, as_result);
    co_return error;
}

Task<std::pair<boost::system::error_code, std::size_t>> Wire::receive(std::span<char> room) {
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
