#include "providers/redis_wire.h"

#include "base/ascii.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <span>

namespace kssedr::providers {
namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t answer_max = 1U << 20U;

void wipe_texts(redisReply& reply) {
    if (reply.str != nullptr) wipe({reply.str, reply.len});
    for (std::size_t i = 0; reply.type == REDIS_REPLY_ARRAY && i < reply.elements; ++i)
        if (reply.element[i] != nullptr) wipe_texts(*reply.element[i]);
}

std::string_view text_of(redisReply const* reply) {
    return reply == nullptr || reply->str == nullptr ? std::string_view() : std::string_view(reply->str, reply->len);
}

}  // namespace

Result<Libhiredis> Libhiredis::load() {
    auto library = SharedLibrary::open("libhiredis.so.0.14", "libhiredis0.14");
    if (!library) return fail(std::move(library).error());
    Libhiredis functions;
    KSSEDR_LIBHIREDIS(KSSEDR_LIBRARY_FIND)
    KSSEDR_TRY_VOID(library->check());
    return functions;
}

void RedisReply::Free::operator()(redisReply* reply) const {
    wipe_texts(*reply);
    library->freeReplyObject(reply);
}

std::string RedisReply::error() const {
    return escape_for_display(text_of(reply_.get()), 300);
}

std::string_view RedisReply::last_of(std::string_view name) const {
    if (reply_->type != REDIS_REPLY_ARRAY) return {};
    std::span const elements(reply_->element, reply_->elements);
    for (std::size_t i = 0; i + 1 < elements.size(); i += 2) {
        auto const* const values = elements[i + 1];
        if (text_of(elements[i]) != name || values->type != REDIS_REPLY_ARRAY || values->elements == 0) continue;
        return text_of(std::span(values->element, values->elements).back());
    }
    return {};
}

RedisWire::RedisWire(asio::any_io_executor executor, Libhiredis const& library)
    : library_(library), reader_(library.redisReaderCreate()), stream_(std::move(executor), context_) {}

RedisWire::~RedisWire() {
    if (reader_ != nullptr) library_.redisReaderFree(reader_);
}

Result<void> RedisWire::prepare_tls(DatabaseAddress const& at) {
    boost::system::error_code error;
    auto* const session = stream_.native_handle();
    context_.load_verify_file(at.ca_file, error);
    if (error)
        return fail(Errc::unavailable, "the authorities in " + at.ca_file + " can not be read: " + error.message());
    // A stream takes what it verifies by from its context when it is made.
    SSL_set1_verify_cert_store(session, SSL_CTX_get_cert_store(context_.native_handle()));
    SSL_set_min_proto_version(session, TLS1_2_VERSION);
    stream_.set_verify_mode(asio::ssl::verify_peer, error);
    stream_.set_verify_callback(asio::ssl::host_name_verification(at.host), error);
    if (error || SSL_set_tlsext_host_name(session, at.host.c_str()) != 1)
        return fail(Errc::internal, "TLS could not be set up");
    return {};
}

Async<void> RedisWire::open(DatabaseAddress at) {
    if (reader_ == nullptr) co_return fail(Errc::unavailable, "no memory for a connection");
    uses_tls_ = at.uses_tls();
    if (uses_tls_) {
        KSSEDR_CO_TRY_VOID(prepare_tls(at));
    }
    auto const failed = [&](std::string_view doing, boost::system::error_code const& error) {
        return fail(Errc::unavailable, at.text() + ": " + std::string(doing) + ": " + error.message());
    };
    asio::ip::tcp::resolver resolver(stream_.get_executor());
    auto const [unresolved, places] = co_await resolver.async_resolve(at.host, std::to_string(at.port), as_result);
    if (unresolved) co_return failed("finding its address", unresolved);
    auto const [unconnected, place] = co_await asio::async_connect(stream_.next_layer(), places, as_result);
    if (unconnected) co_return failed("connecting", unconnected);
    if (!uses_tls_) co_return Result<void>();
    auto const [untrusted] = co_await stream_.async_handshake(asio::ssl::stream_base::client, as_result);
    if (untrusted) co_return failed("TLS", untrusted);
    co_return Result<void>();
}

Task<boost::system::error_code> RedisWire::send(std::string_view bytes) {
    auto const buffer = asio::buffer(bytes.data(), bytes.size());
    if (uses_tls_) {
        auto const [error, size] = co_await asio::async_write(stream_, buffer, as_result);
        co_return error;
    }
    auto const [error, size] = co_await asio::async_write(stream_.next_layer(), buffer, as_result);
    co_return error;
}

Task<std::pair<boost::system::error_code, std::size_t>> RedisWire::receive(std::span<char> room) {
    auto const buffer = asio::buffer(room.data(), room.size());
    if (uses_tls_) {
        auto const [error, size] = co_await stream_.async_read_some(buffer, as_result);
        co_return std::pair(error, size);
    }
    auto const [error, size] = co_await stream_.next_layer().async_read_some(buffer, as_result);
    co_return std::pair(error, size);
}

Async<RedisReply> RedisWire::ask(SecretString command) {
    auto const lost = [](boost::system::error_code const& error) {
        return fail(Errc::outcome_unknown, "no answer came: " + error.message());
    };
    auto const unsent = co_await send(command.expose());
    if (unsent) co_return lost(unsent);
    std::array<char, 4096> room{};
    for (std::size_t total = 0; total < answer_max;) {
        void* reply = nullptr;
        if (library_.redisReaderGetReply(reader_, &reply) != REDIS_OK)
            co_return fail(Errc::outcome_unknown, "what came is no answer of Redis'");
        if (reply != nullptr) co_return RedisReply(library_, static_cast<redisReply*>(reply));
        auto const [ended, read] = co_await receive(room);
        if (ended) co_return lost(ended);
        library_.redisReaderFeed(reader_, room.data(), read);
        wipe(std::span(room).first(read));
        total += read;
    }
    co_return fail(Errc::outcome_unknown, "its answer is too long");
}

}  // namespace kssedr::providers
