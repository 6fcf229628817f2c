/// Error and Result<T>: how a failure is said.
///
/// A failure is a value: a code for the program, defined by what the caller can do about it, and a
/// sentence for the person on call. Context is added on the way up with `during`. Bugs abort
/// (base/check.h), cancellation unwinds as an exception of Asio's; nothing else is thrown.

#pragma once

#include "base/time.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace kssedr {

/// What the caller can do. Chosen by the code that saw the failure.
enum class Errc : std::uint8_t {
    invalid_argument,   ///< the request is wrong; repeating it cannot help
    not_found,          ///< the thing asked for does not exist
    permission_denied,  ///< our identity lacks a right; it may be spreading, else a person must act
    conflict,           ///< somebody else changed it; read again, then decide
    throttled,          ///< the service asked us to slow down; nothing was done
    unavailable,        ///< no answer or a passing fault; nothing was done, repeat with backoff
    deadline_exceeded,  ///< our own time ran out before anything was sent
    outcome_unknown,    ///< a write was sent and no answer came: it may have happened, or still happen. Look first
    cancelled,          ///< we were asked to stop
    corrupt,            ///< what we were given breaks its own format
    internal,           ///< a bug, ours or theirs
};

/// The word for logs and tests.
[[nodiscard]] std::string_view to_string(Errc code);

/// Whether the same call, repeated later, may succeed and cannot do harm.
[[nodiscard]] constexpr bool is_retryable(Errc code) {
    return code == Errc::throttled || code == Errc::unavailable || code == Errc::conflict;
}

/// A failure. Its message never holds secret material: `SecretString` cannot be put into one.
class [[nodiscard]] Error {
public:
    Error(Errc code, std::string message, std::source_location where = std::source_location::current());

    [[nodiscard]] Errc code() const { return code_; }
    [[nodiscard]] std::string const& message() const { return message_; }
    [[nodiscard]] std::source_location where() const { return where_; }

    /// The service's own word for the failure, such as `SecretDisabled`; empty where it gave none.
    [[nodiscard]] std::string const& service_code() const { return service_code_; }
    /// How long the service asked us to wait.
    [[nodiscard]] std::optional<Duration> retry_after() const { return retry_after_; }

    [[nodiscard]] Error with_service_code(std::string code) &&;
    [[nodiscard]] Error with_retry_after(std::optional<Duration> delay) &&;
    /// This error with what we were doing put in front of it.
    [[nodiscard]] Error during(std::string_view doing) &&;

private:
    Errc code_;
    std::string message_;
    std::string service_code_;
    std::optional<Duration> retry_after_;
    std::source_location where_;
};

template <class T>
using Result = std::expected<T, Error>;

using Failure = std::unexpected<Error>;

/// Makes a failure of any Result.
[[nodiscard]] inline Failure fail(Error error) {
    return Failure(std::move(error));
}
[[nodiscard]] inline Failure fail(Errc code, std::string message,
                                  std::source_location where = std::source_location::current()) {
    return Failure(Error(code, std::move(message), where));
}

}  // namespace kssedr

// Propagation; each is a declaration, so that co_await stands at the head of its statement.
//
//   KSSEDR_TRY(auto const token, parse_token(body));                  in a function
//   KSSEDR_CO_TRY(auto const token, co_await identity.token(scope));  in a coroutine
#define KSSEDR_TRY(declaration, ...) \
    KSSEDR_DETAIL_TRY(return, KSSEDR_DETAIL_NAME(kssedr_result_, __LINE__), declaration, __VA_ARGS__)
#define KSSEDR_CO_TRY(declaration, ...) \
    KSSEDR_DETAIL_TRY(co_return, KSSEDR_DETAIL_NAME(kssedr_result_, __LINE__), declaration, __VA_ARGS__)
#define KSSEDR_TRY_VOID(...) KSSEDR_DETAIL_TRY_VOID(return, KSSEDR_DETAIL_NAME(kssedr_result_, __LINE__), __VA_ARGS__)
#define KSSEDR_CO_TRY_VOID(...) \
    KSSEDR_DETAIL_TRY_VOID(co_return, KSSEDR_DETAIL_NAME(kssedr_result_, __LINE__), __VA_ARGS__)

#define KSSEDR_DETAIL_TRY(leave, result, declaration, ...)           \
    auto result = __VA_ARGS__;                                       \
    if (!result) leave ::kssedr::Failure(std::move(result).error()); \
    declaration = *std::move(result)
#define KSSEDR_DETAIL_TRY_VOID(leave, result, ...) \
    auto result = __VA_ARGS__;                     \
    if (!result) leave ::kssedr::Failure(std::move(result).error())
#define KSSEDR_DETAIL_NAME(a, b) KSSEDR_DETAIL_NAME_(a, b)
#define KSSEDR_DETAIL_NAME_(a, b) a##b
