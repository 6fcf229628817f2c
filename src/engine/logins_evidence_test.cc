// Logins whose passwords nobody lists: what is not known is never published, what may be in use is never set, and what
// was set reaches everybody who has the former.

#include "engine/rotator.h"
#include "support/coro_test.h"
#include "support/login_scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using rotation::OutcomeKind;
using std::chrono::days;
using test::FakeAzure;
using test::LoginScene;
using test::overlap;

constexpr std::string_view copy = "demo.vault.azure.net/copy";

// The version before, which is not understood, says nothing of the other login.
CORO_TEST(LoginEvidence, AFirstVersionThatWasAPlaceholderHoldsNothingUp) {
    for (auto const verify : {rotation::Verify::off, rotation::Verify::best_effort}) {
        LoginScene scene(clock());
        scene.policy.verify = verify;
        scene.azure.add_version(scene.azure.versions[0].properties, "TODO: ask the administrator");
        std::swap(scene.azure.versions[0], scene.azure.versions[1]);
        scene.azure.versions[0].properties.created = scene.azure.versions[1].properties.created - days{1};
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
        EXPECT_TRUE(scene.works(scene.value())) << scene.value();
    }
}

// What others may hold, and nobody is known to hold, is neither published nor set.
CORO_TEST(LoginEvidence, ASecretThatMayNotBeReadKeepsWhatItMayHold) {
    for (auto const verify : {rotation::Verify::off, rotation::Verify::best_effort}) {
        for (bool const is_dead : {false, true}) {
            SCOPED_TRACE(is_dead);
            LoginScene scene(clock());
            scene.policy.verify = verify;
            scene.copy_to("copy").back().value = LoginScene::document("app_b", "first-of-app_b");
            scene.azure.unreadable.insert(std::string(copy));
            if (is_dead) scene.logins.passwords["app_a"] = "set-by-hand";
            auto const seen = co_await scene.rotate(scene.daily());
            EXPECT_EQ(seen.outcome.code, "sibling-unreadable") << seen.outcome.reason;
            EXPECT_EQ(scene.azure.versions.size(), 1U);
            EXPECT_EQ(scene.logins.set_count, 0);
        }
    }
}

CORO_TEST(LoginEvidence, WhatIsKnownIsPublishedThoughAnotherSecretMayNotBeRead) {
    LoginScene scene(clock());
    scene.copy_to("copy").back().value = LoginScene::document("app_b", "first-of-app_b");
    scene.copy_to("hidden");
    scene.azure.unreadable.insert("demo.vault.azure.net/hidden");
    scene.logins.passwords["app_a"] = "set-by-hand";
    auto const seen = co_await scene.rotate(scene.daily());
    EXPECT_EQ(seen.outcome.code, "repaired") << seen.outcome.reason;
    EXPECT_EQ(scene.value(), LoginScene::document("app_b", "first-of-app_b"));
    EXPECT_EQ(scene.logins.set_count, 0);
}

// Of a pair the former login is what consumers that have not read the dead version work with.
CORO_TEST(LoginEvidence, TheRepairOfADeadVersionKeepsTheFormerLogin) {
    LoginScene scene(clock());
    auto const before = scene.value();
    co_await scene.rotate();
    EXPECT_EQ(scene.value(), LoginScene::document("app_b", scene.logins.passwords["app_b"]));
    scene.logins.passwords["app_b"] = "set-by-hand";
    co_await clock().sleep_for(days{1});
    auto const seen = co_await scene.rotate(scene.daily());
    EXPECT_TRUE(rotation::has_published(seen.outcome.kind)) << seen.outcome.reason;
    EXPECT_TRUE(scene.works(scene.value()));
    EXPECT_TRUE(scene.works(before)) << "it was current until yesterday";
}

CORO_TEST(LoginEvidence, ALeakIsAnsweredThoughWhoHoldsTheOtherLoginIsNotKnown) {
    for (auto const verify : {rotation::Verify::off, rotation::Verify::best_effort}) {
        LoginScene scene(clock());
        scene.policy.verify = verify;
        auto const leaked = scene.value();
        scene.copy_to("copy");
        scene.azure.unreadable.insert(std::string(copy));
        auto const seen = co_await scene.rotate(scene.leak());
        EXPECT_EQ(seen.outcome.code, "compromised") << seen.outcome.reason;
        EXPECT_FALSE(scene.works(leaked));
        EXPECT_TRUE(scene.works(scene.value())) << scene.value();
        EXPECT_NE(seen.outcome.reason.find("demo.vault.azure.net/copy, if it holds it"), std::string::npos)
            << seen.outcome.reason;
    }
}

// A server may keep two passwords of one login, by a person's doing.
CORO_TEST(LoginEvidence, EveryPasswordThatWorksIsSomebodys) {
    for (auto const& names : std::vector<std::vector<std::string>>{{"app_a", "app_b"}, {"app_a"}}) {
        LoginScene scene(clock(), names);
        auto const login = names.back();
        scene.logins.formers[login] = "the-other";
        scene.copy_to("copy").back().value = LoginScene::document(login, "first-of-" + login);
        scene.copy_to("other").back().value = LoginScene::document(login, "the-other");
        for (auto* const name : {"copy", "other"})
            scene.azure.secrets["demo.vault.azure.net/" + std::string(name)].back().properties.created -= days{70};
        co_await scene.rotate();
        for (auto* const name : {"copy", "other"}) {
            auto const& moved = scene.azure.secrets["demo.vault.azure.net/" + std::string(name)];
            EXPECT_EQ(moved.back().value, scene.value()) << name;
        }
    }
}

CORO_TEST(LoginEvidence, ACompanionThatWasDeletedOrIsNotOursIsSaid) {
    for (bool const is_deleted : {true, false}) {
        LoginScene scene(clock());
        std::string const companion(test::pending_of_web);
        if (!is_deleted) scene.azure.add_version({}, "a person's", companion);
        scene.azure.script = [&](int, std::string_view operation) {
            FakeAzure::Event event;
            if (is_deleted && operation == "secret.set")
                event.error_before =
                    Error(Errc::conflict, "deleted").with_service_code("ObjectIsDeletedButRecoverable");
            return event;
        };
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.code, "not-writable") << seen.outcome.reason;
        EXPECT_NE(seen.outcome.reason.find("web-kssedr-pending"), std::string::npos) << seen.outcome.reason;
        EXPECT_EQ(scene.logins.set_count, 0);
        EXPECT_EQ(scene.azure.secrets[companion].size(), is_deleted ? 0U : 1U);
    }
}

// A login that takes turns with none, and a copy of its secret.
CORO_TEST(LoginEvidence, WhoHadTheFormerPasswordGetsWhatADeadProcessSet) {
    for (bool const keeps_former : {false, true}) {
        for (bool const after_effect : {false, true}) {
            for (int kill_at = 1; kill_at <= 12; ++kill_at) {
                SCOPED_TRACE(fmt::format("killed at call {}, {} its effect, former kept: {}", kill_at,
                                         after_effect ? "after" : "before", keeps_former));
                LoginScene scene(clock(), {"app_a"});
                scene.logins.keeps_former = keeps_former;
                auto const before = scene.value();
                auto& sibling = scene.copy_to("copy");
                auto const die = [] { throw test::Killed{}; };
                scene.azure.script = [&](int number, std::string_view) {
                    FakeAzure::Event event;
                    if (number == kill_at) (after_effect ? event.after : event.before) = die;
                    return event;
                };
                try {
                    co_await scene.rotate();
                } catch (test::Killed const&) {}
                scene.azure.script = nullptr;
                co_await clock().sleep_for(5min);
                auto const again = co_await scene.rotate(scene.daily());
                EXPECT_TRUE(rotation::has_published(again.outcome.kind) || again.outcome.code == "not-due")
                    << again.outcome.reason;
                EXPECT_TRUE(scene.works(scene.value()));
                EXPECT_TRUE(scene.works(sibling.back().value));
                EXPECT_LE(scene.logins.set_count, 1);
                if (keeps_former) {
                    EXPECT_TRUE(scene.works(before)) << "the server keeps it until the next setting";
                }
            }
        }
    }
}

CORO_TEST(LoginEvidence, ACopyThatCanNotBeWrittenKeepsThePasswordFromNobodyElse) {
    LoginScene scene(clock(), {"app_a"});
    scene.copy_to("copy");
    scene.azure.unwritable.insert(std::string(copy));
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_TRUE(scene.works(scene.value()));
    EXPECT_NE(seen.outcome.reason.find("cut off: demo.vault.azure.net/copy"), std::string::npos) << seen.outcome.reason;
}

CORO_TEST(LoginEvidence, ARepairFromASecretThatWorksLeavesThatAlone) {
    LoginScene scene(clock(), {"app_a"});
    auto& sibling = scene.copy_to("copy");
    scene.logins.passwords["app_a"] = "set-by-hand";
    sibling.back().value = LoginScene::document("app_a", "set-by-hand");
    auto const seen = co_await scene.rotate(scene.daily());
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::repaired) << seen.outcome.reason;
    EXPECT_TRUE(scene.works(scene.value()));
    EXPECT_EQ(sibling.size(), 1U);
}

// Killed at every call, then run again by whoever was told that it died: nobody who was moved, or was never in it, is
// cut off in between, and what leaked is gone in the end.
CORO_TEST(LoginEvidence, AnAnswerToALeakThatIsKilledAtEveryCallIsFinishedByTheNext) {
    for (bool const after_effect : {false, true}) {
        for (int kill_at = 1; kill_at <= 40; ++kill_at) {
            SCOPED_TRACE(fmt::format("killed at call {}, {} its effect", kill_at, after_effect ? "after" : "before"));
            LoginScene scene(clock());
            auto const leaked = scene.value();
            auto& sibling = scene.copy_to("copy");
            auto const die = [] { throw test::Killed{}; };
            scene.azure.script = [&](int number, std::string_view) {
                FakeAzure::Event event;
                if (number == kill_at) (after_effect ? event.after : event.before) = die;
                return event;
            };
            try {
                co_await scene.rotate(scene.leak());
            } catch (test::Killed const&) {}
            EXPECT_TRUE(scene.works(scene.value()));
            EXPECT_TRUE(scene.works(sibling.back().value));
            scene.azure.script = nullptr;
            co_await clock().sleep_for(5min);
            auto const again = co_await scene.rotate(scene.leak());
            EXPECT_EQ(again.outcome.code, "compromised") << again.outcome.reason;
            EXPECT_FALSE(scene.works(leaked));
            EXPECT_TRUE(scene.works(scene.value()));
            EXPECT_TRUE(scene.works(sibling.back().value));
        }
    }
}

}  // namespace
}  // namespace kssedr::engine
