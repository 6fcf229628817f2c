/// Failures as Azure tells them: any of its error bodies and a status, to one Error.
///
/// The code says what the caller can do (base/error.h); the message says what failed, with the status, Azure's own
/// code, its text where that can hold no secret, what a person can do about it, and the id by which Microsoft's support
/// finds the request. Sources: the recordings the tests replay; Azure's REST API guidelines for the shape.

#pragma once

#include "base/error.h"
#include "http/transport.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace kssedr::azure {

/// What repeating a call would do; it decides what a missing or broken answer means.
enum class Effect : std::uint8_t {
    none,     ///< it changes nothing: no answer is `unavailable`, and it may be repeated
    happens,  ///< it changes something: no answer is `outcome_unknown`, and whoever asked looks first
};

/// Whether the service's text may be quoted.
enum class Quote : std::uint8_t {
    always,
    code_only,  ///< a secret was sent, and whoever answers, a gateway too, might repeat it: a code of letters at most
};

/// A failure in the service's words, whichever of Azure's shapes they came in; members are empty where none were said.
struct ServiceError {
    std::string code;        ///< the innermost one, such as `SecretDisabled`
    std::string outer_code;  ///< such as `Forbidden`; empty where there is one code only
    std::string message;

    friend bool operator==(ServiceError const&, ServiceError const&) = default;
};

/// Total: what is no error body gives empty members.
[[nodiscard]] ServiceError parse_service_error(std::string_view body);

/// The service's code for a failure: as the body says it in JSON, else as storage says it in `x-ms-error-code`, whose
/// bodies are XML. Empty where neither is there.
[[nodiscard]] std::string find_service_code(http::Response const& answer);

/// `Retry-After` in seconds or as a date (held against the answer's own `Date`), or in milliseconds as some services
/// write it.
[[nodiscard]] std::optional<Duration> parse_retry_after(http::Response const& answer);

[[nodiscard]] bool is_redirect(long status);
/// What to say of a redirect, behind what else is said; empty for any other answer.
[[nodiscard]] std::string explain_redirect(http::Response const& answer);

/// The Error of an answer that is not a success.
///
/// 400 and what else is wrong with a request `invalid_argument`; 401, 403 `permission_denied`; 404, 410 `not_found`,
/// and so a disabled secret, which may not be read by anybody; 409, 412, 423 `conflict` where it may pass; what only a
/// person can mend (a deleted secret holds the name, a lock, a policy, a provider that is not registered)
/// `invalid_argument`, which nobody repeats, and so a redirect, which is never followed; 429 `throttled`; 408, 5xx and
/// anything unheard-of `unavailable` without an effect, `outcome_unknown` with one. The service's own code tells the
/// rest.
[[nodiscard]] Error to_error(http::Response const& answer, std::string_view operation, Effect effect,
                             Quote quote = Quote::always);

/// A transport's failure as the caller must see it: without an effect, an unknown outcome is just no answer; with one,
/// a broken answer is an unknown outcome.
[[nodiscard]] Error to_error(Error transport_failure, std::string_view operation, Effect effect);

}  // namespace kssedr::azure
