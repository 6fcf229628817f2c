#include "network.h"

#include "checker.h"

#include <algorithm>

namespace kssedr::simulation {

using rotation::SecretProperties;

namespace {

constexpr Duration longest_slow = std::chrono::seconds{50};

Error denied() {
    return Error(Errc::permission_denied, "ForbiddenByRbac").with_service_code("ForbiddenByRbac");
}

// A service that says when to come again says it in whole seconds.
Error too_many(Duration wait, bool is_told) {
    return Error(Errc::throttled, "429")
        .with_retry_after(is_told ? std::optional<Duration>(std::chrono::ceil<std::chrono::seconds>(wait))
                                  : std::nullopt);
}

TimePoint to_seconds(TimePoint at) {
    return std::chrono::floor<std::chrono::seconds>(at);
}

}  // namespace

Task<void> ProcessClock::sleep_until(SteadyPoint when) {
    if (chance_.happens(plan_.killed)) {
        context_.die_within(std::max(when - timeline_.now(), Duration{}));
    }
    if (chance_.happens(plan_.paused)) {
        statistics_.add(Fault::paused);
        context_.life.pause_until(timeline_.now() + chance_.between(std::chrono::seconds{1}, std::chrono::minutes{5}));
    }
    return timeline_.sleep_until(when, context_.life);
}

void Network::begin(int owner, int endpoint) {
    ++statistics_.calls;
    if (endpoint >= 0 && timeline_.now() < context_.silent_until[static_cast<std::size_t>(endpoint)])
        estate_.checker().violate(
            "I11",
            fmt::format("process {} calls {}, which said that it should not within {}", context_.number,
                        static_cast<std::size_t>(endpoint) < estate_.vaults.size()
                            ? estate_.vaults[static_cast<std::size_t>(endpoint)].host.text
                            : std::string("Resource Manager"),
                        format_span(context_.silent_until[static_cast<std::size_t>(endpoint)] - timeline_.now())));
    if (owner >= 0 && chance_.happens(plan_.meddling_at_call)) context_.meddle(owner);
}

int Network::provider_of(int owner) const {
    if (owner < 0) return -1;
    return static_cast<int>(estate_.vaults.size() + estate_.owners[static_cast<std::size_t>(owner)].provider);
}

Bucket& Network::bucket_of(int endpoint) {
    auto const index = static_cast<std::size_t>(endpoint);
    auto const vaults = estate_.vaults.size();
    return index < vaults ? estate_.vaults[index].bucket : estate_.provider_buckets[index - vaults];
}

void Network::hear(int endpoint, Error const& error) {
    // Of an effect that may have happened too.
    bool const is_no = error.code() == Errc::throttled || error.code() == Errc::outcome_unknown;
    if (endpoint < 0 || !is_no || !error.retry_after()) return;
    auto& silent_until = context_.silent_until[static_cast<std::size_t>(endpoint)];
    silent_until = std::max(silent_until, timeline_.now() + *error.retry_after());
}

Network::Fate Network::draw_fate() {
    struct Part {
        double likelihood;
        Fate fate;
        Fault fault;
    };
    Part const parts[] = {
        {plan_.throttled, Fate::throttled, Fault::throttled},
        {plan_.server_error, Fate::server_error, Fault::server_error},
        {plan_.lost_before, Fate::lost_before, Fault::lost_before},
        {plan_.lost_request, Fate::lost_request, Fault::lost_request},
        {plan_.lost_answer, Fate::lost_answer, Fault::lost_answer},
        {plan_.late_effect, Fate::late, Fault::late_effect},
    };
    for (auto const& part : parts) {
        if (!chance_.happens(part.likelihood)) continue;
        statistics_.add(part.fault);
        return part.fate;
    }
    return Fate::fine;
}

Duration Network::draw_latency() {
    if (chance_.happens(plan_.slow)) {
        statistics_.add(Fault::slow);
        return chance_.between(std::chrono::milliseconds{500}, longest_slow);
    }
    return chance_.between(std::chrono::milliseconds{1}, plan_.latency_max);
}

Error Network::error_of(Fate fate, Errc unanswered) {
    switch (fate) {
    case Fate::throttled: {
        auto const after = chance_.happens(plan_.says_retry_after)
                               ? std::optional(chance_.between(std::chrono::seconds{1}, std::chrono::seconds{60}))
                               : std::nullopt;
        return Error(Errc::throttled, "429").with_retry_after(after);
    }
    case Fate::lost_before: return Error(Errc::unavailable, "no connection");
    case Fate::server_error: return Error(unanswered, "500").with_service_code(std::string(server_error_code));
    default: return Error(unanswered, "no answer");
    }
}

Task<std::optional<Error>> Network::travel(int endpoint, SteadyPoint deadline, SteadyPoint& back, Errc unanswered) {
    if (timeline_.now() >= deadline) co_return Error(Errc::deadline_exceeded, "nothing was sent");
    auto const fate = draw_fate();
    auto until = timeline_.now() + draw_latency();
    // No answer: found out when the connection breaks, or at the deadline.
    if (fate == Fate::lost_request || fate == Fate::late)
        until = timeline_.now() + chance_.between(std::chrono::milliseconds{10}, std::chrono::seconds{60});
    bool const is_in_time = until < deadline;
    back = until;
    // Mostly the whole way is taken at once, which costs half as much to simulate.
    if (is_in_time && fate == Fate::fine && chance_.happens(0.3))
        until = timeline_.now() + chance_.between({}, until - timeline_.now());
    co_await clock_.sleep_until(std::min(until, deadline));
    if (!is_in_time) co_return Error(unanswered, "no answer in time");
    if (fate != Fate::fine) co_return error_of(fate, unanswered);
    if (endpoint < 0) co_return std::nullopt;
    auto const wait = bucket_of(endpoint).refuse(timeline_.now());
    if (!wait) co_return std::nullopt;
    statistics_.add(Fault::over_limit);
    co_return too_many(*wait, chance_.happens(plan_.says_retry_after));
}

Task<void> Network::travel_until(SteadyPoint back) {
    if (back > timeline_.now()) {
        co_await clock_.sleep_until(back);
    }
}

void Network::land_at(SteadyPoint when, int endpoint, std::shared_ptr<Flight> flight, Landing landing) {
    auto& bucket = bucket_of(endpoint);
    bool const is_told = bucket.is_limited() && chance_.happens(plan_.says_retry_after);
    timeline_.at(when, [&bucket, is_told, &statistics = statistics_, &timeline = timeline_, flight = std::move(flight),
                        landing = std::move(landing)]() mutable {
        if (flight->is_dropped) return;
        flight->has_landed = true;
        if (auto const wait = bucket.refuse(timeline.now())) {
            statistics.add(Fault::over_limit);
            flight->refusal = too_many(*wait, is_told);
            return;
        }
        landing(*flight);
    });
}

Task<void> Network::pause_before_sending() {
    statistics_.add(Fault::paused_at_effect);
    context_.life.pause_until(timeline_.now() + chance_.between(std::chrono::seconds{1}, std::chrono::minutes{3}));
    return clock_.sleep_for(Duration{1});
}

Task<std::optional<Error>> Network::travel_with(int owner, int endpoint, std::shared_ptr<Flight> flight,
                                                Landing landing, SteadyPoint deadline) {
    // Whether what is still on its way when its process dies lands all the same.
    struct OnDeath {
        Flight& flight;
        Network& network;
        ~OnDeath() {
            if (!network.context_.life.is_over() || flight.has_landed || flight.is_dropped) return;
            network.statistics_.add(Fault::in_flight_at_death);
            flight.is_dropped = network.chance_.happens(0.5);
        }
    };
    if (timeline_.now() >= deadline) co_return Error(Errc::deadline_exceeded, "nothing was sent");
    constexpr double oftener = 5;
    if (chance_.happens(oftener * plan_.paused)) {
        co_await pause_before_sending();
        if (timeline_.now() >= deadline) {
            // A program that looks at the time before each write sends nothing any more; between that look and the
            // write there is always an instant.
            if (!chance_.happens(plan_.sends_overdue)) co_return Error(Errc::deadline_exceeded, "nothing was sent");
            statistics_.add(Fault::sent_overdue);
            deadline = timeline_.now() + std::chrono::seconds{5};
            context_.send_overdue(owner, deadline);
        }
    }
    auto const now = timeline_.now();
    auto const fate = draw_fate();
    if (fate == Fate::throttled || fate == Fate::lost_before) {
        co_await clock_.sleep_until(std::min(now + draw_latency(), deadline));
        co_return error_of(fate, Errc::outcome_unknown);
    }
    auto arrival = now + draw_latency();
    auto end = arrival + draw_latency();
    if (fate == Fate::late) arrival = now + chance_.between(std::chrono::milliseconds{100}, deadline - now);
    if (fate == Fate::late || fate == Fate::lost_request || fate == Fate::lost_answer)
        end = now + chance_.between(std::chrono::milliseconds{10}, std::chrono::seconds{60});
    // An effect lands within its deadline or never.
    flight->is_dropped =
        fate == Fate::lost_request || arrival > deadline || (fate == Fate::server_error && chance_.happens(0.5));
    OnDeath const on_death{*flight, *this};
    if (!flight->is_dropped) land_at(arrival, endpoint, flight, std::move(landing));
    bool const is_in_time = end < deadline;
    co_await clock_.sleep_until(std::min(end, deadline));
    if (!is_in_time) co_return Error(Errc::outcome_unknown, "no answer in time");
    if (fate != Fate::fine) co_return error_of(fate, Errc::outcome_unknown);
    if (flight->refusal) co_return *flight->refusal;
    co_return std::nullopt;
}

Task<std::optional<Error>> Network::ask(int endpoint, SteadyPoint deadline, SteadyPoint& back) {
    auto failed = co_await travel(endpoint, deadline, back, Errc::unavailable);
    if (failed) hear(endpoint, *failed);
    co_return failed;
}

Task<std::optional<Error>> Network::send(int owner, int endpoint, std::shared_ptr<Flight> flight, Landing landing,
                                         SteadyPoint deadline) {
    auto failed = co_await travel_with(owner, endpoint, std::move(flight), std::move(landing), deadline);
    if (failed) hear(endpoint, *failed);
    co_return failed;
}

Async<rotation::SecretVersion> Network::fetch(rotation::SecretRef secret, std::string version, SteadyPoint deadline) {
    auto const index = estate_.find_secret(secret);
    int const vault = index < 0 ? -1 : estate_.secrets[static_cast<std::size_t>(index)].vault;
    begin(index < 0 ? -1 : estate_.secrets[static_cast<std::size_t>(index)].owner, vault);
    SteadyPoint back{};
    auto const failed = co_await ask(vault, deadline, back);
    if (failed) co_return fail(*failed);
    if (index < 0) co_return fail(Errc::not_found, "no such secret");
    auto const& state = estate_.secrets[static_cast<std::size_t>(index)];
    if (state.is_deleted) co_return fail(Errc::not_found, "SecretNotFound");
    if (state.unreadable_until > timeline_.now()) co_return fail(denied());
    auto at = state.versions.size() - 1;
    if (!version.empty()) {
        while (at > 0 && state.versions[at].properties.version != version) --at;
        if (state.versions[at].properties.version != version) co_return fail(Errc::not_found, "no such version");
    }
    auto const& found = state.versions[at];
    if (!found.properties.enabled)
        co_return fail(Error(Errc::not_found, "disabled").with_service_code("SecretDisabled"));
    rotation::SecretVersion seen;
    seen.properties = found.properties;
    seen.value = SecretString::copy_of(found.value);
    seen.seen_at = to_seconds(estate_.vault_now(state.vault));
    trace_.say("process {} reads {}version {} of {}, made on {}: {}", context_.number,
               version.empty() ? "the current " : "", found.properties.version.substr(28), state.key,
               format_rfc3339(found.properties.created),
               found.holds == no_key ? "no key" : short_name(estate_.key(found.holds).text));
    co_await travel_until(back);
    if (version.empty()) context_.last_read[static_cast<std::size_t>(index)] = at;
    co_return seen;
}

Async<std::vector<SecretProperties>> Network::list_versions(rotation::SecretRef secret, SteadyPoint deadline) {
    auto const index = estate_.find_secret(secret);
    int const vault = index < 0 ? -1 : estate_.secrets[static_cast<std::size_t>(index)].vault;
    begin(-1, vault);
    SteadyPoint back{};
    auto const failed = co_await ask(vault, deadline, back);
    if (failed) co_return fail(*failed);
    if (index < 0 || estate_.secrets[static_cast<std::size_t>(index)].is_deleted)
        co_return fail(Errc::not_found, "no such secret");
    std::vector<SecretProperties> listed;
    auto const& versions = estate_.secrets[static_cast<std::size_t>(index)].versions;
    listed.reserve(versions.size());
    for (auto const& version : versions) listed.push_back(version.properties);
    if (chance_.happens(0.5)) std::ranges::reverse(listed);
    co_await travel_until(back);
    co_return listed;
}

Async<rotation::SecretListing> Network::list_secrets(rotation::VaultHost vault, SteadyPoint deadline) {
    auto const state = std::ranges::find(estate_.vaults, vault, &VaultState::host);
    if (state == estate_.vaults.end()) co_return fail(Errc::not_found, "no such vault");
    auto const endpoint = static_cast<int>(state - estate_.vaults.begin());
    begin(-1, endpoint);
    SteadyPoint back{};
    auto const failed = co_await ask(endpoint, deadline, back);
    if (failed) co_return fail(*failed);
    if (state->unlistable_until > timeline_.now()) co_return fail(denied());
    rotation::SecretListing listed;
    listed.seen_at = to_seconds(estate_.vault_now(endpoint));
    for (auto const index : state->secrets) {
        auto const& secret = estate_.secrets[static_cast<std::size_t>(index)];
        if (secret.is_deleted) continue;
        auto properties = secret.current().properties;
        properties.version.clear();
        listed.secrets.push_back(std::make_shared<rotation::SecretProperties const>(std::move(properties)));
    }
    co_await travel_until(back);
    co_return listed;
}

}  // namespace kssedr::simulation
