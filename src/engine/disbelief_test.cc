// Answers of the services that can not be what they meant, and what is made of them, in virtual time.

#include "engine/rotator.h"
#include "support/coro_test.h"
#include "support/scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using rotation::OutcomeKind;
using std::chrono::days;
using test::FakeAzure;
using test::Scene;

CORO_TEST(Disbelief, WhatIsNoKeyIsNotPublished) {
    for (std::string const instead : {"x", "A;BlobEndpoint=https://evil.example/", "AAAA", "the other's"}) {
        for (bool const is_held : {true, false}) {
            SCOPED_TRACE(instead + (is_held ? " of the slot in use" : " of the other slot"));
            Scene scene(clock());
            auto& slots = scene.azure.keys;
            slots[is_held ? "key1" : "key2"].value =
                instead == "the other's" ? slots[is_held ? "key2" : "key1"].value : instead;
            auto const seen = co_await scene.rotate();
            EXPECT_EQ(seen.outcome.kind, OutcomeKind::failed);
            EXPECT_EQ(seen.outcome.code, "unexpected-answer") << seen.outcome.reason;
            EXPECT_EQ(scene.azure.versions.size(), 1U);
            EXPECT_EQ(scene.azure.regenerations, 0);
        }
    }
}

CORO_TEST(Disbelief, ARegenerationThatChangedNothingIsNoRotation) {
    Scene scene(clock());
    InProcessLock lock(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy);
    auto const old = scene.azure.keys["key2"];
    scene.azure.script = [&](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "keys.regenerate") event.after = [&] { scene.azure.keys["key2"] = old; };
        return event;
    };
    auto const seen = co_await rotator.rotate(scene.event());
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(seen.outcome.code, "unexpected-answer") << seen.outcome.reason;
    EXPECT_EQ(scene.azure.versions.size(), 1U);
    scene.azure.script = nullptr;
    auto const again = co_await rotator.rotate(scene.event());
    EXPECT_EQ(again.outcome.kind, OutcomeKind::rotated) << again.outcome.reason;
    EXPECT_GE(again.outcome.duration, time_of_doubt - 1s);
}

// Other processes know of that doubt by the lease alone.
CORO_TEST(Disbelief, ARegenerationThatChangedNothingKeepsItsLeaseUntilItCanNotHappenAnyMore) {
    struct KeptLock final : ports::OwnerLock {
        struct Lease final : ports::OwnerLease {
            explicit Lease(SteadyPoint& kept) : kept_until(kept) {}
            [[nodiscard]] bool outlasts(SteadyPoint) const override { return true; }
            void keep_until(SteadyPoint when) override { kept_until = when; }
            [[nodiscard]] bool was_waited_for() const override { return false; }
            SteadyPoint& kept_until;
        };
        Async<std::unique_ptr<ports::OwnerLease>> acquire(std::string, SteadyPoint) override {
            co_return std::make_unique<Lease>(kept_until);
        }
        SteadyPoint kept_until{};
    } lock;
    Scene scene(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy);
    auto const old = scene.azure.keys["key2"];
    scene.azure.script = [&](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "keys.regenerate") event.after = [&] { scene.azure.keys["key2"] = old; };
        return event;
    };
    auto const seen = co_await rotator.rotate(scene.event());
    EXPECT_EQ(seen.outcome.code, "unexpected-answer") << seen.outcome.reason;
    EXPECT_GE(lock.kept_until - clock().steady_now(), time_of_doubt - 1s);
}

// A service that shows what it made in its listing alone, and there a little later.
CORO_TEST(Disbelief, AListingThatLagsBehindTheRegenerationIsAskedForAgain) {
    Scene scene(clock());
    auto const old = scene.azure.keys["key2"];
    FakeAzure::Key made;
    scene.azure.script = [&, listings = 0](int, std::string_view operation) mutable {
        FakeAzure::Event event;
        if (operation == "keys.regenerate") event.after = [&] { made = std::exchange(scene.azure.keys["key2"], old); };
        if (operation == "keys.list" && ++listings == 4) event.before = [&] { scene.azure.keys["key2"] = made; };
        return event;
    };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 1);
    CO_ASSERT(scene.azure.versions.size() == 2);
    EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions[1].value));
}

CORO_TEST(Disbelief, AMakingTimeInTheFutureMakesNothingLiveLonger) {
    for (auto const ahead : {Duration(1h), Duration(days{2}), Duration(days{2'900'000})}) {
        SCOPED_TRACE(format_span(ahead));
        Scene scene(clock());
        scene.azure.keys["key2"].made = clock().now() + ahead;
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.kind, ahead < days{1} ? OutcomeKind::adopted : OutcomeKind::rotated)
            << seen.outcome.reason;
        CO_ASSERT(seen.outcome.expires.has_value());
        EXPECT_LE(*seen.outcome.expires, clock().now() + scene.policy.default_validity);
    }
}

CORO_TEST(Disbelief, APublicationThatIsNeverAnsweredIsSaidToBeThat) {
    Scene scene(clock());
    scene.azure.script = [&](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "secret.set") event.error_before = Error(Errc::outcome_unknown, "answered 500 InternalError");
        return event;
    };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(seen.outcome.code, "outcome-unknown");
    EXPECT_NE(seen.outcome.reason.find("answered 500"), std::string::npos) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 1);
    EXPECT_EQ(scene.azure.versions.size(), 1U);
}

// Law 1 does not hang on one answer: the secret's, or the listing's that comes after it.
CORO_TEST(ClockSkew, OneWrongDateRegeneratesNothing) {
    for (int const wrong : {1, 2}) {
        for (auto const ahead : {Duration(days{70}), Duration(-days{70})}) {
            Scene scene(clock());
            scene.azure.date_ahead = {{wrong, ahead}};
            auto request = scene.event();
            request.ignores_due = true;
            auto const seen = co_await scene.rotate(request);
            EXPECT_EQ(scene.azure.regenerations, 0);
            EXPECT_EQ(seen.outcome.kind, OutcomeKind::failed);
            EXPECT_EQ(seen.outcome.code, "clock-skew") << seen.outcome.reason;
            EXPECT_EQ((co_await scene.rotate(request)).outcome.kind, OutcomeKind::rotated) << "it has passed";
        }
    }
}

// Where the vault's listing was known already, the secret is read once more.
CORO_TEST(ClockSkew, IsLookedForWithAKnownListing) {
    Scene scene(clock());
    InProcessLock lock(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy);
    auto request = scene.event();
    request.ignores_due = true;
    request.is_dry_run = true;
    co_await rotator.rotate(request);
    request.is_dry_run = false;
    scene.azure.calls.clear();
    scene.azure.date_ahead = {{4, days{70}}};
    auto const seen = co_await rotator.rotate(request);
    EXPECT_EQ(seen.outcome.code, "clock-skew") << seen.outcome.reason;
    EXPECT_EQ(scene.azure.calls, (std::vector<std::string>{"secret.get", "keys.list", "secret.get"}));
    EXPECT_EQ((co_await rotator.rotate(request)).outcome.kind, OutcomeKind::rotated);
}

CORO_TEST(ClockSkew, AClockThatWasSetIsFollowed) {
    Scene scene(clock());
    InProcessLock lock(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy);
    auto request = scene.event();
    request.is_dry_run = true;
    co_await rotator.rotate(request);
    request.is_dry_run = false;
    scene.azure.clock_ahead = days{1};
    auto const seen = co_await rotator.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
}

// A clock that is wrong and agrees with itself is the vault's.
CORO_TEST(ClockSkew, AWrongClockThatAgreesWithItselfIsFollowed) {
    Scene scene(clock());
    scene.azure.clock_ahead = days{1};
    EXPECT_EQ((co_await scene.rotate()).outcome.kind, OutcomeKind::rotated);
}

}  // namespace
}  // namespace kssedr::engine
