#include "azure/token_cache.h"

#include "async/task_group.h"
#include "support/coro_test.h"

#include <gtest/gtest.h>

#include <deque>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

// Gives token-1, token-2, … or what the test wants next; each takes a second.
class CountingIssuer final : public TokenIssuer {
public:
    explicit CountingIssuer(Clock& clock) : clock_(clock) {}

    Async<IssuedToken> fetch_token(std::string audience, SteadyPoint deadline) override {
        ++asked;
        audiences.push_back(audience);
        auto const failure = next_failure();
        co_await clock_.sleep_until(std::min(deadline, clock_.steady_now() + takes));
        if (failure) co_return fail(*failure, "as the test wants");
        if (clock_.steady_now() >= deadline) co_return fail(Errc::unavailable, "no answer in time");
        co_return IssuedToken{SecretString::copy_of("token-" + std::to_string(++given)), lifetime};
    }

    int asked = 0;
    int given = 0;
    Duration takes = 1s;
    Duration lifetime = 1h;
    std::deque<std::optional<Errc>> failures;
    std::vector<std::string> audiences;

private:
    std::optional<Errc> next_failure() {
        if (failures.empty()) return std::nullopt;
        auto const failure = failures.front();
        failures.pop_front();
        return failure;
    }

    Clock& clock_;
};

class CountingLog final : public Log {
public:
    std::vector<std::string> events;

private:
    void put(LogLevel, std::string_view event, std::initializer_list<LogField>) override { events.emplace_back(event); }
};

std::string text(Result<Token> const& token) {
    return token ? std::string((*token)->expose()) : std::string(to_string(token.error().code()));
}

constexpr auto vault = "https://vault.azure.net";
constexpr auto arm = "https://management.azure.com";

CORO_TEST(TokenCache, AsksOnceForEachAudience) {
    CountingIssuer issuer(clock());
    NullLog log;
    TokenCache cache(issuer, clock(), log);
    auto const deadline = SteadyPoint::max();
    auto const first = co_await cache.bearer(vault, deadline);
    auto const again = co_await cache.bearer(vault, deadline);
    auto const other = co_await cache.bearer(arm, deadline);
    EXPECT_EQ(text(first), "token-1");
    EXPECT_EQ(text(again), "token-1");
    EXPECT_EQ(text(other), "token-2");
    EXPECT_EQ(issuer.audiences, (std::vector<std::string>{vault, arm}));
}

CORO_TEST(TokenCache, GivesNoTokenThatIsAboutToEnd) {
    struct Case {
        std::string_view name;
        Duration lifetime;
        Duration age;
        int asked;
    };
    constexpr Case cases[] = {
        {"an hour's, young", 1h, 49min, 1},          {"an hour's, in its last ten minutes", 1h, 51min, 2},
        {"a day's, before half of it", 24h, 11h, 1}, {"a day's, after half of it", 24h, 13h, 2},
        {"eight minutes', young", 8min, 3min, 1},    {"eight minutes', after half of it", 8min, 5min, 2},
    };
    for (auto const& [name, lifetime, age, asked] : cases) {
        SCOPED_TRACE(name);
        CountingIssuer issuer(clock());
        issuer.lifetime = lifetime;
        NullLog log;
        TokenCache cache(issuer, clock(), log);
        auto const first = co_await cache.bearer(vault, SteadyPoint::max());
        co_await clock().sleep_for(age);
        auto const second = co_await cache.bearer(vault, SteadyPoint::max());
        EXPECT_TRUE(first && second);
        EXPECT_EQ(issuer.asked, asked);
        EXPECT_EQ(text(second), "token-" + std::to_string(asked));
    }
}

CORO_TEST(TokenCache, OneRequestServesAllWhoWait) {
    CountingIssuer issuer(clock());
    NullLog log;
    TokenCache cache(issuer, clock(), log);
    std::vector<std::string> got;
    TaskGroup callers(executor(), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); });
    auto const call = [&]() -> Task<void> {
        auto const token = co_await cache.bearer(vault, SteadyPoint::max());
        got.push_back(text(token));
    };
    for (int i = 0; i < 50; ++i) callers.spawn("caller", call());
    co_await callers.join();
    EXPECT_EQ(got, std::vector<std::string>(50, "token-1"));
    EXPECT_EQ(issuer.asked, 1);
}

CORO_TEST(TokenCache, AllWhoWaitShareAFailureAndTheNextAsksAgain) {
    CountingIssuer issuer(clock());
    issuer.failures = {Errc::permission_denied};
    NullLog log;
    TokenCache cache(issuer, clock(), log);
    std::vector<std::string> got;
    TaskGroup callers(executor(), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); });
    auto const call = [&]() -> Task<void> {
        auto const token = co_await cache.bearer(vault, SteadyPoint::max());
        got.push_back(text(token));
    };
    for (int i = 0; i < 3; ++i) callers.spawn("caller", call());
    co_await callers.join();
    EXPECT_EQ(got, std::vector<std::string>(3, "permission_denied"));
    EXPECT_EQ(issuer.asked, 1);
    auto const later = co_await cache.bearer(vault, SteadyPoint::max());
    EXPECT_EQ(text(later), "token-1");
}

CORO_TEST(TokenCache, AWaiterKeepsToHisOwnDeadline) {
    CountingIssuer issuer(clock());
    issuer.takes = 10s;
    NullLog log;
    TokenCache cache(issuer, clock(), log);
    TaskGroup callers(executor(), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); });
    std::string patient;
    auto const call = [&]() -> Task<void> {
        auto const token = co_await cache.bearer(vault, SteadyPoint::max());
        patient = text(token);
    };
    callers.spawn("patient", call());
    co_await clock().sleep_for(1s);
    auto const hasty = co_await cache.bearer(vault, clock().steady_now() + 2s);
    EXPECT_EQ(text(hasty), "deadline_exceeded");
    EXPECT_EQ(clock().steady_now(), SteadyPoint{3s});
    co_await callers.join();
    EXPECT_EQ(patient, "token-1");
    EXPECT_EQ(issuer.asked, 1);
}

CORO_TEST(TokenCache, AnotherTakesOverFromWhoIsCutShort) {
    struct Case {
        std::string_view name;
        bool is_cancelled;
    };
    constexpr Case cases[] = {{"cancelled", true}, {"out of time", false}};
    for (auto const& [name, is_cancelled] : cases) {
        SCOPED_TRACE(name);
        CountingIssuer issuer(clock());
        issuer.takes = 10s;
        NullLog log;
        TokenCache cache(issuer, clock(), log);
        TaskGroup first(executor(), [](std::string const&, std::exception_ptr) {});
        TaskGroup second(executor(),
                         [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); });
        std::string got;
        auto const ask = [&](SteadyPoint deadline) -> Task<void> {
            auto const token = co_await cache.bearer(vault, deadline);
            got = text(token);
        };
        first.spawn("first", ask(is_cancelled ? SteadyPoint::max() : clock().steady_now() + 5s));
        co_await clock().sleep_for(1s);
        second.spawn("second", ask(SteadyPoint::max()));
        co_await clock().sleep_for(1s);
        if (is_cancelled) first.cancel();
        co_await first.join();
        co_await second.join();
        EXPECT_EQ(got, "token-1");
        EXPECT_EQ(issuer.asked, 2);
    }
}

CORO_TEST(TokenCache, GoesOnWithTheOldTokenWhileItsRefreshFails) {
    CountingIssuer issuer(clock());
    issuer.failures = {std::nullopt, Errc::unavailable};
    CountingLog log;
    TokenCache cache(issuer, clock(), log);
    auto const first = co_await cache.bearer(vault, SteadyPoint::max());
    co_await clock().sleep_for(52min);
    auto const refused = co_await cache.bearer(vault, SteadyPoint::max());
    EXPECT_EQ(text(refused), "token-1");
    EXPECT_EQ(log.events, std::vector<std::string>{"token.refresh_failed"});
    // Not every caller tries again at once.
    auto const soon = co_await cache.bearer(vault, SteadyPoint::max());
    EXPECT_EQ(text(soon), "token-1");
    EXPECT_EQ(issuer.asked, 2);
    co_await clock().sleep_for(31s);
    auto const later = co_await cache.bearer(vault, SteadyPoint::max());
    EXPECT_EQ(text(later), "token-2");
    EXPECT_TRUE(first.has_value());
}

CORO_TEST(TokenCache, WhileOneRefreshesOthersGoOn) {
    CountingIssuer issuer(clock());
    NullLog log;
    TokenCache cache(issuer, clock(), log);
    auto const first = co_await cache.bearer(vault, SteadyPoint::max());
    co_await clock().sleep_for(52min);
    issuer.takes = 20s;
    TaskGroup callers(executor(), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); });
    auto const refresh = [&]() -> Task<void> {
        auto const token = co_await cache.bearer(vault, SteadyPoint::max());
        EXPECT_EQ(text(token), "token-2");
    };
    callers.spawn("refresh", refresh());
    co_await clock().sleep_for(1s);
    auto const before = clock().steady_now();
    auto const other = co_await cache.bearer(vault, SteadyPoint::max());
    EXPECT_EQ(text(other), "token-1");
    EXPECT_EQ(clock().steady_now(), before);
    co_await callers.join();
    EXPECT_TRUE(first.has_value());
}

CORO_TEST(TokenCache, ARejectedTokenIsNotGivenAgain) {
    CountingIssuer issuer(clock());
    NullLog log;
    TokenCache cache(issuer, clock(), log);
    auto const first = co_await cache.bearer(vault, SteadyPoint::max());
    CO_ASSERT(first.has_value());
    cache.reject(vault, *first);
    auto const second = co_await cache.bearer(vault, SteadyPoint::max());
    EXPECT_EQ(text(second), "token-2");
    // A second refusal of the first token, come late, costs the new one nothing.
    cache.reject(vault, *first);
    auto const third = co_await cache.bearer(vault, SteadyPoint::max());
    EXPECT_EQ(text(third), "token-2");
    EXPECT_EQ(issuer.asked, 2);
}

}  // namespace
}  // namespace kssedr::azure
