// What a call that fails says of the request: not sent, or perhaps done.

#include "http/curl_transport.h"

#include "support/loop_test.h"
#include "support/raw_server.h"
#include "support/test_certificates.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kssedr::http {
namespace {

using namespace std::chrono_literals;
using test::RawConnection;
using test::RawServer;

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class CurlFailureTest : public test::LoopTest {
protected:
    NullLog log;
    TransportOptions options;
    std::optional<CurlTransport> made;

    CurlTransport& transport() {
        if (!made) made.emplace(executor(), clock(), log, options);
        return *made;
    }
    /// A write, as it would regenerate a key.
    Async<Response> write(std::string url, Duration limit = 10s) {
        return transport().send({.method = Method::post, .url = std::move(url), .body = SecretString::copy_of("{}")},
                                after(limit));
    }
};

// The errors of requests that cannot have reached anybody.
TEST_F(CurlFailureTest, NotSent) {
    RawServer silent(executor(), [](RawConnection& connection) -> Task<void> { co_await connection.wait_for_end(); });
    std::string free_port;
    {
        asio::ip::tcp::acceptor taken(executor(), {asio::ip::address_v4::loopback(), 0});
        free_port = std::to_string(taken.local_endpoint().port());
    }
    struct Case {
        std::string_view name;
        std::string url;
        Errc code;
    };
    Case const cases[] = {
        {"nobody listens", "http://127.0.0.1:" + free_port, Errc::unavailable},
        {"no such name", "http://nowhere.invalid/", Errc::unavailable},
        {"a peer that speaks no TLS in time", "https://127.0.0.1:" + silent.port() + '/', Errc::unavailable},
        {"no URL", "nowhere", Errc::invalid_argument},
        {"another protocol", "ftp://127.0.0.1/", Errc::invalid_argument},
        {"a user in the URL", "https://a:b@127.0.0.1/", Errc::invalid_argument},
        {"a line end in the URL", "http://127.0.0.1/\r\nX: y", Errc::invalid_argument},
        {"no port", "http://127.0.0.1:99999/", Errc::invalid_argument},
    };
    options.connect_limit = 200ms;
    run([&]() -> Task<void> {
        for (auto const& [name, url, code] : cases) {
            SCOPED_TRACE(name);
            auto const response = co_await write(url);
            KSSEDR_CO_ASSERT(!response.has_value());
            EXPECT_EQ(response.error().code(), code) << response.error().message();
        }
        co_await silent.stop();
    }());
}

TEST_F(CurlFailureTest, HeadersThatWouldBeTwoAreNotSent) {
    run([&]() -> Task<void> {
        Request header{.url = "http://127.0.0.1/"};
        header.headers = {{"X", "a\r\nY: b"}};
        Request name{.url = "http://127.0.0.1/"};
        name.headers = {{"X: y\r\nZ", "a"}};
        Request token{.url = "http://127.0.0.1/"};
        token.authorization = SecretString::copy_of("Bearer a\nb");
        for (auto* const request : {&header, &name, &token}) {
            auto const response = co_await transport().send(std::move(*request), after(10s));
            KSSEDR_CO_ASSERT(!response.has_value());
            EXPECT_EQ(response.error().code(), Errc::invalid_argument);
        }
    }());
}

TEST_F(CurlFailureTest, TimeRanOutBeforeAnythingWasSent) {
    RawServer silent(executor(), [](RawConnection& connection) -> Task<void> { co_await connection.wait_for_end(); });
    run([&]() -> Task<void> {
        auto const none = co_await write("http://127.0.0.1:" + silent.port(), 0s);
        auto const unconnected = co_await write("https://127.0.0.1:" + silent.port(), 100ms);
        co_await silent.stop();
        KSSEDR_CO_ASSERT(!none.has_value() && !unconnected.has_value());
        EXPECT_EQ(none.error().code(), Errc::deadline_exceeded);
        EXPECT_EQ(unconnected.error().code(), Errc::deadline_exceeded) << unconnected.error().message();
    }());
}

TEST_F(CurlFailureTest, ACallThatWaitsForAConnectionIsNotSentYet) {
    options.connections_per_host = 1;
    RawServer slow(executor(), [](RawConnection& connection) -> Task<void> {
        co_await connection.read_request();
        co_await connection.pause(400ms);
        co_await connection.say(std::string(ok));
    });
    run([&]() -> Task<void> {
        TaskGroup calls(executor(),
                        [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); });
        auto const first = [&]() -> Task<void> {
            auto const response = co_await write(slow.url());
            EXPECT_TRUE(response.has_value());
        };
        calls.spawn("first", first());
        while (slow.requests().empty()) {
            co_await clock().sleep_for(5ms);
        }
        auto const second = co_await write(slow.url(), 100ms);
        co_await calls.join();
        co_await slow.stop();
        KSSEDR_CO_ASSERT(!second.has_value());
        EXPECT_EQ(second.error().code(), Errc::deadline_exceeded) << second.error().message();
        EXPECT_EQ(slow.requests().size(), 1U);
    }());
}

// The errors of requests that somebody may have acted on.
TEST_F(CurlFailureTest, PerhapsDone) {
    struct Case {
        std::string_view name;
        std::string_view bytes;
        bool reset;
        Errc code;
    };
    constexpr Case cases[] = {
        {"closed after reading", "", false, Errc::outcome_unknown},
        {"reset after reading", "", true, Errc::outcome_unknown},
        {"closed within the headers", "HTTP/1.1 200 OK\r\nContent-Le", false, Errc::outcome_unknown},
        {"closed within the body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", false, Errc::outcome_unknown},
        {"closed within a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf", false,
         Errc::outcome_unknown},
        {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", false, Errc::corrupt},
    };
    for (auto const& [name, bytes, reset, code] : cases) {
        SCOPED_TRACE(name);
        RawServer server(executor(),
                         [said = std::string(bytes), rudely = reset](RawConnection& connection) -> Task<void> {
                             co_await connection.read_request();
                             co_await connection.say(said);
                             if (rudely) connection.reset();
                         });
        run([&]() -> Task<void> {
            auto const response = co_await write(server.url());
            co_await server.stop();
            KSSEDR_CO_ASSERT(!response.has_value());
            EXPECT_EQ(response.error().code(), code) << response.error().message();
            EXPECT_EQ(server.requests().size(), 1U);
        }());
    }
}

TEST_F(CurlFailureTest, AnAnswerThatDoesNotComeInTimeIsUnknown) {
    RawServer slow(executor(), [](RawConnection& connection) -> Task<void> {
        co_await connection.read_request();
        co_await connection.wait_for_end();
    });
    run([&]() -> Task<void> {
        auto const response = co_await write(slow.url(), 150ms);
        co_await slow.stop();
        KSSEDR_CO_ASSERT(!response.has_value());
        EXPECT_EQ(response.error().code(), Errc::outcome_unknown) << response.error().message();
    }());
}

// A pooled connection that the service ends as it reads the next request: libcurl sends again by itself, which is
// right for a read and would regenerate a key twice for a write.
TEST_F(CurlFailureTest, OnlyWhatMayBeRepeatedIsSentAgain) {
    struct Case {
        std::string_view name;
        bool repeatable;
    };
    constexpr Case cases[] = {{"a read", true}, {"a write", false}};
    for (auto const& [name, repeatable] : cases) {
        SCOPED_TRACE(name);
        made.reset();
        int seen = 0;
        RawServer server(executor(), [&](RawConnection& connection) -> Task<void> {
            for (;;) {
                bool const asked = co_await connection.read_request();
                if (!asked) co_return;
                // The first request is answered and leaves a connection in the pool; the second is read and dropped.
                if (++seen == 2) co_return;
                co_await connection.say(std::string(ok));
            }
        });
        run([&]() -> Task<void> {
            auto const first = co_await transport().send({.url = server.url()}, after(10s));
            EXPECT_TRUE(first.has_value());
            Request request{.method = Method::post, .url = server.url(), .repeatable = repeatable};
            auto const second = co_await transport().send(std::move(request), after(10s));
            co_await server.stop();
            EXPECT_EQ(second.has_value(), repeatable);
            EXPECT_EQ(seen, repeatable ? 3 : 2);
            if (!second) {
                EXPECT_EQ(second.error().code(), Errc::outcome_unknown) << second.error().message();
            }
        }());
    }
}

TEST_F(CurlFailureTest, AWriteDoesNotMeetAConnectionThatHasDiedInThePool) {
    RawServer server(executor(), [](RawConnection& connection) -> Task<void> {
        co_await connection.read_request();
        co_await connection.say(std::string(ok));  // and closes, though it promised to stay
    });
    run([&]() -> Task<void> {
        for (int i = 0; i < 3; ++i) {
            auto const read = co_await transport().send({.url = server.url()}, after(10s));
            auto const written = co_await write(server.url());
            EXPECT_TRUE(read.has_value() && written.has_value());
        }
        co_await server.stop();
    }());
}

class CurlTlsTest : public CurlFailureTest {
protected:
    test::TestCertificate certificate{"localhost"};
    asio::ssl::context context{asio::ssl::context::tls_server};

    CurlTlsTest() { certificate.use_in(context); }
    ~CurlTlsTest() override {
        std::error_code ignored;
        if (!file.empty()) std::filesystem::remove(file, ignored);
    }

    std::filesystem::path file;

    /// A CA file that trusts the server.
    std::string trusting_file() {
        file = std::filesystem::path(::testing::TempDir()) /
               ("kssedr-ca-" + std::to_string(clock().steady_now().since_start.count()) + ".pem");
        std::ofstream(file) << certificate.pem();
        return file.string();
    }
    static RawServer::Script answering() {
        return [](RawConnection& connection) -> Task<void> {
            for (;;) {
                bool const asked = co_await connection.read_request();
                if (!asked) co_return;
                co_await connection.say(std::string(ok));
            }
        };
    }
};

TEST_F(CurlTlsTest, TrustsWhatTheFileNames) {
    RawServer server(executor(), answering(), &context);
    options.ca_file = trusting_file();
    run([&]() -> Task<void> {
        for (int i = 0; i < 3; ++i) {
            auto const response = co_await transport().send({.url = server.url()}, after(10s));
            EXPECT_TRUE(response.has_value()) << response.error().message();
        }
        EXPECT_EQ(server.connections(), 1);
        co_await server.stop();
    }());
}

TEST_F(CurlTlsTest, SendsNothingToWhomItDoesNotTrust) {
    RawServer server(executor(), answering(), &context);
    struct Case {
        std::string_view name;
        std::string ca_file;
        std::string url;
        std::string_view says;
    };
    Case const cases[] = {
        {"the system does not know its CA", "", server.url(), "SSL_CERT_FILE"},
        {"its certificate is for another host", trusting_file(), "https://127.0.0.1:" + server.port() + '/',
         "SSL_CERT_FILE"},
        {"the CA file is missing", "/nonexistent/ca.pem", server.url(), "SSL_CERT_FILE"},
    };
    run([&]() -> Task<void> {
        for (auto const& [name, ca_file, url, says] : cases) {
            SCOPED_TRACE(name);
            made.reset();
            options.ca_file = ca_file;
            Request request{.method = Method::post, .url = url};
            request.authorization = SecretString::copy_of("Bearer token");
            auto const response = co_await transport().send(std::move(request), after(10s));
            KSSEDR_CO_ASSERT(!response.has_value());
            EXPECT_EQ(response.error().code(), Errc::unavailable);
            EXPECT_NE(response.error().message().find(says), std::string::npos) << response.error().message();
        }
        EXPECT_TRUE(server.requests().empty());
        co_await server.stop();
    }());
}

TEST_F(CurlTlsTest, SpeaksNoTlsOlderThan12) {
    SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_cipher_list(context.native_handle(), "ALL:@SECLEVEL=0");
    RawServer server(executor(), answering(), &context);
    options.ca_file = trusting_file();
    run([&]() -> Task<void> {
        auto const response = co_await transport().send({.url = server.url()}, after(10s));
        co_await server.stop();
        KSSEDR_CO_ASSERT(!response.has_value());
        EXPECT_EQ(response.error().code(), Errc::unavailable);
    }());
}

}  // namespace
}  // namespace kssedr::http
