#include "listen/session.h"

#include "async/clock.h"
#include "base/ascii.h"
#include "listen/secret_body.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

namespace kssedr::listen {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Parser = http::request_parser<SecretBody>;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t read_size = 16U << 10U;
// A refused request may still be arriving. A close with unread bytes would reset the connection and take the answer
// with it.
constexpr std::size_t drained_bytes_max = 4U << 20U;
constexpr Duration farewell_limit{2'000};
// A handshake is two exchanges; whoever needs longer holds a connection open for nothing.
constexpr Duration handshake_limit{30'000};

beast::tcp_stream& lowest(PlainStream& stream) {
    return stream;
}
beast::tcp_stream& lowest(TlsStream& stream) {
    return stream.next_layer();
}

/// The status for what could not be read as a request; 0 where nobody waits for an answer.
unsigned refusal(error_code error) {
    // What is buffered besides a body is fields (a head, trailers) or a chunk's extensions.
    if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
    if (error == boost::system::errc::not_enough_memory) return 503;
    if (error == http::error::body_limit) return 413;
    if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
    bool const malformed = error.category() == http::make_error_code(http::error::bad_method).category();
    return malformed ? 400 : 0;
}

// How long a body is must be said once, in the one way we know. Whatever stands before us and reads the same bytes
// could else take another end for the right one, and a second request be smuggled behind it (RFC 9112, 6.1 and 6.3).
bool has_clear_length(Parser const& parser) {
    auto const& message = parser.get();
    auto const codings = message.count(http::field::transfer_encoding);
    if (codings == 0) return true;  // lengths that contradict each other are refused by the parser
    return codings == 1 && message.count(http::field::content_length) == 0 && message.version() >= 11 &&
           equals_ignore_case(trim(std::string_view(message[http::field::transfer_encoding])), "chunked");
}

// What stands behind `?` may be a token.
std::string path_of(std::string_view target) {
    return std::string(target.substr(0, target.find('?')));
}

std::string_view reason(unsigned status) {
    auto const text = http::obsolete_reason(http::int_to_status(status));
    return {text.data(), text.size()};
}

// A line break inside a header value would begin a header of its own.
std::string without_line_ends(std::string_view value) {
    std::string clean(value);
    std::ranges::replace_if(clean, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
    return clean;
}

Request to_request(Parser const& parser) {
    auto const& message = parser.get();
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    request.host = to_ascii_lower(std::string_view(message[http::field::host]));
    for (auto const& field : message) request.headers.add(std::string(field.name_string()), std::string(field.value()));
    return request;
}

http::response<http::string_body> to_message(Response response, bool head_only, unsigned version, bool keep_alive) {
    http::response<http::string_body> message;
    message.version(version);
    message.result(response.status);
    message.reason(reason(response.status));
    if (!response.headers.find("Date")) message.set(http::field::date, format_http_date(SystemClock().now()));
    for (auto const& [name, value] : response.headers.all()) {
        bool const ours = equals_ignore_case(name, "Content-Length") || equals_ignore_case(name, "Connection") ||
                          equals_ignore_case(name, "Transfer-Encoding");
        if (!ours) message.insert(name, without_line_ends(value));
    }
    message.keep_alive(keep_alive);
    bool const bodyless = response.status < 200 || response.status == 204 || response.status == 304;
    if (bodyless) return message;
    // The answer to HEAD tells the length of the body it does not have.
    message.content_length(response.body.size());
    if (!head_only) message.body() = std::move(response.body);
    return message;
}

template <class Stream>
class StreamSession final : public Session {
public:
    template <class... Arguments>
    explicit StreamSession(SessionSurroundings& around, Arguments&&... arguments)
        : around_(around),
          stream_(std::forward<Arguments>(arguments)...),
          buffer_(around.options.header_limit + read_size) {}

    Task<void> run() override {
        bool open = co_await shake_hands();
        while (open) {
            open = co_await exchange();
            wipe_consumed(buffer_);
        }
        co_await say_goodbye();
    }

    [[nodiscard]] std::optional<std::pair<bool, std::uint64_t>> idle_rank() const override {
        if (!idle_ || gone_) return std::nullopt;
        return std::pair(has_asked_, idle_since_);
    }

    void end_if_idle() override {
        if (idle_) cut();
    }

    void cut() override {
        error_code ignored;
        lowest(stream_).socket().close(ignored);
        gone_ = true;
    }

private:
    Task<bool> shake_hands() {
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            error_code error;
            lowest(stream_).expires_after(std::min(handshake_limit, around_.options.read_limit));
            co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                             asio::redirect_error(asio::use_awaitable, error));
            if (error) cut();
            co_return !error;
        }
        co_return true;
    }

    /// Waits for the first byte of the next request. False when the connection is over.
    Task<bool> await_request() {
        if (around_.stopping) co_return false;
        if (buffer_.size() > 0) co_return true;
        error_code error;
        idle_ = true;
        idle_since_ = ++around_.idle_begun;
        lowest(stream_).expires_after(around_.options.idle_limit);
        auto const room = buffer_.prepare(read_size);
        auto const count = co_await stream_.async_read_some(room, asio::redirect_error(asio::use_awaitable, error));
        idle_ = false;
        buffer_.commit(count);
        co_return !error;
    }

    /// Beast's parser gives up on some things by an exception. Inside an operation of Beast that would leave the event
    /// loop; here, in the coroutine, it is this connection's end and no other's.
    error_code parse(Parser& parser) {
        error_code error;
        std::string fault;
        try {
            buffer_.consume(parser.put(buffer_.data(), error));
            return error;
        } catch (std::length_error const& thrown) {  // a field longer than Beast keeps
            error = http::error::header_limit;
            fault = thrown.what();
        } catch (std::bad_alloc const& thrown) {
            error = make_error_code(boost::system::errc::not_enough_memory);
            fault = thrown.what();
        } catch (std::exception const& thrown) {
            error = http::error::bad_field;
            fault = thrown.what();
        }
        around_.log.warn("http.request_unreadable", {{"fault", fault}});
        return error;
    }

    Task<error_code> receive() {
        error_code error;
        auto const room = std::min(read_size, buffer_.max_size() - buffer_.size());
        if (room == 0) co_return http::make_error_code(http::error::buffer_overflow);
        auto const count =
            co_await stream_.async_read_some(buffer_.prepare(room), asio::redirect_error(asio::use_awaitable, error));
        buffer_.commit(count);
        co_return error;
    }

    /// Feeds the parser until it has the head, or (`whole`) all of the request.
    Task<error_code> read_on(Parser& parser, bool whole) {
        parser.eager(whole);
        while (whole ? !parser.is_done() : !parser.is_header_done()) {
            error_code error = http::error::need_more;
            if (buffer_.size() > 0) error = parse(parser);
            if (error == http::error::need_more) error = co_await receive();
            if (error) co_return error;
        }
        co_return error_code();
    }

    /// Trailers are read and forgotten: they would else pass for header fields that were checked (RFC 9110, 6.5.1).
    Task<error_code> read(Parser& parser, Request& request) {
        auto error = co_await read_on(parser, false);
        if (error) co_return error;
        if (parser.get().version() >= 11 && parser.get().count(http::field::host) != 1)
            co_return http::make_error_code(http::error::bad_field);
        if (!has_clear_length(parser)) co_return http::make_error_code(http::error::bad_transfer_encoding);
        request = to_request(parser);
        if (!parser.is_done() && beast::iequals(parser.get()[http::field::expect], "100-continue")) {
            static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            co_await asio::async_write(stream_, asio::buffer(go_on), asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return error;
        }
        // One chunk's extensions are bounded by the buffer, those of all chunks here.
        std::uint64_t extensions = 0;
        auto count_extensions = [&](std::uint64_t, std::string_view said, error_code& refused) {
            extensions += said.size();
            if (extensions > around_.options.header_limit) refused = http::error::header_limit;
        };
        parser.on_chunk_header(count_extensions);
        error = co_await read_on(parser, true);
        request.body = std::move(parser.get().body().bytes);
        co_return error;
    }

    /// One request and its answer. False when the connection is over.
    Task<bool> exchange() {
        bool const arrived = co_await await_request();
        if (!arrived) co_return false;
        has_asked_ = true;
        lowest(stream_).expires_after(around_.options.read_limit);
        Parser parser;
        parser.header_limit(around_.options.header_limit);
        parser.body_limit(around_.options.body_limit);
        parser.get().body().limit = around_.options.body_limit;
        Request request;
        auto const error = co_await read(parser, request);
        if (error) {
            co_await refuse(parser, error);
            co_return false;
        }
        lowest(stream_).expires_never();
        auto response = co_await answer(request);
        if (response.reset) {
            reset();
            co_return false;
        }
        bool const keep = parser.get().keep_alive() && !response.close && !around_.stopping;
        auto message = to_message(std::move(response), request.method == "HEAD", parser.get().version(), keep);
        bool const sent = co_await send(message, request.method == "HEAD");
        co_return sent&& keep;
    }

    Task<Response> answer(Request& request) {
        auto const cancellation = co_await asio::this_coro::cancellation_state;
        std::string fault;
        try {
            auto response = co_await around_.handler.handle(request);
            co_return response;
        } catch (std::exception const& thrown) {
            if (cancellation.cancelled() != asio::cancellation_type::none) throw;
            fault = thrown.what();
        }
        around_.log.error("http.handler_failed", {{"path", std::string(request.path())}, {"fault", fault}});
        Response response{.status = 500};
        response.close = true;
        co_return response;
    }

    Task<bool> send(http::response<http::string_body>& message, bool head_only) {
        error_code error;
        lowest(stream_).expires_after(around_.options.read_limit);
        http::response_serializer<http::string_body> serializer(message);
        if (head_only) {
            co_await http::async_write_header(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
        } else {
            co_await http::async_write(stream_, serializer, asio::redirect_error(asio::use_awaitable, error));
        }
        co_return !error;
    }

    Task<void> refuse(Parser const& parser, error_code error) {
        auto const status = refusal(error);
        if (status == 0) co_return;
        // As it was said: the parser answers for a length only once it has accepted the head.
        std::string const length(parser.get()[http::field::content_length]);
        around_.log.warn("http.refused", {{"status", std::to_string(status)},
                                          {"why", error.message()},
                                          {"path", path_of(parser.get().target())},
                                          {"length", length.empty() ? "not said" : length},
                                          {"limit", std::to_string(around_.options.body_limit)}});
        Response response{.status = status};
        auto message = to_message(std::move(response), false, 11, false);
        bool const sent = co_await send(message, false);
        if (sent) co_await drain();
    }

    /// Reads what the peer still sends, within bounds, and forgets it.
    Task<void> drain() {
        error_code error;
        if constexpr (std::is_same_v<Stream, PlainStream>) {
            stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
        }
        lowest(stream_).expires_after(farewell_limit);
        std::size_t drained = 0;
        while (!error && drained < drained_bytes_max) {
            buffer_.clear();
            auto const room = buffer_.prepare(read_size);
            drained += co_await stream_.async_read_some(room, asio::redirect_error(asio::use_awaitable, error));
        }
    }

    Task<void> say_goodbye() {
        if (gone_) co_return;
        error_code ignored;
        lowest(stream_).expires_after(farewell_limit);
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
        }
        lowest(stream_).socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
        cut();
    }

    void reset() {
        error_code ignored;
        lowest(stream_).socket().set_option(asio::socket_base::linger(true, 0), ignored);
        cut();
    }

    SessionSurroundings& around_;
    Stream stream_;
    WipingBuffer buffer_;
    bool idle_ = false;
    bool has_asked_ = false;
    std::uint64_t idle_since_ = 0;
    bool gone_ = false;
};

}  // namespace

std::unique_ptr<Session> make_session(asio::ip::tcp::socket socket, SessionSurroundings& around) {
    if (around.options.tls != nullptr)
        return std::make_unique<StreamSession<TlsStream>>(around, beast::tcp_stream(std::move(socket)),
                                                          *around.options.tls);
    return std::make_unique<StreamSession<PlainStream>>(around, std::move(socket));
}

}  // namespace kssedr::listen
