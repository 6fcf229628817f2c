#include "azure/token_cache.h"

#include "async/latch.h"

#include <algorithm>
#include <optional>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

// However long a caller may wait, the request that others share is not his alone.
constexpr Duration fetch_limit = 30s;
constexpr Duration pause_after_failure = 30s;

}  // namespace

// A request under way, and those who wait for it.
struct TokenCache::Flight {
    Latch landed;
    std::optional<Error> error;  // what the waiters are told; nothing where they should look again
};

TokenCache::TokenCache(TokenIssuer& issuer, Clock& clock, Log& log) : issuer_(issuer), clock_(clock), log_(log) {}

TokenCache::~TokenCache() = default;

void TokenCache::reject(std::string const& audience, Token const& token) {
    auto const found = entries_.find(audience);
    // Another caller may have replaced it already.
    if (found != entries_.end() && found->second.token == token) found->second.token = nullptr;
}

Async<Token> TokenCache::bearer(std::string audience, SteadyPoint deadline) {
    for (;;) {
        auto const now = clock_.steady_now();
        auto& entry = entries_[audience];
        bool const alive = entry.token != nullptr && now < entry.ends;
        if (alive && (now < entry.refresh_from || entry.flight)) co_return entry.token;
        if (!entry.flight) {
            Token const old = alive ? entry.token : nullptr;
            auto fetched = co_await fetch(audience, deadline);
            if (fetched || !old) co_return fetched;
            log_.warn("token.refresh_failed", {{"audience", audience}, {"error", fetched.error().message()}});
            co_return old;
        }
        if (now >= deadline)
            co_return fail(Errc::deadline_exceeded, "time ran out waiting for a token for " + audience);
        auto const flight = entry.flight;
        co_await flight->landed.wait(clock_, deadline);
        if (flight->error) co_return fail(*flight->error);
    }
}

Async<Token> TokenCache::fetch(std::string audience, SteadyPoint deadline) {
    auto const flight = std::make_shared<Flight>();
    entries_[audience].flight = flight;
    // Also when this coroutine is cancelled: then the next waiter asks in its place.
    struct Landing {
        Entry& entry;
        Flight& flight;
        ~Landing() {
            flight.landed.open();
            entry.flight = nullptr;
        }
    };
    // A map's entries stay where they are, and none is ever removed.
    Landing const landing{entries_[audience], *flight};

    auto const limit = std::min(deadline, clock_.steady_now() + fetch_limit);
    auto issued = co_await issuer_.fetch_token(audience, limit);
    if (issued) co_return keep(landing.entry, *std::move(issued));
    auto error = std::move(issued).error().during("getting a token for " + audience);
    landing.entry.refresh_from = clock_.steady_now() + pause_after_failure;
    // That the time of the one who asked ran out says nothing about the others'.
    if (clock_.steady_now() < deadline) flight->error = error;
    co_return fail(std::move(error));
}

Token TokenCache::keep(Entry& entry, IssuedToken issued) {
    auto const now = clock_.steady_now();
    // Where tokens live for minutes only, half of that must do.
    auto const life = std::max<Duration>(issued.lifetime, 2s);
    entry.token = std::make_shared<SecretString const>(std::move(issued.value));
    entry.ends = now + (life - std::min<Duration>(5min, life / 2));
    entry.refresh_from = now + (life >= 2h ? life / 2 : std::max<Duration>(life - 10min, life / 2));
    return entry.token;
}

}  // namespace kssedr::azure
