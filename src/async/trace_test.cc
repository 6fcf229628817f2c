#include "async/trace.h"

#include "async/for_each.h"
#include "async/run.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <gtest/gtest.h>

namespace kssedr {
namespace {

constexpr std::string_view parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(Trace, WhatIsATraceParent) {
    EXPECT_TRUE(is_trace_parent(parent));
    for (std::string_view const wrong : {
             "",
             "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
             "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
             "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
             "00-00000000000000000000000000000000-b7ad6b7169203331-01",
             "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
             "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
         })
        EXPECT_FALSE(is_trace_parent(wrong)) << wrong;
}

Task<std::string> look() {
    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, std::chrono::milliseconds{1});
    co_await timer.async_wait(asio::use_awaitable);
    co_return std::string(trace_parent_here(co_await asio::this_coro::executor));
}

Task<std::string> look_from_workers() {
    std::string seen;
    auto look_once = [&](std::size_t) -> Task<void> {
        auto const here = co_await look();
        seen += here + ';';
    };
    co_await for_each(2, 2, look_once);
    co_return seen;
}

TEST(Trace, GoesWithWhateverIsAwaitedOrSpawnedAndNoFurther) {
    auto body = []() -> Task<std::string> {
        auto const within = co_await traced(std::string(parent), look_from_workers());
        auto const after = co_await look();
        auto const without = co_await traced("nonsense", look());
        co_return within + '|' + after + '|' + without;
    };
    asio::io_context loop(1);
    auto const seen = run(loop, body());
    EXPECT_EQ(seen, std::string(parent) + ';' + std::string(parent) + ";||");
}

}  // namespace
}  // namespace kssedr
