/// CORO_TEST: a GoogleTest case whose body is a coroutine in virtual time.
///
///   CORO_TEST(Rotation, RetriesUntilTheVaultAnswers) {
///       co_await clock().sleep_for(1h);
///       CO_ASSERT(vault.calls() == 2);
///   }
///
/// ASSERT_* returns, which a coroutine may not do; CO_ASSERT co_returns. EXPECT_* works as everywhere else.

#pragma once

#include "support/sim_clock.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

namespace kssedr::test {

/// 2026-01-15T09:30:00Z, when the tests' worlds begin.
inline constexpr TimePoint epoch{std::chrono::milliseconds{1768469400000}};

class CoroTest : public ::testing::Test {
protected:
    SimClock& clock() { return clock_; }
    asio::any_io_executor executor() { return loop_.get_executor(); }
    virtual Task<void> body() = 0;

    void TestBody() override {
        bool done = false;
        std::exception_ptr thrown;
        asio::co_spawn(loop_, body(), [&](std::exception_ptr error) {
            done = true;
            thrown = error;
        });
        clock_.run();
        if (thrown) std::rethrow_exception(thrown);
        EXPECT_TRUE(done) << "the test waits for something that will never happen";
    }

private:
    asio::io_context loop_{1};
    SimClock clock_{loop_, epoch};
};

}  // namespace kssedr::test

#define CO_ASSERT(condition)                              \
    if (condition) {                                      \
    } else {                                              \
        ADD_FAILURE() << "CO_ASSERT failed: " #condition; \
        co_return;                                        \
    }

#define CORO_TEST(suite, name)                                                                       \
    class suite##_##name##_CoroTest : public ::kssedr::test::CoroTest {                              \
        ::kssedr::Task<void> body() override;                                                        \
        static ::testing::TestInfo* const info_;                                                     \
    };                                                                                               \
    ::testing::TestInfo* const suite##_##name##_CoroTest::info_ =                                    \
        ::testing::RegisterTest(#suite, #name, nullptr, nullptr, __FILE__, __LINE__,                 \
                                []() -> ::testing::Test* { return new suite##_##name##_CoroTest; }); \
    ::kssedr::Task<void> suite##_##name##_CoroTest::body()
