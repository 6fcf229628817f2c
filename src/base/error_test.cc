#include "base/error.h"

#include "base/secret_string.h"

#include <gtest/gtest.h>

namespace kssedr {
namespace {

using namespace std::chrono_literals;

// A secret cannot be put into a message, neither by itself nor by joining texts.
template <class T>
concept MakesAnError = requires(T text) { Error(Errc::internal, text); };
template <class T>
concept JoinsText = requires(std::string text, T other) { text + other; };
static_assert(MakesAnError<char const*> && JoinsText<std::string>);
static_assert(!MakesAnError<SecretString const&> && !JoinsText<SecretString const&>);

TEST(Error, SaysWhatHowAndWhere) {
    auto const here = std::source_location::current();
    Error const error(Errc::throttled, "the vault asked us to slow down");
    EXPECT_EQ(error.code(), Errc::throttled);
    EXPECT_EQ(error.message(), "the vault asked us to slow down");
    EXPECT_EQ(error.where().line(), here.line() + 1);
    EXPECT_EQ(error.service_code(), "");
    EXPECT_FALSE(error.retry_after());
}

TEST(Error, GainsContextOnTheWayUp) {
    auto const error = Error(Errc::not_found, "no such secret")
                           .with_service_code("SecretNotFound")
                           .with_retry_after(3s)
                           .during("reading \"a\"")
                           .during("rotating");
    EXPECT_EQ(error.message(), "rotating: reading \"a\": no such secret");
    EXPECT_EQ(error.code(), Errc::not_found);
    EXPECT_EQ(error.service_code(), "SecretNotFound");
    EXPECT_EQ(error.retry_after(), Duration{3s});
}

TEST(Error, EveryCodeHasItsWord) {
    std::pair<Errc, std::string_view> const words[] = {{Errc::invalid_argument, "invalid_argument"},
                                                       {Errc::not_found, "not_found"},
                                                       {Errc::permission_denied, "permission_denied"},
                                                       {Errc::conflict, "conflict"},
                                                       {Errc::throttled, "throttled"},
                                                       {Errc::unavailable, "unavailable"},
                                                       {Errc::deadline_exceeded, "deadline_exceeded"},
                                                       {Errc::outcome_unknown, "outcome_unknown"},
                                                       {Errc::cancelled, "cancelled"},
                                                       {Errc::corrupt, "corrupt"},
                                                       {Errc::internal, "internal"}};
    for (auto const& [code, word] : words) EXPECT_EQ(to_string(code), word);
}

// What may have happened must not be repeated blindly.
TEST(Error, OnlyWhatCannotDoHarmIsRetried) {
    for (auto const code : {Errc::throttled, Errc::unavailable, Errc::conflict})
        EXPECT_TRUE(is_retryable(code)) << to_string(code);
    for (auto const code : {Errc::invalid_argument, Errc::not_found, Errc::permission_denied, Errc::deadline_exceeded,
                            Errc::outcome_unknown, Errc::cancelled, Errc::corrupt, Errc::internal})
        EXPECT_FALSE(is_retryable(code)) << to_string(code);
}

Result<int> half(int n) {
    if (n % 2 != 0) return fail(Errc::invalid_argument, "odd");
    return n / 2;
}

Result<void> require_even(int n) {
    KSSEDR_TRY_VOID(half(n));
    return {};
}

Result<int> quarter(int n) {
    KSSEDR_TRY_VOID(require_even(n));
    KSSEDR_TRY(int const once, half(n));
    KSSEDR_TRY(int const twice, half(once));
    return twice;
}

TEST(Result, FailuresArePassedUp) {
    EXPECT_EQ(*quarter(12), 3);
    EXPECT_EQ(quarter(3).error().message(), "odd");
    EXPECT_EQ(quarter(2).error().code(), Errc::invalid_argument);
}

Result<std::unique_ptr<int>> owned() {
    KSSEDR_TRY(auto value, Result<std::unique_ptr<int>>(std::make_unique<int>(7)));
    return value;
}

TEST(Result, ValuesThatOnlyMoveAreMoved) {
    EXPECT_EQ(**owned(), 7);
}

}  // namespace
}  // namespace kssedr
