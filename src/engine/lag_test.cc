// Listings of credentials that lag behind what was done, and makings that nobody tells: what the simulator found.

#include "engine/rotator.h"
#include "support/coro_test.h"
#include "support/scene.h"

namespace kssedr::engine {
namespace {

using rotation::OutcomeKind;
using std::chrono::days;
using test::FakeAzure;
using test::Scene;

// Lets the listings of credentials from the `first` to the `last`, counted from now, show `stale`.
void lag(Scene& scene, int first, int last, std::map<std::string, FakeAzure::Key> const* stale) {
    auto const listings = std::make_shared<int>(0);
    auto const truth = std::make_shared<std::optional<std::map<std::string, FakeAzure::Key>>>();
    scene.azure.script = [&scene, first, last, stale, listings, truth](int, std::string_view operation) {
        if (*truth) scene.azure.keys = *std::exchange(*truth, std::nullopt);
        FakeAzure::Event event;
        if (operation != "keys.list" || ++*listings < first || *listings > last) return event;
        event.before = [&scene, stale, truth] { *truth = std::exchange(scene.azure.keys, *stale); };
        return event;
    };
}

// A listing from before two regenerations shows none of what this process knows to be retired.
CORO_TEST(Lag, WhatIsPublishedAndThenShownAfterAllIsOneRotation) {
    Scene scene(clock());
    auto stale = scene.azure.keys;
    stale["key2"].value = scene.azure.new_key();
    lag(scene, 2, 3, &stale);
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.code << ": " << seen.outcome.reason;
    EXPECT_EQ(seen.outcome.former_credential, "key1");
    EXPECT_EQ(seen.outcome.credential, "key2");
    EXPECT_EQ(scene.azure.regenerations, 1);
    EXPECT_EQ(scene.azure.versions.size(), 2U);
    EXPECT_EQ(seen.outcome.new_version, scene.azure.versions.back().properties.version);
}

// What takes a service longer than a call may last is in doubt each time; where nobody tells when a slot was made and
// there was no version before, only who asked for it knows that it was done.
CORO_TEST(Doubt, WhatWasDoneInTheEndIsKnownThoughNobodyTellsWhen) {
    Scene scene(clock());
    scene.azure.tells_when_made = false;
    scene.azure.script = [](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "keys.regenerate") event.error_after = Error(Errc::outcome_unknown, "it goes on");
        return event;
    };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 1);
    EXPECT_EQ(scene.azure.versions.size(), 2U);
}

// Somebody else may have made it after the version: then it would look older than it is, and be made once more.
TEST(Doubt, WhatMayHaveBeenMadeLaterIsNotTold) {
    auto const credentials = [](std::string_view value) {
        rotation::Credentials all;
        all.slots.push_back({"key2", SecretString::copy_of(value), std::nullopt});
        return all;
    };
    RegeneratedBook book;
    TimePoint const sent{days{100}};
    book.doubt("owner", "key2", credentials("old"), sent);
    auto const now = credentials("new");
    book.settle("owner", now);
    EXPECT_EQ(book.made("owner", now.slots[0], sent - days{1}), sent);
    EXPECT_EQ(book.made("owner", now.slots[0], sent + days{1}), std::nullopt);
    EXPECT_TRUE(book.is_outdated("owner", credentials("old")));
}

CORO_TEST(Lag, AListingFromBeforeOnesOwnRegenerationIsNoEvidenceAgainstWhatWasPublished) {
    Scene scene(clock());
    auto const before = scene.azure.keys;
    lag(scene, 2, 4, &before);
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.versions.size(), 2U) << "published once";
    EXPECT_EQ(scene.azure.calls,
              (std::vector<std::string>{"secret.get", "secret.list", "secret.get", "keys.list", "keys.regenerate",
                                        "secret.set", "keys.list", "keys.list", "keys.list", "keys.list"}));
}

CORO_TEST(Lag, AVersionThatAnotherProcessHasJustPublishedIsNotTakenForDead) {
    Scene scene(clock());
    auto const before = scene.azure.keys;
    scene.azure.regenerate_key("key2");
    auto properties = scene.azure.versions[0].properties;
    properties.expires = clock().now() + days{90};
    scene.azure.add_version(properties, Scene::connection_string(scene.azure.keys["key2"].value));
    lag(scene, 1, 1, &before);
    auto request = scene.event();
    request.version.clear();
    request.ignores_due = true;
    auto const began = clock().steady_now();
    auto const seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.code, "overlap") << seen.outcome.reason;
    EXPECT_EQ(scene.azure.versions.size(), 2U) << "nothing was repaired";
    EXPECT_GE(clock().steady_now() - began, std::chrono::seconds{28}) << "the listing got the time to catch up";
}

CORO_TEST(Lag, AVersionThatIsDeadIsRepairedOnceListingsCanNotLagAnyMore) {
    Scene scene(clock());
    scene.azure.add_version(scene.azure.versions[0].properties, Scene::connection_string(scene.azure.new_key()));
    auto request = scene.event();
    request.version.clear();
    request.ignores_due = true;
    auto const seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::repaired) << seen.outcome.reason;
    EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions.back().value));

    request.deadline = clock().steady_now() + std::chrono::seconds{10};
    scene.azure.add_version(scene.azure.versions[0].properties, Scene::connection_string(scene.azure.new_key()));
    auto const too_soon = co_await scene.rotate(request);
    EXPECT_EQ(too_soon.outcome.code, "unsettled") << too_soon.outcome.reason;
}

// One version, one regeneration, where neither the provider nor an earlier version tells that there was one already.
CORO_TEST(Lag, WhoRegeneratedRemembersWhenThoughNobodyTells) {
    Scene scene(clock());
    scene.azure.tells_when_made = false;
    InProcessLock lock(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy);
    scene.azure.unwritable.insert("demo.vault.azure.net/web");
    auto seen = co_await rotator.rotate(scene.event());
    EXPECT_EQ(seen.outcome.code, "permission-denied");
    EXPECT_EQ(scene.azure.regenerations, 1);
    std::string const made = scene.azure.keys["key2"].value;

    scene.azure.unwritable.clear();
    co_await clock().sleep_for(days{1});
    seen = co_await rotator.rotate(scene.event());
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::adopted) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 1);
    EXPECT_EQ(scene.azure.versions.back().value, Scene::connection_string(made));
}

}  // namespace
}  // namespace kssedr::engine
