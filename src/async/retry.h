/// The retry loop: the only place where a call is repeated (clients make one call).
///
///   auto listed = co_await retry(clock, random, deadline, [&] { return provider.list(owner, deadline); });
///
/// Repeats what failed with `throttled`, `unavailable` or `conflict`, after a jittered, exponentially growing delay
/// or what the service asked for, whichever is longer; what is throttled most often; `permission_denied` slowly and a
/// few times only, since role assignments take minutes to spread. Everything else comes back at once; so does a failure
/// after which no time is left. The operation is a callable, kept alive by the caller, that makes a fresh Async<T> each
/// time.

#pragma once

#include "async/async.h"
#include "async/clock.h"
#include "base/random.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace kssedr {

struct RetryPolicy {
    int attempts_max = 6;
    /// More of them: "later" says that nothing was done, and of many who ask at once some come last.
    int throttled_attempts_max = 20;
    Duration first_delay{500};
    Duration longest_delay{30'000};
    int denied_attempts_max = 2;
    Duration denied_delay{15'000};
    /// The services' own words for what comes back at once, whatever its code.
    std::span<std::string_view const> final_codes{};
};

/// A delay that doubles from `first` up to `longest`, half of it chance: never hammers, and a crowd spreads out.
/// `attempt` counts from 1.
[[nodiscard]] Duration backoff(Duration first, Duration longest, int attempt, Random& random);

/// How long to wait before the next attempt; nothing where there must be none. `attempt` counts from 1.
[[nodiscard]] std::optional<Duration> retry_delay(RetryPolicy const& policy, Error const& error, int attempt,
                                                  Random& random);

template <class Operation>
auto retry(Clock& clock, Random& random, RetryPolicy policy, SteadyPoint deadline, Operation& operation)
    -> decltype(operation()) {
    for (int attempt = 1;; ++attempt) {
        auto result = co_await operation();
        if (result) co_return result;
        auto const delay = retry_delay(policy, result.error(), attempt, random);
        if (!delay || clock.steady_now() + *delay >= deadline) co_return result;
        co_await clock.sleep_for(*delay);
    }
}

}  // namespace kssedr
