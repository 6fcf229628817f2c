// The whole local Azure over real sockets: TLS by name, the proxy, and events pushed to a webhook.

#include "emulator/emulator.h"

#include "base/ascii.h"
#include "base/encoding.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

namespace kssedr::emulator {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

// Takes events, and answers them as it was told.
class Webhook final : public listen::Handler {
public:
    Task<listen::Response> handle(listen::Request& request) override {
        received.push_back({request.method, std::string(request.body.expose()), request.headers});
        listen::Response response;
        if (request.method == "OPTIONS" && consents)
            response.headers.add("WebHook-Allowed-Origin", "eventgrid.azure.net");
        if (request.method == "POST" && !statuses.empty()) {
            response.status = statuses.front();
            statuses.erase(statuses.begin());
        }
        co_return response;
    }
    struct Received {
        std::string method;
        std::string body;
        listen::Headers headers;
    };
    std::vector<Received> received;
    std::vector<unsigned> statuses;
    bool consents = true;
};

class EmulatorTest : public ::testing::Test {
protected:
    template <class Body>
    void run(Body body, EmulatorOptions options = {}) {
        options.port = options.proxy_port = 0;
        auto opened = Emulator::open(loop_.get_executor(), std::move(options), clock_, random_, log_);
        ASSERT_TRUE(opened) << opened.error().message();
        emulator_ = opened->get();
        emulator_->start();
        auto hook = listen::HttpServer::open(loop_.get_executor(), {}, webhook_, log_);
        ASSERT_TRUE(hook);
        hook_ = hook->get();
        hook_->start();
        bool done = false;
        auto const whole = [&]() -> Task<void> {
            co_await body();
            co_await hook_->stop(Duration{100});
            co_await emulator_->stop();
        };
        asio::co_spawn(loop_, whole, [&](std::exception_ptr thrown) {
            done = true;
            if (thrown) std::rethrow_exception(thrown);
        });
        loop_.run_for(60s);
        EXPECT_TRUE(done) << "hangs";
    }

    /// One request with `Connection: close`; the whole answer. Through CONNECT where `proxied`.
    Task<std::string> ask(std::string host, std::string text, bool proxied = false) {
        asio::ssl::context trust(asio::ssl::context::tls_client);
        trust.add_certificate_authority(asio::buffer(emulator_->ca_pem()));
        asio::ssl::stream<tcp::socket> stream(loop_, trust);
        std::string const name = host.substr(0, host.find(':'));
        SSL_set_tlsext_host_name(stream.native_handle(), name.c_str());
        stream.set_verify_mode(asio::ssl::verify_peer);
        stream.set_verify_callback(asio::ssl::host_name_verification(name));
        tcp::endpoint const endpoint(asio::ip::make_address("127.0.0.1"),
                                     proxied ? emulator_->proxy_port() : emulator_->port());
        co_await stream.next_layer().async_connect(endpoint, asio::use_awaitable);
        std::string answer;
        if (proxied) {
            std::string const connect = "CONNECT " + name + ":443 HTTP/1.1\r\nHost: " + name + ":443\r\n\r\n";
            co_await asio::async_write(stream.next_layer(), asio::buffer(connect), asio::use_awaitable);
            co_await asio::async_read_until(stream.next_layer(), asio::dynamic_buffer(answer), "\r\n\r\n",
                                            asio::use_awaitable);
            answer.clear();
        }
        co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
        co_await asio::async_write(stream, asio::buffer(text), asio::use_awaitable);
        error_code ended;
        co_await asio::async_read(stream, asio::dynamic_buffer(answer),
                                  asio::redirect_error(asio::use_awaitable, ended));
        co_return answer;
    }

    Task<std::string> admin(std::string method, std::string what, std::string body = {}) {
        auto const head =
            method + " /_emulator/" + what +
            " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body;
        tcp::socket socket(loop_);
        tcp::endpoint const endpoint(asio::ip::make_address("127.0.0.1"), emulator_->proxy_port());
        co_await socket.async_connect(endpoint, asio::use_awaitable);
        co_await asio::async_write(socket, asio::buffer(head), asio::use_awaitable);
        std::string answer;
        error_code ended;
        co_await asio::async_read(socket, asio::dynamic_buffer(answer),
                                  asio::redirect_error(asio::use_awaitable, ended));
        co_return answer;
    }

    std::string subscription(std::string const& schema, std::string const& more = {}) {
        return R"({"name":"hook","endpoint":"http://127.0.0.1:)" + std::to_string(hook_->port()) +
               R"(/api/events","schema":")" + schema + "\"" + more + "}";
    }

    Task<void> wait_for_deliveries(std::size_t count) {
        for (int i = 0; i < 500 && webhook_.received.size() < count; ++i) co_await clock_.sleep_for(Duration{10});
        EXPECT_EQ(webhook_.received.size(), count);
    }

    asio::io_context loop_{1};
    SystemClock clock_;
    SystemRandom random_;
    NullLog log_;
    Webhook webhook_;
    Emulator* emulator_ = nullptr;
    listen::HttpServer* hook_ = nullptr;
};

bool has(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::string const secret = R"({"vault":"demo","name":"s","value":"v"})";

TEST_F(EmulatorTest, ServesEveryNameWithACertificateForIt) {
    run([&]() -> Task<void> {
        for (std::string const host : {"demo.vault.localhost:8443", "demo.vault.azure.net", "x.vault.some.suffix"}) {
            auto const request =
                "GET /secrets?api-version=7.4 HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
            auto const answer = co_await ask(host, request);
            EXPECT_TRUE(has(answer, host.starts_with("demo") ? "HTTP/1.1 401" : "HTTP/1.1 404")) << answer;
        }
    });
}

TEST_F(EmulatorTest, TheProxyTunnelsRealNames) {
    run([&]() -> Task<void> {
        auto const answer =
            co_await ask("management.azure.com",
                         "GET /subscriptions?api-version=2022-12-01 HTTP/1.1\r\nHost: management.azure.com\r\n"
                         "Connection: close\r\n\r\n",
                         true);
        EXPECT_TRUE(has(answer, "HTTP/1.1 401")) << answer;
        EXPECT_TRUE(has(answer, "AuthenticationFailed")) << answer;
    });
}

TEST_F(EmulatorTest, TheEnvironmentNamesItsPort) {
    run([&]() -> Task<void> {
        auto const environment = emulator_->environment("/ca.pem");
        auto const port = std::to_string(emulator_->port());
        EXPECT_EQ(environment.at("KSSEDR_KEYVAULT_SUFFIX"), json::value("vault.localhost:" + port));
        EXPECT_EQ(environment.at("KSSEDR_RESOLVE"), json::value("*:" + port + ":127.0.0.1"));
        EXPECT_EQ(environment.at("SSL_CERT_FILE"), json::value("/ca.pem"));
        co_return;
    });
}

TEST_F(EmulatorTest, PushesCloudEventsInABatchOfOne) {
    run([&]() -> Task<void> {
        co_await admin("PUT", "event-subscriptions", subscription("CloudEventSchemaV1_0"));
        co_await admin("PUT", "secrets", secret);
        co_await wait_for_deliveries(1);
        if (webhook_.received.size() != 1) co_return;
        auto const& one = webhook_.received[0];
        EXPECT_EQ(one.headers.find("Content-Type"), "application/cloudevents-batch+json; charset=utf-8");
        EXPECT_EQ(one.headers.find("aeg-event-type"), "Notification");
        auto const body = parse_json(one.body);
        EXPECT_TRUE(body && body->is_array() && body->get_array().size() == 1) << one.body;
        EXPECT_TRUE(has(one.body, "\"specversion\":\"1.0\"")) << one.body;
    });
}

TEST_F(EmulatorTest, RetriesUntilTheEndpointTakesIt) {
    webhook_.statuses = {500, 503, 200};
    run([&]() -> Task<void> {
        co_await admin("POST", "clock", R"({"speed":3600})");
        co_await admin("PUT", "event-subscriptions", subscription("EventGridSchema"));
        co_await admin("PUT", "secrets", secret);
        co_await wait_for_deliveries(3);
        co_await clock_.sleep_for(Duration{300});
        EXPECT_EQ(webhook_.received.size(), 3U);
        EXPECT_EQ(webhook_.received[2].headers.find("aeg-delivery-count"), "3");
        EXPECT_EQ(webhook_.received[2].body, webhook_.received[0].body);
        auto const state = co_await admin("GET", "state");
        EXPECT_TRUE(has(state, "\"delivered\":1")) << state;
    });
}

TEST_F(EmulatorTest, DoesNotRepeatWhatAnEndpointRefusesForGood) {
    webhook_.statuses = {401};
    run([&]() -> Task<void> {
        co_await admin("POST", "clock", R"({"speed":3600})");
        co_await admin("PUT", "event-subscriptions", subscription("EventGridSchema"));
        co_await admin("PUT", "secrets", secret);
        co_await wait_for_deliveries(1);
        co_await clock_.sleep_for(Duration{400});
        EXPECT_EQ(webhook_.received.size(), 1U);
        auto const state = co_await admin("GET", "state");
        EXPECT_TRUE(has(state, "\"dropped\":1")) << state;
    });
}

TEST_F(EmulatorTest, ADuplicateIsTheSameEventAgain) {
    run([&]() -> Task<void> {
        co_await admin("PUT", "event-subscriptions", subscription("CloudEventSchemaV1_0"));
        co_await admin("PUT", "secrets", secret);
        co_await wait_for_deliveries(1);
        co_await admin("POST", "duplicate", R"({"event":1})");
        co_await wait_for_deliveries(2);
        if (webhook_.received.size() != 2) co_return;
        EXPECT_EQ(webhook_.received[0].body, webhook_.received[1].body);
        auto const none = co_await admin("POST", "duplicate", R"({"event":99})");
        EXPECT_TRUE(has(none, "HTTP/1.1 404")) << none;
    });
}

TEST_F(EmulatorTest, TheHandshakeNeedsConsent) {
    run([&]() -> Task<void> {
        auto const taken =
            co_await admin("PUT", "event-subscriptions", subscription("CloudEventSchemaV1_0", R"(,"validate":true)"));
        EXPECT_TRUE(has(taken, "HTTP/1.1 200")) << taken;
        EXPECT_EQ(webhook_.received[0].method, "OPTIONS");
        webhook_.consents = false;
        auto const refused =
            co_await admin("PUT", "event-subscriptions", subscription("CloudEventSchemaV1_0", R"(,"validate":true)"));
        EXPECT_TRUE(has(refused, "HTTP/1.1 502")) << refused;
        auto const no_code =
            co_await admin("PUT", "event-subscriptions", subscription("EventGridSchema", R"(,"validate":true)"));
        EXPECT_TRUE(has(no_code, "validation code")) << no_code;
    });
}

TEST_F(EmulatorTest, AProtectedEndpointGetsAToken) {
    run([&]() -> Task<void> {
        co_await admin("PUT", "event-subscriptions",
                       subscription("CloudEventSchemaV1_0", R"(,"audience":"api://kssedr")"));
        co_await admin("PUT", "secrets", secret);
        co_await wait_for_deliveries(1);
        auto const header = std::string(webhook_.received[0].headers.find("Authorization").value_or(""));
        EXPECT_TRUE(header.starts_with("Bearer eyJ")) << header.substr(0, 20);
    });
}

TEST_F(EmulatorTest, NonsenseOnEitherPortDoesNoHarm) {
    run([&]() -> Task<void> {
        for (auto const port : {emulator_->port(), emulator_->proxy_port()}) {
            tcp::socket socket(loop_);
            co_await socket.async_connect({asio::ip::make_address("127.0.0.1"), port}, asio::use_awaitable);
            std::string const nonsense = "\x01\x02 what is this\r\n\r\n";
            co_await asio::async_write(socket, asio::buffer(nonsense), asio::use_awaitable);
            std::string answer;
            error_code ended;
            co_await asio::async_read(socket, asio::dynamic_buffer(answer),
                                      asio::redirect_error(asio::use_awaitable, ended));
        }
        auto const alive = co_await admin("GET", "state");
        EXPECT_TRUE(has(alive, "HTTP/1.1 200")) << alive;
    });
}

TEST(ServerName, IsCheckedBeforeACertificateIsMade) {
    EXPECT_TRUE(is_server_name("demo.vault.azure.net"));
    EXPECT_TRUE(is_server_name("a_b.localhost"));
    for (auto const* name : {"", ".", "a b", "a,DNS:b", "a\nb", "*"}) EXPECT_FALSE(is_server_name(name)) << name;
    EXPECT_FALSE(is_server_name(std::string(254, 'a')));
}

}  // namespace
}  // namespace kssedr::emulator
