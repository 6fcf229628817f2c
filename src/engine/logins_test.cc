// Logins whose passwords are set: two take turns and nobody is cut off; a password is written down before it is set, so
// that it is never lost.

#include "engine/in_process_lock.h"
#include "engine/rotator.h"
#include "rotation/pending.h"
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

CORO_TEST(Logins, TheOtherLoginGetsAPasswordThatIsWrittenDownSetTriedAndPublished) {
    LoginScene scene(clock());
    auto const before = scene.value();
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(seen.outcome.credential, "app_b");
    EXPECT_EQ(seen.outcome.former_credential, "app_a");
    EXPECT_EQ(seen.outcome.verified, "yes");
    EXPECT_EQ(scene.value(), LoginScene::document("app_b", scene.logins.passwords["app_b"]));
    EXPECT_EQ(scene.azure.versions.back().properties.tags.at("CredentialId"), "app_b");
    EXPECT_TRUE(scene.works(before));
    EXPECT_FALSE(scene.is_open()) << "the attempt is over";
    EXPECT_EQ(scene.azure.calls, (std::vector<std::string>{"secret.get", "secret.list", "secret.get", "login.try",
                                                           "secret.get", "secret.set", "login.set", "login.try",
                                                           "secret.set", "login.try", "secret.disable"}));
}

CORO_TEST(Logins, TwentyRotationsCutNobodyOff) {
    LoginScene scene(clock());
    std::string held = scene.value(), held_before;
    TimePoint changed{};
    int rotations = 0;
    for (int day = 0; rotations < 20; ++day) {
        auto const seen = co_await scene.rotate();
        EXPECT_TRUE(seen.outcome.kind == OutcomeKind::rotated || seen.outcome.code == "not-due") << seen.outcome.reason;
        if (seen.outcome.kind == OutcomeKind::rotated) {
            ++rotations;
            held_before = std::exchange(held, scene.value());
            changed = clock().now();
        }
        EXPECT_TRUE(scene.works(held));
        if (clock().now() - changed < overlap) {
            EXPECT_TRUE(scene.works(held_before)) << "day " << day;
        }
        CO_ASSERT(day < 1300);
        co_await clock().sleep_for(days{1});
    }
    EXPECT_EQ(scene.logins.set_count, rotations);
}

CORO_TEST(Logins, KilledAtEveryCallItIsFinishedByTheNextAttempt) {
    for (auto const& names : std::vector<std::vector<std::string>>{{"app_a", "app_b"}, {"app_a"}}) {
        for (bool const after_effect : {false, true}) {
            for (int kill_at = 1; kill_at <= 12; ++kill_at) {
                SCOPED_TRACE(fmt::format("{} logins, killed at call {}, {} its effect", names.size(), kill_at,
                                         after_effect ? "after" : "before"));
                LoginScene scene(clock(), names);
                auto const before = scene.value();
                auto const die = [] { throw test::Killed{}; };
                scene.azure.script = [&](int number, std::string_view) {
                    FakeAzure::Event event;
                    if (number == kill_at) (after_effect ? event.after : event.before) = die;
                    return event;
                };
                try {
                    co_await scene.rotate();
                } catch (test::Killed const&) {}
                bool const is_pair = names.size() == 2;
                if (is_pair) {
                    EXPECT_TRUE(scene.works(scene.value())) << "what is published works at every instant";
                    EXPECT_TRUE(scene.works(before));
                }
                scene.azure.script = nullptr;
                co_await clock().sleep_for(5min);
                auto request = scene.sweep();
                request.repairs_early = true;
                auto const again = co_await scene.rotate(request);
                EXPECT_TRUE(rotation::has_published(again.outcome.kind) || again.outcome.code == "not-due")
                    << again.outcome.reason;
                EXPECT_TRUE(scene.works(scene.value()));
                if (is_pair) {
                    EXPECT_TRUE(scene.works(before));
                }
                EXPECT_LE(scene.logins.set_count, 1) << "what was set is tried and published, never set again";
                EXPECT_EQ(scene.azure.versions.size(), 2U);
            }
        }
    }
}

CORO_TEST(Logins, ASettingOfUnknownResultIsTriedOnceItCanNotHappenAnyMore) {
    for (std::string const when : {"before", "later", "never"}) {
        SCOPED_TRACE(when);
        LoginScene scene(clock());
        std::string wanted;
        bool is_lost = false;
        SteadyPoint gave_up{};
        scene.azure.script = [&](int, std::string_view operation) {
            FakeAzure::Event event;
            if (operation == "login.set" && !std::exchange(is_lost, true)) {
                gave_up = clock().steady_now();
                wanted = scene.azure.secrets[std::string(test::pending_of_web)].back().value;
                (when == "before" ? event.error_after : event.error_before) = Error(Errc::outcome_unknown, "no answer");
            }
            if (operation == "login.try" && when == "later" && is_lost && clock().steady_now() - gave_up > 60s)
                scene.logins.passwords["app_b"] = wanted;
            return event;
        };
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
        EXPECT_GE(seen.outcome.duration, ports::time_of_doubt);
        EXPECT_TRUE(scene.works(scene.value()));
        EXPECT_EQ(scene.value() == LoginScene::document("app_b", wanted), when != "never");
        EXPECT_FALSE(scene.is_open());
    }
}

CORO_TEST(Logins, ASiblingOnTheOtherLoginIsMovedFirst) {
    LoginScene scene(clock());
    auto& sibling = scene.copy_to("copy");
    sibling.back().value = LoginScene::document("app_b", "first-of-app_b");
    sibling.back().properties.created -= days{70};
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.code, "sibling") << seen.outcome.reason;
    EXPECT_EQ(sibling.back().value, scene.value()) << "it moves to the login whose version is the later one";
    EXPECT_EQ(scene.logins.set_count, 0);
    co_await clock().sleep_for(overlap + 1h);
    auto const again = co_await scene.rotate();
    EXPECT_EQ(again.outcome.kind, OutcomeKind::rotated) << again.outcome.reason;
}

CORO_TEST(Logins, ADeadPasswordIsSetAnewOrTakenFromASibling) {
    for (bool const has_sibling : {false, true}) {
        SCOPED_TRACE(has_sibling);
        LoginScene scene(clock());
        scene.logins.passwords["app_a"] = "set-by-hand";
        if (has_sibling) scene.copy_to("copy").back().value = LoginScene::document("app_a", "set-by-hand");
        auto request = scene.sweep();
        request.repairs_early = true;
        auto const seen = co_await scene.rotate(request);
        EXPECT_TRUE(rotation::has_published(seen.outcome.kind)) << seen.outcome.reason;
        EXPECT_TRUE(scene.works(scene.value()));
        EXPECT_EQ(scene.logins.set_count, has_sibling ? 0 : 1);
    }
}

CORO_TEST(Logins, NothingIsDoneWhereNothingCanBeTried) {
    LoginScene scene(clock());
    scene.logins.may_be_asked = false;
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.code, "unavailable") << seen.outcome.reason;
    EXPECT_EQ(scene.logins.set_count, 0);
}

CORO_TEST(Logins, ARightThatLacksIsSaidWithItsStatement) {
    LoginScene scene(clock());
    scene.azure.script = [&](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "login.set") event.error_before = Error(Errc::permission_denied, "GRANT app_b TO admin");
        return event;
    };
    auto request = scene.sweep();
    request.trigger = rotation::Trigger::command;
    auto const seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::refused);
    EXPECT_NE(seen.outcome.reason.find("GRANT app_b TO admin"), std::string::npos) << seen.outcome.reason;
    EXPECT_FALSE(scene.is_open());
    EXPECT_EQ(scene.azure.versions.size(), 1U);
}

CORO_TEST(Logins, ASingleLoginTakesItsSiblingsAlong) {
    for (bool const is_writable : {true, false}) {
        LoginScene scene(clock(), {"app_a"});
        auto& sibling = scene.copy_to("copy");
        if (!is_writable) sibling.back().properties.tags["kssedr-freeze"] = "true";
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.kind, is_writable ? OutcomeKind::rotated : OutcomeKind::refused) << seen.outcome.reason;
        EXPECT_TRUE(scene.works(scene.value()));
        EXPECT_TRUE(scene.works(sibling.back().value));
        EXPECT_EQ(scene.logins.set_count, is_writable ? 1 : 0);
    }
}

CORO_TEST(Logins, ALeakReplacesBothPasswords) {
    LoginScene scene(clock());
    auto const leaked = scene.value();
    auto request = scene.sweep();
    request.is_compromised = request.ignores_due = request.ignores_freeze = true;
    auto const seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.code, "compromised") << seen.outcome.reason;
    EXPECT_FALSE(scene.works(leaked));
    EXPECT_TRUE(scene.works(scene.value()));
    EXPECT_EQ(scene.logins.set_count, 2);
    EXPECT_FALSE(scene.is_open());
    auto const after = co_await scene.rotate();
    EXPECT_EQ(after.outcome.code, "not-due");
}

CORO_TEST(Logins, TheCompanionIsNobodysAndNoSecretToRotate) {
    LoginScene scene(clock());
    scene.policy.rules.push_back({.target = *rotation::OwnerId::parse(test::login_owner), .where = "rule 1"});
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    auto& companion = scene.azure.secrets[std::string(test::pending_of_web)];
    companion.back().properties.enabled = true;
    auto request = scene.sweep();
    request.secret.name = "web-kssedr-pending";
    auto const of_companion = co_await scene.rotate(request);
    EXPECT_EQ(of_companion.outcome.kind, OutcomeKind::unmanaged) << of_companion.outcome.reason;
}

CORO_TEST(Logins, AnObserverLooksAndWritesNothingDown) {
    LoginScene scene(clock());
    scene.policy.mode = rotation::Mode::observe;
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.code, "observe") << seen.outcome.reason;
    EXPECT_TRUE(scene.azure.secrets[std::string(test::pending_of_web)].empty());
    EXPECT_EQ(scene.logins.set_count, 0);
}

}  // namespace
}  // namespace kssedr::engine
