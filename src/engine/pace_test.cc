#include "engine/pace.h"

#include "async/for_each.h"
#include "engine/intake.h"
#include "support/coro_test.h"
#include "support/scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using rotation::OutcomeKind;
using std::chrono::days;
using test::account;
using test::FakeAzure;
using test::Scene;

rotation::OwnerId const& owner() {
    static rotation::OwnerId const id = *rotation::ArmId::parse(account);
    return id;
}

// How long the next call of the provider waits.
Task<Duration> wait_of(Pace& pace, Clock& clock) {
    auto const before = clock.steady_now();
    auto const turn = co_await pace.turn_of_provider(owner(), SteadyPoint::max());
    EXPECT_TRUE(turn);
    co_return clock.steady_now() - before;
}

CORO_TEST(Pace, ThrottledWithoutATimeWaitsLongerEachTimeUntilSomethingSucceeds) {
    Pace pace(clock());
    Error const throttled(Errc::throttled, "429");
    for (auto const expected : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        // All that were under way are told so; that is one sign, not sixteen.
        for (int i = 0; i < 16; ++i) pace.heed(owner(), &throttled);
        auto const wait = co_await wait_of(pace, clock());
        EXPECT_EQ(wait, expected);
    }
    pace.heed(owner(), nullptr);
    pace.heed(owner(), &throttled);
    auto const wait = co_await wait_of(pace, clock());
    EXPECT_EQ(wait, 1s);
}

CORO_TEST(Pace, ThrottledWithATimeWaitsThatLong) {
    Pace pace(clock());
    auto const throttled = Error(Errc::throttled, "429").with_retry_after(17s);
    pace.heed(owner(), &throttled);
    auto const wait = co_await wait_of(pace, clock());
    EXPECT_EQ(wait, 17s);
}

// An effect had begun, and then the service would not be called any more: so it is told, and for no longer than a
// minute.
CORO_TEST(Pace, AnUnknownOutcomeThatNamesATimeHoldsToo) {
    for (auto const& [told, expected] : {std::pair{17s, 17s}, {300s, 60s}}) {
        Pace pace(clock());
        auto const unknown = Error(Errc::outcome_unknown, "it goes on").with_retry_after(told);
        pace.heed(owner(), &unknown);
        auto const wait = co_await wait_of(pace, clock());
        EXPECT_EQ(wait, expected);
    }
    Pace pace(clock());
    Error const unknown(Errc::outcome_unknown, "it goes on");
    pace.heed(owner(), &unknown);
    auto const wait = co_await wait_of(pace, clock());
    EXPECT_EQ(wait, 0s);
}

CORO_TEST(Pace, ATurnTakenAheadWaitsForANoThatCameMeanwhile) {
    Pace pace(clock());
    auto const taken = co_await pace.turns_of_provider(owner(), 3, SteadyPoint::max());
    EXPECT_TRUE(taken.has_value());
    auto const began = clock().steady_now();
    auto const used = co_await pace.use_turn(owner(), SteadyPoint::max());
    EXPECT_TRUE(used.has_value());
    EXPECT_EQ(clock().steady_now(), began);
    auto const throttled = Error(Errc::throttled, "429").with_retry_after(17s);
    pace.heed(owner(), &throttled);
    auto const held = co_await pace.use_turn(owner(), SteadyPoint::max());
    EXPECT_TRUE(held.has_value());
    EXPECT_EQ(clock().steady_now() - began, 17s);
}

CORO_TEST(Pace, WhoWaitsForATurnWaitsOnWhereANoComesMeanwhile) {
    rotation::VaultHost const vault{"demo.vault.azure.net"};
    Pace pace(clock());
    auto const throttled = Error(Errc::throttled, "429").with_retry_after(10s);
    pace.heed(vault, &throttled);
    pace.heed(owner(), &throttled);
    auto const began = clock().steady_now();
    std::vector<Duration> waits;
    auto wait = [&](std::size_t i) -> Task<void> {
        if (i == 3) {
            co_await clock().sleep_for(9s);
            pace.heed(vault, &throttled);
            pace.heed(owner(), &throttled);
            co_return;
        }
        if (i == 0) {
            co_await pace.turn_to_read(vault, SteadyPoint::max());
        } else if (i == 1) {
            co_await pace.turn_to_publish(vault, SteadyPoint::max());
        } else {
            co_await pace.turn_of_provider(owner(), SteadyPoint::max());
        }
        waits.push_back(clock().steady_now() - began);
    };
    co_await for_each(4, 4, wait);
    EXPECT_EQ(waits, (std::vector<Duration>{19s, 19s, 19s}));
}

CORO_TEST(Pace, FewCallsLeftSlowEverybodyDown) {
    for (auto const& [left, expected] : {std::pair{1000, 0ms}, {50, 0ms}, {49, 100ms}, {10, 4000ms}, {0, 5000ms}}) {
        Pace pace(clock());
        pace.heed_left(owner(), left);
        auto const wait = co_await wait_of(pace, clock());
        EXPECT_EQ(wait, expected) << left << " left";
    }
}

// A service that lets one call through every four seconds, of whatever kind.
FakeAzure::Script one_call_every_four_seconds(Clock& clock) {
    return [&clock, free_at = SteadyPoint{}](int, std::string_view operation) mutable {
        FakeAzure::Event event;
        if (!operation.starts_with("keys.")) return event;
        auto const now = clock.steady_now();
        if (now < free_at) {
            auto const wait = std::chrono::ceil<std::chrono::seconds>(free_at - now);
            event.error_before = Error(Errc::throttled, "429").with_retry_after(wait);
        } else {
            free_at = now + 4s;
        }
        return event;
    };
}

// A listing before each sending would take the only turn that there is, for ever.
CORO_TEST(Pace, ARegenerationThatWasToldToWaitDoesNotSpendItsTurnOnAListing) {
    Scene scene(clock());
    scene.azure.script = one_call_every_four_seconds(clock());
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 1);
    EXPECT_EQ(std::ranges::count(scene.azure.calls, "keys.regenerate"), 2) << "one was refused";
}

CORO_TEST(Pace, ARegenerationThatWasToldToWaitLooksAtHoldersAllTheSame) {
    Scene scene(clock());
    scene.azure.script = [&, has_refused = false](int, std::string_view operation) mutable {
        FakeAzure::Event event;
        if (operation != "keys.regenerate" || std::exchange(has_refused, true)) return event;
        event.error_before = Error(Errc::throttled, "429").with_retry_after(20s);
        // Meanwhile somebody moves a sibling to the key that was to be regenerated.
        event.before = [&] {
            auto properties = scene.azure.versions[0].properties;
            scene.azure.add_version(properties, Scene::connection_string(scene.azure.keys["key2"].value),
                                    "demo.vault.azure.net/sibling");
            auto moved = scene.azure.versions[0].properties;
            moved.expires = clock().now() + days{90};
            scene.azure.add_version(moved, Scene::connection_string(scene.azure.keys["key2"].value));
        };
        return event;
    };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(scene.azure.regenerations, 0) << seen.outcome.reason;
}

CORO_TEST(Pace, AListingIsMadeAnewWhereTheServiceSaidNoForLong) {
    Scene scene(clock());
    scene.azure.script = [&, has_refused = false](int, std::string_view operation) mutable {
        FakeAzure::Event event;
        if (operation != "keys.regenerate" || std::exchange(has_refused, true)) return event;
        event.error_before = Error(Errc::throttled, "429").with_retry_after(90s);
        event.before = [&] { scene.azure.regenerate_key("key2"); };
        return event;
    };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::adopted) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 0) << "what somebody made meanwhile is published";
}

TEST(Circuit, OpensTriesOnceAndCloses) {
    Circuit circuit;
    Error const dead(Errc::unavailable, "no answer"), lost(Errc::outcome_unknown, "reset"), denied(Errc::not_found, "");
    SteadyPoint now{1h};
    for (int i = 0; i < 7; ++i) EXPECT_EQ(circuit.note(i % 2 == 0 ? &dead : &lost, now), Circuit::Change::none);
    EXPECT_EQ(circuit.note(&denied, now), Circuit::Change::none) << "an answer of any kind is one";
    for (int i = 0; i < 7; ++i) EXPECT_EQ(circuit.note(&dead, now), Circuit::Change::none);
    EXPECT_FALSE(circuit.wait_of(now));
    EXPECT_EQ(circuit.note(&dead, now), Circuit::Change::opened);
    EXPECT_EQ(circuit.wait_of(now + 10s), 20s);
    EXPECT_FALSE(circuit.wait_of(now + 30s)) << "one tries";
    EXPECT_EQ(circuit.wait_of(now + 30s), 30s) << "and one only";
    EXPECT_EQ(circuit.note(&dead, now + 31s), Circuit::Change::none);
    EXPECT_EQ(circuit.wait_of(now + 60s), 1s);
    EXPECT_FALSE(circuit.wait_of(now + 61s));
    EXPECT_EQ(circuit.note(nullptr, now + 62s), Circuit::Change::closed);
    EXPECT_FALSE(circuit.wait_of(now + 62s));
}

// The events of a vault that does not answer neither hammer it nor keep another's from being handled.
CORO_TEST(Circuit, ADeadVaultCostsLittleAndHoldsNobodyUp) {
    Scene scene(clock());
    InProcessLock lock(clock());
    class HalfDead final : public ports::Vault {
    public:
        HalfDead(FakeAzure& azure, Clock& clock) : azure_(azure), clock_(clock) {}
        Async<rotation::SecretVersion> fetch(rotation::SecretRef secret, std::string version,
                                             SteadyPoint deadline) override {
            if (secret.vault.text.starts_with("demo")) co_return co_await azure_.fetch(secret, version, deadline);
            ++calls_of_dead;
            co_await clock_.sleep_for(30s);
            co_return fail(Errc::unavailable, "no answer");
        }
        Async<std::vector<rotation::SecretProperties>> list_versions(rotation::SecretRef s, SteadyPoint d) override {
            return azure_.list_versions(std::move(s), d);
        }
        Async<rotation::SecretListing> list_secrets(rotation::VaultHost v, SteadyPoint d) override {
            return azure_.list_secrets(std::move(v), d);
        }
        Async<rotation::SecretProperties> publish(rotation::SecretRef s, rotation::SecretDraft const& draft,
                                                  SteadyPoint d) override {
            return azure_.publish(std::move(s), draft, d);
        }
        Async<void> disable(rotation::SecretRef s, std::string version, SteadyPoint d) override {
            return azure_.disable(std::move(s), std::move(version), d);
        }
        int calls_of_dead = 0;

    private:
        FakeAzure& azure_;
        Clock& clock_;
    } vault(scene.azure, clock());
    Rotator rotator({vault, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy);
    Intake intake(rotator, clock(), scene.log, "vault.azure.net");
    std::vector<std::string> messages;
    auto const event = [](std::string const& vault_name, std::string const& name, std::string const& version) {
        return fmt::format(
            R"({{"id":"{0}","eventType":"Microsoft.KeyVault.SecretNearExpiry","data":{{"Id":"https://{1}.vault.azure.net/secrets/{2}/{3}","VaultName":"{1}","ObjectType":"Secret","ObjectName":"{2}","Version":"{3}"}}}})",
            name, vault_name, name, version);
    };
    for (int i = 0; i < 200; ++i) messages.push_back(event("dead", fmt::format("s{}", i), std::string(32, 'a')));
    messages.push_back(event("demo", "web", scene.azure.versions[0].properties.version));
    std::vector<std::string_view> const views(messages.begin(), messages.end());
    auto const begun = clock().steady_now();
    auto const handled = co_await intake.handle(views, {.deadline = clock().steady_now() + 1h});
    CO_ASSERT(handled.size() == 201);
    EXPECT_EQ(handled[200].outcome.kind, OutcomeKind::rotated) << handled[200].outcome.reason;
    for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(handled[i].outcome.kind, OutcomeKind::failed);
        EXPECT_EQ(handled[i].outcome.code, "unavailable") << handled[i].outcome.reason;
    }
    EXPECT_TRUE(handled[199].outcome.retry_after.has_value());
    EXPECT_LE(vault.calls_of_dead, 12) << "four at once, until one of them has given it up";
    EXPECT_EQ(handled[199].outcome.secret, "s199");
    EXPECT_LT(clock().steady_now() - begun, 3min);
}

}  // namespace
}  // namespace kssedr::engine
