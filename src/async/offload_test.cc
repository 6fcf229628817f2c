#include "async/offload.h"

#include "base/secret_string.h"
#include "support/loop_test.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>

#include <future>
#include <thread>

namespace kssedr {
namespace {

class OffloadTest : public test::LoopTest {};

TEST_F(OffloadTest, RunsElsewhereAndGivesWhatComesOfIt) {
    Offload offload(executor());
    auto const body = [&]() -> Task<void> {
        auto secret = SecretString::copy_of("abc");
        std::move_only_function<std::pair<std::thread::id, SecretString>()> work =
            [secret = std::move(secret)]() mutable { return std::pair(std::this_thread::get_id(), std::move(secret)); };
        auto const [where, back] = co_await offload.run(std::move(work));
        EXPECT_NE(where, std::this_thread::get_id());
        EXPECT_TRUE(back.equals("abc"));
    };
    run(body());
}

TEST_F(OffloadTest, TheLoopGoesOnMeanwhile) {
    Offload offload(executor());
    std::promise<void> gate;
    auto const blocked = [&]() -> Task<void> {
        std::move_only_function<int()> work = [open = gate.get_future()]() mutable { return open.wait(), 7; };
        auto const seven = co_await offload.run(std::move(work));
        EXPECT_EQ(seven, 7);
    };
    auto const opening = [&]() -> Task<void> {
        gate.set_value();
        co_return;
    };
    auto const both = [&]() -> Task<void> {
        using namespace asio::experimental::awaitable_operators;
        co_await (blocked() && opening());
    };
    run(both());
}

TEST_F(OffloadTest, ACancelledCallerIsLetGoAndTheResultDropped) {
    std::promise<void> gate;
    auto const dropped = std::make_shared<int>(1);
    {
        Offload offload(executor());
        auto const blocked = [&]() -> Task<void> {
            std::move_only_function<std::shared_ptr<int>()> work = [open = gate.get_future(), dropped]() mutable {
                open.wait();
                return dropped;
            };
            auto const never = co_await offload.run(std::move(work));
            EXPECT_EQ(never, nullptr) << "what was cancelled has ended";
        };
        auto const cut = [&]() -> Task<void> {
            using namespace asio::experimental::awaitable_operators;
            auto const which = co_await (blocked() || clock().sleep_for(std::chrono::milliseconds{1}));
            EXPECT_EQ(which.index(), 1U);
        };
        run(cut());
        gate.set_value();
    }
    run([]() -> Task<void> { co_return; }());
}

}  // namespace
}  // namespace kssedr
