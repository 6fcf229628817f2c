#include "listen/http_server.h"

#include "base/hash.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <map>

namespace kssedr::listen {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

// Answers with what it was asked, and does what the path says.
class EchoHandler final : public Handler {
public:
    Task<Response> handle(Request& request) override {
        ++calls;
        last_host = request.host;
        last_body_hash = sha256(request.body.expose());
        last_body_size = request.body.size();
        if (request.path() == "/throw") throw std::runtime_error("as asked");
        if (request.path() == "/hold") {
            asio::steady_timer timer(co_await asio::this_coro::executor, hold_for);
            co_await timer.async_wait(asio::use_awaitable);
        }
        Response response;
        response.reset = request.path() == "/reset";
        response.close = request.path() == "/close";
        if (request.path() == "/none") response.status = 204;
        if (request.path() == "/dated") response.headers.add("Date", "Thu, 01 Jan 2026 00:00:00 GMT");
        response.headers.add("X-Echo", std::string(request.headers.find("x-echo").value_or("")));
        response.body = request.method + " " + request.target + " " + std::string(request.body.expose().substr(0, 64));
        co_return response;
    }

    int calls = 0;
    std::string last_host;
    std::string last_body_hash;
    std::size_t last_body_size = 0;
    std::chrono::milliseconds hold_for{60'000};
};

class RecordingLog final : public Log {
public:
    std::vector<std::string> events;
    std::map<std::string, std::string> fields;  // of the last one

private:
    void put(LogLevel, std::string_view event, std::initializer_list<LogField> with) override {
        events.emplace_back(event);
        fields.clear();
        for (auto const& field : with) fields[std::string(field.name)] = field.value;
    }
};

// A connection that says what it is told and returns what came.
class Peer {
public:
    explicit Peer(tcp::socket socket) : socket_(std::move(socket)) {}

    Task<void> say(std::string_view bytes) {
        error_code ignored;
        co_await asio::async_write(socket_, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ignored));
    }
    /// Up to and with `end`; less where the connection ends.
    Task<std::string> hear_until(std::string_view end) {
        error_code error;
        auto const count = co_await asio::async_read_until(socket_, asio::dynamic_buffer(heard_), end,
                                                           asio::redirect_error(asio::use_awaitable, error));
        co_return take(error ? heard_.size() : count);
    }
    Task<std::string> hear_rest() {
        co_await asio::async_read(socket_, asio::dynamic_buffer(heard_),
                                  asio::redirect_error(asio::use_awaitable, end_));
        co_return take(heard_.size());
    }
    [[nodiscard]] error_code end() const { return end_; }

private:
    std::string take(std::size_t count) {
        auto taken = heard_.substr(0, count);
        heard_.erase(0, count);
        return taken;
    }
    tcp::socket socket_;
    std::string heard_;
    error_code end_;
};

class HttpServerTest : public ::testing::Test {
protected:
    // Runs a coroutine against a server until both have ended.
    template <class Body>
    void serve(ServerOptions options, Body body) {
        auto server = HttpServer::open(loop_.get_executor(), std::move(options), handler_, log_);
        ASSERT_TRUE(server) << server.error().message();
        server_ = server->get();
        server_->start();
        bool done = false;
        auto const whole = [&]() -> Task<void> {
            co_await body();
            co_await server_->stop(grace_);
        };
        asio::co_spawn(loop_, whole, [&](std::exception_ptr thrown) {
            done = true;
            if (thrown) std::rethrow_exception(thrown);
        });
        loop_.run_for(30s);
        EXPECT_TRUE(done) << "the exchange or the stop hangs";
    }

    Task<Peer> connect() {
        tcp::socket socket(loop_);
        tcp::endpoint const endpoint(asio::ip::make_address("127.0.0.1"), server_->port());
        co_await socket.async_connect(endpoint, asio::use_awaitable);
        co_return Peer(std::move(socket));
    }

    Task<std::string> ask(std::string bytes) {
        auto peer = co_await connect();
        co_await peer.say(bytes);
        auto const answer = co_await peer.hear_rest();
        co_return answer;
    }

    asio::io_context loop_{1};
    EchoHandler handler_;
    RecordingLog log_;
    HttpServer* server_ = nullptr;
    Duration grace_{1'000};
};

bool begins(std::string const& text, std::string_view start) {
    return text.starts_with(start);
}
bool has(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
    serve({}, [&]() -> Task<void> {
        auto peer = co_await connect();
        co_await peer.say("GET /a?b=c HTTP/1.1\r\nHost: Example.COM:8443\r\nX-Echo: one\r\n\r\n");
        auto const first = co_await peer.hear_until("GET /a?b=c ");
        EXPECT_TRUE(begins(first, "HTTP/1.1 200 OK\r\n")) << first;
        EXPECT_TRUE(has(first, "X-Echo: one\r\n")) << first;
        EXPECT_TRUE(has(first, "\r\nDate: ")) << first;
        EXPECT_TRUE(has(first, "Content-Length: 11\r\n")) << first;
        EXPECT_EQ(handler_.last_host, "example.com:8443");
        co_await peer.say("POST /second HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
        auto const second = co_await peer.hear_until("POST /second body");
        EXPECT_TRUE(begins(second, "HTTP/1.1 200 OK\r\n")) << second;
    });
    EXPECT_EQ(handler_.calls, 2);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
    serve({}, [&]() -> Task<void> {
        std::string const one = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";
        std::string const two = "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nxy";
        std::string const three = "GET /close HTTP/1.1\r\nHost: h\r\n\r\n";
        auto const answer = co_await ask(one + two + three);
        auto const at1 = answer.find("GET /1 ");
        auto const at2 = answer.find("POST /2 xy");
        auto const at3 = answer.find("GET /close ");
        EXPECT_LT(at1, at2) << answer;
        EXPECT_LT(at2, at3) << answer;
        EXPECT_NE(at3, std::string::npos) << answer;
        EXPECT_TRUE(has(answer, "Connection: close")) << answer;
    });
}

TEST_F(HttpServerTest, ReadsChunkedBodies) {
    serve({}, [&]() -> Task<void> {
        auto const answer = co_await ask(
            "PUT /close HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        EXPECT_TRUE(has(answer, "PUT /close abcde")) << answer;
    });
}

TEST_F(HttpServerTest, ReadsLargeBodiesToTheByte) {
    std::string body(20U << 20U, '\0');
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + i / 4099);
    serve({.body_limit = 32U << 20U}, [&]() -> Task<void> {
        auto const head =
            "PUT /close HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
        auto const answer = co_await ask(head + body);
        EXPECT_TRUE(begins(answer, "HTTP/1.1 200")) << answer.substr(0, 200);
    });
    EXPECT_EQ(handler_.last_body_size, body.size());
    EXPECT_EQ(handler_.last_body_hash, sha256(body));
}

TEST_F(HttpServerTest, SaysContinueOnlyWhenAsked) {
    serve({}, [&]() -> Task<void> {
        auto peer = co_await connect();
        co_await peer.say("PUT /close HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        auto const go_on = co_await peer.hear_until("\r\n\r\n");
        EXPECT_EQ(go_on, "HTTP/1.1 100 Continue\r\n\r\n");
        co_await peer.say("hello");
        auto const answer = co_await peer.hear_rest();
        EXPECT_TRUE(begins(answer, "HTTP/1.1 200")) << answer;
        EXPECT_TRUE(has(answer, "PUT /close hello")) << answer;
    });
}

TEST_F(HttpServerTest, RefusesWhatIsNoRequest) {
    std::string const many_headers(70'000, 'a');
    struct Case {
        char const* name;
        std::string bytes;
        std::string_view start;
    };
    std::vector<Case> const cases = {
        {"nonsense", "\x01\x02\x03 nonsense\r\n\r\n", "HTTP/1.1 400"},
        {"no version", "GET /\r\n\r\n", "HTTP/1.1 400"},
        {"no host", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
        {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400"},
        {"bad length", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 400"},
        {"coding without chunked", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nx", "HTTP/1.1 400"},
        {"chunked not last", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
         "HTTP/1.1 400"},
        {"chunked under another coding",
         "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
         "HTTP/1.1 400"},
        {"chunked twice", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
         "HTTP/1.1 400"},
        {"a coding we do not know, then chunked",
         "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400"},
        {"an empty coding", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", "HTTP/1.1 400"},
        {"length, then chunked",
         "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "HTTP/1.1 400"},
        {"chunked, then length",
         "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
         "HTTP/1.1 400"},
        {"length, then a coding",
         "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: identity\r\n\r\nx", "HTTP/1.1 400"},
        {"two lengths", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
         "HTTP/1.1 400"},
        {"chunked in HTTP/1.0", "PUT / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "HTTP/1.1 400"},
        {"bad chunk", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400"},
        {"long header", "GET / HTTP/1.1\r\nHost: a\r\nX: " + many_headers + "\r\n\r\n", "HTTP/1.1 431"},
        {"long body", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'b'),
         "HTTP/1.1 413"},
        {"long chunked body",
         "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" + std::string(128, 'b') +
             "\r\n0\r\n\r\n",
         "HTTP/1.1 413"},
        {"impossible length", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n",
         "HTTP/1.1 4"},
    };
    serve({.body_limit = 100}, [&]() -> Task<void> {
        for (auto const& one : cases) {
            auto peer = co_await connect();
            co_await peer.say(one.bytes);
            auto const answer = co_await peer.hear_rest();
            EXPECT_TRUE(begins(answer, one.start)) << one.name << ": " << answer;
            EXPECT_TRUE(has(answer, "Connection: close")) << one.name << ": " << answer;
            EXPECT_TRUE(has(answer, " " + log_.fields["status"] + " ")) << one.name;
            EXPECT_FALSE(log_.fields["why"].empty()) << one.name;
        }
    });
    EXPECT_EQ(handler_.calls, 0);
    EXPECT_EQ(log_.events, std::vector<std::string>(cases.size(), "http.refused"));
}

TEST_F(HttpServerTest, SaysInItsLogHowLongARefusedBodyWas) {
    serve({.body_limit = 100, .idle_limit = Duration{100}}, [&]() -> Task<void> {
        (void)co_await ask("PUT /a?token=b HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n");
        EXPECT_EQ(log_.fields["status"], "413");
        EXPECT_EQ(log_.fields["path"], "/a");
        EXPECT_EQ(log_.fields["length"], "101");
        EXPECT_EQ(log_.fields["limit"], "100");
        // Who goes away waits for no answer, and is no news.
        auto const known = log_.events.size();
        (void)co_await ask("");
        EXPECT_EQ(log_.events.size(), known);
    });
}

// The room of the longest body is taken on the way; what is handed over is what came.
TEST_F(HttpServerTest, TakesALongBodyInChunks) {
    std::string const piece(600'000, 'x');
    auto const chunk = "927c0\r\n" + piece + "\r\n";
    serve({.body_limit = 64U << 20U}, [&]() -> Task<void> {
        auto const answer = co_await ask("PUT /close HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                         chunk + chunk + chunk + "0\r\n\r\n");
        EXPECT_TRUE(begins(answer, "HTTP/1.1 200")) << answer;
    });
    EXPECT_EQ(handler_.last_body_size, 3 * piece.size());
    EXPECT_EQ(handler_.last_body_hash, sha256(piece + piece + piece));
}

TEST_F(HttpServerTest, BoundsWhatStandsBesideAChunkedBody) {
    std::string const head = "PUT /close HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string chunks;
    for (int i = 0; i < 80; ++i) chunks += "1;x=" + std::string(1'000, 'e') + "\r\na\r\n";
    std::string trailers;
    for (int i = 0; i < 100; ++i) trailers += "X-" + std::to_string(i) + ": " + std::string(1'000, 't') + "\r\n";
    struct Case {
        char const* name;
        std::string rest;
        bool logged;
    };
    std::vector<Case> const cases = {
        // Beast keeps no field of 64 KB and says so by an exception.
        {"a trailer of 70,000 bytes", "0\r\nX: " + std::string(70'000, 'a') + "\r\n\r\n", true},
        {"a trailer without end", "0\r\nX: " + std::string(200'000, 'a'), false},
        {"many trailers", "0\r\n" + trailers + "\r\n", false},
        {"an extension without end", "1;x=" + std::string(200'000, 'e'), false},
        {"many extensions", chunks + "0\r\n\r\n", false},
    };
    serve({}, [&]() -> Task<void> {
        for (auto const& one : cases) {
            auto peer = co_await connect();
            co_await peer.say(head + one.rest);
            auto const answer = co_await peer.hear_rest();
            EXPECT_TRUE(begins(answer, "HTTP/1.1 431")) << one.name << ": " << answer.substr(0, 200);
            bool const logged = std::ranges::find(log_.events, "http.request_unreadable") != log_.events.end();
            EXPECT_EQ(logged, one.logged) << one.name;
            log_.events.clear();
        }
        auto const answer = co_await ask(head + "1;x=y\r\na\r\n0\r\nX-Last: z\r\n\r\n");
        EXPECT_TRUE(has(answer, "PUT /close a")) << answer;
    });
    EXPECT_EQ(handler_.calls, 1);
}

TEST_F(HttpServerTest, ATrailerIsNoHeader) {
    serve({}, [&]() -> Task<void> {
        auto const answer = co_await ask(
            "PUT /close HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Echo: late\r\n\r\n");
        EXPECT_TRUE(begins(answer, "HTTP/1.1 200")) << answer;
        EXPECT_FALSE(has(answer, "late")) << answer;
    });
}

TEST_F(HttpServerTest, TakesHeadersUpToItsOwnLimit) {
    serve({.header_limit = 64U << 10U}, [&]() -> Task<void> {
        std::string const head = "GET /close HTTP/1.1\r\nHost: h\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n";
        auto const answer = co_await ask(head);
        EXPECT_TRUE(begins(answer, "HTTP/1.1 200")) << answer;
    });
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
    serve({}, [&]() -> Task<void> {
        auto const answer = co_await ask("HEAD /close HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_TRUE(has(answer, "Content-Length: 12\r\n")) << answer;
        EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
    });
}

TEST_F(HttpServerTest, NoContentHasNoLength) {
    serve({}, [&]() -> Task<void> {
        auto const answer = co_await ask("GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        EXPECT_TRUE(begins(answer, "HTTP/1.1 204")) << answer;
        EXPECT_FALSE(has(answer, "Content-Length")) << answer;
    });
}

TEST_F(HttpServerTest, AGivenDateWins) {
    serve({}, [&]() -> Task<void> {
        auto const answer = co_await ask("GET /dated HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        EXPECT_TRUE(has(answer, "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n")) << answer;
        EXPECT_EQ(answer.find("Date:"), answer.rfind("Date:")) << answer;
    });
}

TEST_F(HttpServerTest, ResetsWhereTheHandlerSaysSo) {
    serve({}, [&]() -> Task<void> {
        auto peer = co_await connect();
        co_await peer.say("GET /reset HTTP/1.1\r\nHost: h\r\n\r\n");
        auto const answer = co_await peer.hear_rest();
        EXPECT_EQ(answer, "");
        EXPECT_EQ(peer.end(), asio::error::connection_reset);
    });
}

TEST_F(HttpServerTest, AThrowingHandlerIsAnswered500AndLogged) {
    serve({}, [&]() -> Task<void> {
        auto const answer = co_await ask("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_TRUE(begins(answer, "HTTP/1.1 500")) << answer;
    });
    EXPECT_EQ(log_.events, std::vector<std::string>{"http.handler_failed"});
}

TEST_F(HttpServerTest, ClosesSilentConnections) {
    serve({.idle_limit = Duration{100}}, [&]() -> Task<void> {
        auto const answer = co_await ask("");
        EXPECT_EQ(answer, "");
    });
}

TEST_F(HttpServerTest, OneConnectionTooManyEndsAnIdleOne) {
    serve({.connections_max = 3}, [&]() -> Task<void> {
        std::string const question = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
        auto host = co_await connect();
        co_await host.say(question);
        co_await host.hear_until("GET /a ");
        auto first_silent = co_await connect();
        auto second_silent = co_await connect();
        auto late = co_await connect();
        co_await late.say(question);
        auto const answer = co_await late.hear_until("GET /a ");
        EXPECT_TRUE(begins(answer, "HTTP/1.1 200")) << answer;
        auto const silence = co_await first_silent.hear_rest();
        EXPECT_EQ(silence, "") << "who never asked goes before who did, the older before the newer";
        for (auto* const kept : {&host, &second_silent}) {
            co_await kept->say(question);
            auto const more = co_await kept->hear_until("GET /a ");
            EXPECT_TRUE(begins(more, "HTTP/1.1 200")) << more;
        }
    });
}

TEST_F(HttpServerTest, OneConnectionTooManyWaitsWhereAllAreAtWork) {
    handler_.hold_for = 1'500ms;
    serve({.connections_max = 1}, [&]() -> Task<void> {
        auto busy = co_await connect();
        co_await busy.say("GET /hold HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        auto late = co_await connect();
        co_await late.say("GET /close HTTP/1.1\r\nHost: h\r\n\r\n");
        auto const first = co_await busy.hear_rest();
        EXPECT_TRUE(has(first, "GET /hold ")) << first;
        EXPECT_EQ(handler_.calls, 1);
        auto const second = co_await late.hear_rest();
        EXPECT_TRUE(has(second, "GET /close ")) << second;
    });
    EXPECT_EQ(log_.events, std::vector<std::string>{"http.connections_full"});
}

TEST_F(HttpServerTest, ClosesRequestsThatNeverEnd) {
    serve({.read_limit = Duration{100}}, [&]() -> Task<void> {
        auto const answer = co_await ask("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
        EXPECT_FALSE(begins(answer, "HTTP/1.1 200")) << answer;
    });
    EXPECT_EQ(handler_.calls, 0);
}

TEST_F(HttpServerTest, StopWaitsForAnAnswerBegun) {
    handler_.hold_for = 200ms;
    serve({}, [&]() -> Task<void> {
        auto peer = co_await connect();
        auto idle = co_await connect();
        co_await peer.say("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
        asio::steady_timer timer(loop_, 50ms);
        co_await timer.async_wait(asio::use_awaitable);
        EXPECT_EQ(handler_.calls, 1);
        co_await server_->stop(Duration{5'000});
        auto const answer = co_await peer.hear_rest();
        EXPECT_TRUE(has(answer, "GET /hold ")) << answer;
        EXPECT_TRUE(has(answer, "Connection: close")) << answer;
        auto const silence = co_await idle.hear_rest();
        EXPECT_EQ(silence, "");
    });
}

TEST_F(HttpServerTest, StopDoesNotWaitForSilentConnections) {
    auto const before = std::chrono::steady_clock::now();
    serve({}, [&]() -> Task<void> {
        auto idle = co_await connect();
        co_await idle.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await idle.hear_until("GET / ");
        co_await server_->stop(Duration{20'000});
        auto const silence = co_await idle.hear_rest();
        EXPECT_EQ(silence, "");
    });
    EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
}

TEST_F(HttpServerTest, StopCutsWhatOutlastsTheGrace) {
    auto const before = std::chrono::steady_clock::now();
    serve({}, [&]() -> Task<void> {
        auto peer = co_await connect();
        co_await peer.say("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
        asio::steady_timer timer(loop_, 50ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_await server_->stop(Duration{100});
        auto const answer = co_await peer.hear_rest();
        EXPECT_EQ(answer, "");
    });
    EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
    EXPECT_TRUE(log_.events.empty());
}

TEST_F(HttpServerTest, ATakenPortIsSaidByName) {
    serve({}, [&]() -> Task<void> {
        auto const second = HttpServer::open(loop_.get_executor(), {.port = server_->port()}, handler_, log_);
        EXPECT_FALSE(second);
        if (second) co_return;
        EXPECT_EQ(second.error().code(), Errc::unavailable);
        EXPECT_TRUE(has(second.error().message(), std::to_string(server_->port()))) << second.error().message();
    });
}

}  // namespace
}  // namespace kssedr::listen
