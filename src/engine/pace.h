/// Pace: the pace that Azure allows, kept before a service has to say no.
///
/// Key Vault: 300 new versions and 4,000 other requests in 10 s for each vault. Resource Manager's storage provider,
/// for each subscription: 10 writes a second and 1,000 an hour; whether `listKeys` counts as a write is not settled, so
/// it does. (Sources: Key Vault service limits; Azure Storage resource provider limits.) First come, first served. An
/// answer `throttled` that names a time holds everybody back until then.

#pragma once

#include "async/clock.h"
#include "rotation/arm_id.h"
#include "rotation/rate.h"
#include "rotation/secret_ref.h"

#include <map>
#include <string>

namespace kssedr::engine {

class Pace {
public:
    explicit Pace(Clock& clock) : clock_(clock) {}

    /// Each waits for its turn; `deadline_exceeded` where that does not come in time.
    Async<void> turn_to_read(rotation::VaultHost vault, SteadyPoint deadline);
    Async<void> turn_to_publish(rotation::VaultHost vault, SteadyPoint deadline);
    Async<void> turn_of_provider(rotation::ArmId owner, SteadyPoint deadline);

    void heed(rotation::VaultHost const& vault, Error const& error);
    void heed(rotation::ArmId const& owner, Error const& error);

private:
    struct VaultPace {
        rotation::TokenBucket publications{300, std::chrono::seconds{10}};
        rotation::TokenBucket others{4000, std::chrono::seconds{10}};
    };
    struct ProviderPace {
        rotation::TokenBucket by_second{10, std::chrono::seconds{1}};
        rotation::TokenBucket by_hour{1000, std::chrono::hours{1}};
    };

    Async<void> wait_until(SteadyPoint turn, SteadyPoint deadline);
    ProviderPace& pace_of(rotation::ArmId const& owner);

    Clock& clock_;
    std::map<rotation::VaultHost, VaultPace> vaults_;
    std::map<std::string, ProviderPace> providers_;  // by subscription and provider namespace
};

}  // namespace kssedr::engine
