/// LoopTest: a GoogleTest fixture with a real event loop and the machine's clock, for what virtual time cannot prove:
/// sockets. A test that hangs is cut after half a minute.

#pragma once

#include "async/clock.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <string>
#include <utility>

namespace kssedr::test {

class LoopTest : public ::testing::Test {
protected:
    asio::any_io_executor executor() { return loop_.get_executor(); }
    SystemClock& clock() { return clock_; }
    SteadyPoint after(Duration span) { return clock_.steady_now() + span; }

    /// Runs a coroutine to its end, and whatever else waits on the loop meanwhile.
    void run(Task<void> body) {
        bool done = false;
        std::exception_ptr thrown;
        asio::steady_timer guard(loop_, std::chrono::seconds(30));
        guard.async_wait([&](boost::system::error_code error) {
            if (!error) loop_.stop();
        });
        asio::co_spawn(loop_, std::move(body), [&](std::exception_ptr error) {
            done = true;
            thrown = error;
            loop_.stop();
        });
        loop_.restart();
        loop_.run();
        if (thrown) std::rethrow_exception(thrown);
        ASSERT_TRUE(done) << "the test did not end";
    }

private:
    asio::io_context loop_{1};
    SystemClock clock_;
};

/// CO_ASSERT, for tests whose body is a coroutine within TEST_F.
#define KSSEDR_CO_ASSERT(condition)                       \
    if (condition) {                                      \
    } else {                                              \
        ADD_FAILURE() << "CO_ASSERT failed: " #condition; \
        co_return;                                        \
    }

}  // namespace kssedr::test
