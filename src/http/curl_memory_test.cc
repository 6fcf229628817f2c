// What a call leaves behind in memory: nothing of its token, its body, or its answer.

#include "http/curl_transport.h"

#include "base/encoding.h"
#include "base/random.h"
#include "support/loop_test.h"
#include "support/memory_scan.h"

#include <csignal>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace kssedr::http {
namespace {

using namespace std::chrono_literals;

SecretString make_secret() {
    SystemRandom random;
    char bytes[20];
    random.fill(bytes);
    return SecretString::absorb(format_hex({bytes, sizeof bytes}));
}

// Another process answers, so that this one's memory is the client's alone.
class OtherProcess {
public:
    explicit OtherProcess(std::string_view body) {
        int const listener = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        socklen_t size = sizeof address;
        ::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listener, 1);
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        child_ = ::fork();
        if (child_ == 0) serve(listener, body);
        ::close(listener);
    }
    ~OtherProcess() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + '/'; }

private:
    [[noreturn]] static void serve(int listener, std::string_view body) {
        int const connection = ::accept(listener, nullptr, nullptr);
        char piece[65536];
        std::string heard;
        while (heard.find("end-of-body") == std::string::npos) {
            auto const count = ::read(connection, piece, sizeof piece);
            if (count <= 0) ::_exit(1);
            heard.append(piece, static_cast<std::size_t>(count));
        }
        std::string const answer =
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
        if (::write(connection, answer.data(), answer.size()) < 0) ::_exit(1);
        ::pause();
        ::_exit(0);
    }

    int port_ = 0;
    pid_t child_ = 0;
};

class CurlMemoryTest : public test::LoopTest {};

TEST_F(CurlMemoryTest, NothingOfACallIsLeftBehind) {
    if (!test::can_scan_memory()) GTEST_SKIP() << "a sanitizer keeps what was freed";
    auto token = make_secret();
    auto sent = make_secret();
    auto received = make_secret();
    test::MemoryScan const of_token(token.expose());
    test::MemoryScan const of_sent(sent.expose());
    test::MemoryScan const of_received(received.expose());
    EXPECT_EQ(of_token.count(), 1) << "the scan finds what is there";

    OtherProcess const peer(received.expose());
    received.clear();
    NullLog log;
    CurlTransport transport(executor(), clock(), log, {});
    run([&]() -> Task<void> {
        Request request{.method = Method::post, .url = peer.url()};
        request.authorization.append("Bearer ");
        request.authorization.append(token.expose());
        request.body = std::move(sent);
        request.body.append("end-of-body");
        auto response = co_await transport.send(std::move(request), after(10s));
        KSSEDR_CO_ASSERT(response.has_value());
        EXPECT_EQ(of_received.count(), 1) << "one copy of an answer, in its SecretString";
    }());
    token.clear();
    // The connection is still in the pool; nothing that passed over it is.
    EXPECT_EQ(of_token.count(), 0);
    EXPECT_EQ(of_sent.count(), 0);
    EXPECT_EQ(of_received.count(), 0);
}

}  // namespace
}  // namespace kssedr::http
