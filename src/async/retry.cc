#include "async/retry.h"

namespace kssedr {

std::optional<Duration> retry_delay(RetryPolicy const& policy, Error const& error, int attempt, Random& random) {
    bool const denied = error.code() == Errc::permission_denied;
    if (!denied && !is_retryable(error.code())) return std::nullopt;
    if (std::ranges::find(policy.final_codes, error.service_code()) != policy.final_codes.end()) return std::nullopt;
    int const most = denied                            ? policy.denied_attempts_max
                     : error.code() == Errc::throttled ? policy.throttled_attempts_max
                                                       : policy.attempts_max;
    if (attempt >= most) return std::nullopt;

    Duration ceiling = denied ? policy.denied_delay : policy.first_delay;
    for (int i = 1; i < attempt && ceiling < policy.longest_delay; ++i) ceiling *= 2;
    ceiling = std::min(ceiling, policy.longest_delay);
    // Half fixed, half chance: never hammers, and a crowd spreads out.
    auto const half = ceiling / 2;
    Duration const jittered = half + Duration{random.below(static_cast<std::uint64_t>(half.count()) + 1)};
    return std::max(jittered, error.retry_after().value_or(Duration{}));
}

}  // namespace kssedr
