#include "async/retry.h"

namespace kssedr {

Duration backoff(Duration first, Duration longest, int attempt, Random& random) {
    auto ceiling = first;
    for (int i = 1; i < attempt && ceiling < longest; ++i) ceiling *= 2;
    auto const half = std::min(ceiling, longest) / 2;
    return half + Duration{random.below(static_cast<std::uint64_t>(half.count()) + 1)};
}

std::optional<Duration> retry_delay(RetryPolicy const& policy, Error const& error, int attempt, Random& random) {
    bool const denied = error.code() == Errc::permission_denied;
    if (!denied && !is_retryable(error.code())) return std::nullopt;
    if (std::ranges::find(policy.final_codes, error.service_code()) != policy.final_codes.end()) return std::nullopt;
    int const most = denied                            ? policy.denied_attempts_max
                     : error.code() == Errc::throttled ? policy.throttled_attempts_max
                                                       : policy.attempts_max;
    if (attempt >= most) return std::nullopt;

    auto const jittered =
        backoff(denied ? policy.denied_delay : policy.first_delay, policy.longest_delay, attempt, random);
    return std::max(jittered, error.retry_after().value_or(Duration{}));
}

}  // namespace kssedr
