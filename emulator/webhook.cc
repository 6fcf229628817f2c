#include "emulator/webhook.h"

#include "base/ascii.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <charconv>

namespace kssedr::emulator {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr Duration answer_limit{30'000};
constexpr std::size_t answer_bytes_max = 64U << 10U;

std::string format_request(Endpoint const& endpoint, WebhookRequest const& request) {
    std::string text = request.method + " " + endpoint.target + " HTTP/1.1\r\nHost: " + endpoint.host + ":" +
                       std::to_string(endpoint.port) +
                       "\r\nConnection: close\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
    for (auto const& [name, value] : request.headers) text += name + ": " + value + "\r\n";
    return text + "\r\n" + request.body;
}

// `HTTP/1.1 204 No Content` and what follows. Bodies are only looked at for the validation code, so chunks are left as
// they are.
Result<WebhookAnswer> parse_answer(std::string const& text) {
    WebhookAnswer answer;
    if (!text.starts_with("HTTP/1.") || text.size() < 12)
        return fail(Errc::unavailable, "the endpoint did not speak HTTP");
    auto const [end, error] = std::from_chars(text.data() + 9, text.data() + 12, answer.status);
    if (error != std::errc{} || end != text.data() + 12) return fail(Errc::unavailable, "the endpoint sent no status");
    auto const blank = text.find("\r\n\r\n");
    answer.head = text.substr(0, blank);
    if (blank != std::string::npos) answer.body = text.substr(blank + 4);
    return answer;
}

Task<std::string> exchange(tcp::socket& socket, tcp::endpoint address, std::string request) {
    error_code error;
    std::string answer;
    co_await socket.async_connect(address, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return answer;
    co_await asio::async_write(socket, asio::buffer(request), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return answer;
    co_await asio::async_read(socket, asio::dynamic_buffer(answer, answer_bytes_max),
                              asio::redirect_error(asio::use_awaitable, error));
    co_return answer;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view url) {
    auto const wrong = [&](std::string_view why) {
        return fail(Errc::invalid_argument, "'" + escape_for_display(url) + "' " + std::string(why));
    };
    constexpr std::string_view scheme = "http://";
    if (!url.starts_with(scheme)) return wrong("must begin with http://: events go to loopback, without TLS");
    Endpoint endpoint;
    endpoint.text = std::string(url);
    for (char const c : url)
        if (c <= ' ' || c >= 127) return wrong("holds a character that no URL may hold");
    auto const rest = url.substr(scheme.size());
    auto const slash = rest.find('/');
    auto authority = rest.substr(0, slash);
    endpoint.target = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
    if (auto const colon = authority.rfind(':'); colon != std::string_view::npos) {
        auto const digits = authority.substr(colon + 1);
        auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
        if (error != std::errc{} || end != digits.data() + digits.size() || endpoint.port == 0)
            return wrong("has no valid port");
        authority = authority.substr(0, colon);
    }
    endpoint.host = to_ascii_lower(authority);
    if (endpoint.host != "localhost" && endpoint.host != "127.0.0.1" && !endpoint.host.ends_with(".localhost"))
        return wrong("is not a loopback address (127.0.0.1 or localhost)");
    return endpoint;
}

std::string WebhookAnswer::header(std::string_view name) const {
    for (auto const line : split(head, '\n')) {
        auto const colon = line.find(':');
        if (colon != std::string_view::npos && equals_ignore_case(line.substr(0, colon), name))
            return std::string(trim(line.substr(colon + 1)));
    }
    return {};
}

Async<WebhookAnswer> call_webhook(Endpoint endpoint, WebhookRequest request) {
    using namespace asio::experimental::awaitable_operators;
    auto const executor = co_await asio::this_coro::executor;
    tcp::socket socket(executor);
    asio::steady_timer limit(executor, answer_limit);
    tcp::endpoint const address(asio::ip::make_address("127.0.0.1"), endpoint.port);
    auto text = format_request(endpoint, request);
    auto result = co_await (exchange(socket, address, std::move(text)) || limit.async_wait(asio::use_awaitable));
    auto const* answer = std::get_if<std::string>(&result);
    if (answer == nullptr) co_return fail(Errc::unavailable, "no answer within 30 seconds from " + endpoint.text);
    if (answer->empty()) co_return fail(Errc::unavailable, "no connection or no answer from " + endpoint.text);
    co_return parse_answer(*answer);
}

}  // namespace kssedr::emulator
