/// Pace: the pace that Azure allows, kept before a service has to say no, and what to do once it said no.
///
/// Key Vault: 300 new versions and 4,000 other requests in 10 s for each vault. Resource Manager's storage provider,
/// for each subscription: 10 writes a second and 1,000 an hour; whether `listKeys` counts as a write is not settled, so
/// it does. (Sources: Key Vault service limits; Azure Storage resource provider limits.) First come, first served. An
/// answer `throttled` holds everybody back, for the time it names or for one that grows. Where a service says how many
/// calls it has left, few of them slow everybody down. Whoever does not answer at all is spared (engine/circuit.h).

#pragma once

#include "async/clock.h"
#include "engine/circuit.h"
#include "rotation/owner_id.h"
#include "rotation/rate.h"
#include "rotation/secret_ref.h"

#include <map>
#include <string>

namespace kssedr::engine {

class Pace {
public:
    explicit Pace(Clock& clock) : clock_(clock) {}

    /// Each waits for its turn; `deadline_exceeded` where that does not come in time, `unavailable` with the service
    /// code `CircuitOpen` where nothing is sent there for now.
    Async<void> turn_to_read(rotation::VaultHost vault, SteadyPoint deadline);
    Async<void> turn_to_publish(rotation::VaultHost vault, SteadyPoint deadline);
    Async<void> turn_of_provider(rotation::OwnerId owner, SteadyPoint deadline);
    /// Several turns at once; each call is then made by `use_turn`.
    Async<void> turns_of_provider(rotation::OwnerId owner, int turns, SteadyPoint deadline);
    /// For a turn that was waited for before: waits once more where the service has said no meanwhile.
    Async<void> use_turn(rotation::OwnerId owner, SteadyPoint deadline);
    /// Whether the service has said no, and the time has not passed.
    [[nodiscard]] bool is_held(rotation::OwnerId const& owner);
    /// Turns that were waited for and not used.
    void give_back(rotation::OwnerId const& owner, int turns);

    /// What became of a call that had its turn; `error` is null where it succeeded. Says what became of the circuit.
    Circuit::Change heed(rotation::VaultHost const& vault, Error const* error);
    Circuit::Change heed(rotation::OwnerId const& owner, Error const* error);
    /// How many calls the provider says it has left.
    void heed_left(rotation::OwnerId const& owner, int calls_left);

private:
    /// How long to hold back after `throttled` without a time: longer with each, until something succeeds.
    struct Throttle {
        Duration next = std::chrono::seconds{1};
        SteadyPoint until;

        std::optional<SteadyPoint> heed(Error const* error, SteadyPoint now);
    };
    struct VaultPace {
        rotation::TokenBucket publications{300, std::chrono::seconds{10}};
        rotation::TokenBucket others{4000, std::chrono::seconds{10}};
        Throttle throttle;
        Circuit circuit;
    };
    struct ProviderPace {
        rotation::TokenBucket by_second{10, std::chrono::seconds{1}};
        rotation::TokenBucket by_hour{1000, std::chrono::hours{1}};
        Throttle throttle;
        Circuit circuit;
    };

    /// Waits for a turn in the bucket's queue, and on while the service says no meanwhile.
    Async<void> wait_for(SteadyPoint turn, rotation::TokenBucket const& bucket, SteadyPoint deadline);
    [[nodiscard]] Result<void> admit(Circuit& circuit, std::string_view endpoint);
    ProviderPace& pace_of(rotation::OwnerId const& owner);

    Clock& clock_;
    std::map<rotation::VaultHost, VaultPace> vaults_;
    std::map<std::string, ProviderPace> providers_;  // by OwnerId::service_key()
};

}  // namespace kssedr::engine
