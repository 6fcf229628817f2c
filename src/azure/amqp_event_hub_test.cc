#include "azure/amqp_event_hub.h"

#include "support/loop_test.h"
#include "support/seeded_random.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

class NoTokens final : public TokenSource {
public:
    Async<Token> bearer(std::string, SteadyPoint) override { co_return fail(Errc::unavailable, "no token"); }
    void reject(std::string const&, Token const&) override {}
};

class AmqpEventHubTest : public test::LoopTest {};

// What a new configuration does to a source whose hub does not answer: nothing of it may be left behind.
TEST_F(AmqpEventHubTest, CancelledWhileItConnectsItCanBeClosed) {
    for (Duration const after : {0ms, 5ms, 50ms, 200ms}) {
        asio::ip::tcp::acceptor silent(executor(), {asio::ip::address_v4::loopback(), 0});
        test::SeededRandom random{7};
        NoTokens tokens;
        AmqpEventHubOptions options;
        options.access.host = "localhost";
        options.access.hub = "near-expiry";
        options.access.port = silent.local_endpoint().port();
        options.access.is_emulator = true;
        AmqpEventHub hub(executor(), tokens, clock(), random, std::move(options));
        auto const ask = [&]() -> Task<void> {
            co_await hub.list_partitions(clock().steady_now() + 20s);
            ADD_FAILURE() << "nobody answered";
        };
        auto const scene = [&]() -> Task<void> {
            TaskGroup tasks(executor(),
                            [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); });
            tasks.spawn("asking", ask());
            co_await clock().sleep_for(after);
            tasks.cancel();
            co_await tasks.join();
            co_await hub.close();
        };
        run(scene());
    }
}

}  // namespace
}  // namespace kssedr::azure
