// The answer to a leak where credentials are added and removed: what leaked goes, and nobody unsaid with it.

#include "engine/rotator.h"
#include "support/coro_test.h"
#include "support/list_scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using test::FakeAzure;
using test::ListScene;

constexpr std::string_view copy = "demo.vault.azure.net/copy";

// All that was made for the secret goes, so whoever holds any of it moves.
CORO_TEST(ListLeak, WhoHoldsAnEarlierCredentialMovesToo) {
    ListScene scene(clock());
    auto const earlier = scene.lists.make(std::string(test::mark_of_web), days{90}, days{200}).value;
    scene.copy_to("copy");
    scene.azure.secrets[std::string(copy)].back().value = earlier;
    auto const seen = co_await scene.rotate(scene.leak());
    EXPECT_EQ(seen.outcome.code, "compromised") << seen.outcome.reason;
    EXPECT_EQ(scene.lists.find(earlier), nullptr);
    EXPECT_EQ(scene.azure.secrets[std::string(copy)].back().value, scene.value());
}

// A leak that is not over is no success.
CORO_TEST(ListLeak, WhatAPersonMadeRemainsAndThatIsSaid) {
    ListScene scene(clock());
    scene.lists.entries.back().listed.mark = "deploy";
    auto const leaked = scene.lists.entries.back().listed.id;
    auto const seen = co_await scene.rotate(scene.leak());
    EXPECT_EQ(seen.outcome.kind, rotation::OutcomeKind::refused);
    EXPECT_EQ(seen.outcome.code, "leaked-remains");
    EXPECT_NE(seen.outcome.reason.find(leaked + ", which leaked"), std::string::npos) << seen.outcome.reason;
    EXPECT_FALSE(seen.outcome.new_version.empty());
    EXPECT_EQ(scene.azure.versions.size(), 2U);
}

CORO_TEST(ListLeak, APublicationWhoseAnswerIsLostEndsInTheRemovalAllTheSame) {
    for (auto const lands_after : {1s, 4s, 10s, 29s}) {
        SCOPED_TRACE(lands_after.count());
        ListScene scene(clock());
        auto const leaked = scene.value();
        std::optional<FakeAzure::Version> lost;
        TimePoint sent{};
        scene.azure.on_publish = [&](rotation::SecretDraft const& draft) {
            if (sent != TimePoint{}) return;
            sent = clock().now();
            lost = FakeAzure::Version{{}, std::string(draft.value.expose())};
            lost->properties.tags = draft.tags;
            lost->properties.expires = draft.expires;
        };
        auto const land = [&] {
            scene.azure.add_version(lost->properties, lost->value);
            lost.reset();
        };
        scene.azure.script = [&](int, std::string_view operation) {
            FakeAzure::Event event;
            bool const is_first = operation == "secret.set" && sent == TimePoint{};
            if (is_first) event.error_before = Error(Errc::outcome_unknown, "no answer");
            if (lost && clock().now() - sent >= lands_after) land();
            return event;
        };
        auto const seen = co_await scene.rotate(scene.leak());
        EXPECT_EQ(seen.outcome.code, "compromised") << seen.outcome.reason;
        if (lost) land();
        EXPECT_EQ(scene.lists.find(leaked), nullptr);
        EXPECT_EQ(scene.azure.versions.size(), 2U);
        EXPECT_NE(scene.lists.find(scene.value()), nullptr);
    }
}

CORO_TEST(ListLeak, WhatKssedrItselfSignsInWithIsNotRemoved) {
    for (bool const is_earlier : {false, true}) {
        ListScene scene(clock());
        scene.own_secret =
            is_earlier ? scene.lists.make(std::string(test::mark_of_web), days{90}, days{200}).value : scene.value();
        auto const seen = co_await scene.rotate(scene.leak());
        EXPECT_EQ(seen.outcome.code, "held-by-own-setting") << seen.outcome.reason;
        EXPECT_NE(scene.lists.find(scene.own_secret), nullptr);
        EXPECT_EQ(scene.azure.versions.size(), 1U);
    }
}

// What is not listed yet can not be removed: that it was would be a lie.
CORO_TEST(ListLeak, WhatIsNotListedYetIsNotSaidToBeGone) {
    ListScene scene(clock());
    auto const leaked = scene.value();
    scene.lists.lag = days{62};
    auto const seen = co_await scene.rotate(scene.leak());
    EXPECT_EQ(seen.outcome.code, "unsettled") << seen.outcome.reason;
    scene.lists.lag = {};
    co_await scene.rotate(scene.leak());
    EXPECT_EQ(scene.lists.find(leaked), nullptr);
}

CORO_TEST(ListLeak, KilledAtEveryCallItIsFinishedByTheNext) {
    for (bool const after_effect : {false, true}) {
        for (int kill_at = 1; kill_at <= 20; ++kill_at) {
            SCOPED_TRACE(fmt::format("killed at call {}, {} its effect", kill_at, after_effect ? "after" : "before"));
            ListScene scene(clock());
            auto const leaked = scene.value();
            scene.copy_to("copy");
            scene.copy_to("other");
            auto const die = [] { throw test::Killed{}; };
            scene.azure.script = [&](int number, std::string_view) {
                FakeAzure::Event event;
                if (number == kill_at) (after_effect ? event.after : event.before) = die;
                return event;
            };
            try {
                co_await scene.rotate(scene.leak());
            } catch (test::Killed const&) {}
            scene.azure.script = nullptr;
            auto const all_work = [&] {
                for (auto const& [key, versions] : scene.azure.secrets)
                    if (scene.lists.find(versions.back().value) == nullptr) return false;
                return true;
            };
            EXPECT_TRUE(all_work());
            co_await clock().sleep_for(10min);
            auto const again = co_await scene.rotate(scene.leak());
            EXPECT_EQ(again.outcome.code, "compromised") << again.outcome.reason;
            EXPECT_EQ(scene.lists.find(leaked), nullptr);
            EXPECT_TRUE(all_work());
            EXPECT_EQ(scene.lists.entries.size(), 2U) << "a person's, and the current one";
        }
    }
}

}  // namespace
}  // namespace kssedr::engine
