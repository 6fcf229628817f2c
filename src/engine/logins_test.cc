// Logins whose passwords are set: two take turns and nobody is cut off; a password is written down before it is set, so
// that it is never lost.

#include "engine/in_process_lock.h"
#include "engine/rotator.h"
#include "rotation/pending.h"
#include "support/coro_test.h"
#include "support/fake_logins.h"
#include "support/scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using rotation::OutcomeKind;
using std::chrono::days;
using test::FakeAzure;
using test::overlap;

constexpr std::string_view owner = "postgresql://db/app_a";
constexpr std::string_view pending = "demo.vault.azure.net/web-kssedr-pending";

struct Scene {
    explicit Scene(Clock& clock, std::vector<std::string> names = {"app_a", "app_b"})
        : clock(clock), azure(clock, random), logins(clock, random, azure, names) {
        for (auto const& name : names) logins.passwords[name] = "first-of-" + name;
        rotation::SecretProperties properties;
        properties.tags = {{"ProviderAddress", std::string(owner)}, {"CredentialId", "app_a"}};
        properties.expires = std::chrono::floor<std::chrono::seconds>(clock.now()) + days{29};
        azure.add_version(properties, document("app_a", "first-of-app_a"));
        azure.versions[0].properties.created -= days{61};
        policy.allowed = rotation::AllowedTargets({*rotation::AllowedTarget::parse(owner, "vault.azure.net")});
    }

    static std::string document(std::string const& login, std::string const& password) {
        return R"({"host":"db","username":")" + login + R"(","password":")" + password + R"(","pool":5})";
    }
    /// Whether a consumer that has this value may sign in.
    [[nodiscard]] bool works(std::string const& value) const {
        return std::ranges::any_of(logins.passwords,
                                   [&](auto const& login) { return value == document(login.first, login.second); });
    }
    Task<Examination> rotate(RotationRequest request) {
        InProcessLock lock(clock);
        Rotator rotator({azure, azure, azure, lock, clock, random, log, nullptr, &logins}, policy);
        co_return co_await rotator.rotate(std::move(request));
    }
    Task<Examination> rotate() { return rotate(sweep()); }
    RotationRequest sweep() const {
        RotationRequest request;
        request.secret = {{"demo.vault.azure.net"}, "web"};
        request.trigger = rotation::Trigger::sweep;
        request.deadline = clock.steady_now() + 10min;
        return request;
    }
    std::string const& value() const { return azure.versions.back().value; }
    [[nodiscard]] bool is_open() {
        auto const& versions = azure.secrets[std::string(pending)];
        return !versions.empty() && versions.back().properties.enabled;
    }
    std::vector<FakeAzure::Version>& copy_to(std::string const& name) {
        auto& versions = azure.secrets["demo.vault.azure.net/" + name];
        azure.add_version(azure.versions.back().properties, value(), "demo.vault.azure.net/" + name);
        return versions;
    }

    Clock& clock;
    test::SeededRandom random{1};
    NullLog log;
    FakeAzure azure;
    test::FakeLogins logins;
    rotation::Policy policy;
};

CORO_TEST(Logins, TheOtherLoginGetsAPasswordThatIsWrittenDownSetTriedAndPublished) {
    Scene scene(clock());
    auto const before = scene.value();
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(seen.outcome.credential, "app_b");
    EXPECT_EQ(seen.outcome.former_credential, "app_a");
    EXPECT_EQ(seen.outcome.verified, "yes");
    EXPECT_EQ(scene.value(), Scene::document("app_b", scene.logins.passwords["app_b"]));
    EXPECT_EQ(scene.azure.versions.back().properties.tags.at("CredentialId"), "app_b");
    EXPECT_TRUE(scene.works(before));
    EXPECT_FALSE(scene.is_open()) << "the attempt is over";
    EXPECT_EQ(scene.azure.calls, (std::vector<std::string>{"secret.get", "secret.list", "secret.get", "login.try",
                                                           "secret.get", "secret.versions", "secret.set", "login.set",
                                                           "login.try", "secret.set", "login.try", "secret.disable"}));
}

CORO_TEST(Logins, TwentyRotationsCutNobodyOff) {
    Scene scene(clock());
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
                Scene scene(clock(), names);
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
        Scene scene(clock());
        std::string wanted;
        bool is_lost = false;
        SteadyPoint gave_up{};
        scene.azure.script = [&](int, std::string_view operation) {
            FakeAzure::Event event;
            if (operation == "login.set" && !std::exchange(is_lost, true)) {
                gave_up = clock().steady_now();
                wanted = scene.azure.secrets[std::string(pending)].back().value;
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
        EXPECT_EQ(scene.value() == Scene::document("app_b", wanted), when != "never");
        EXPECT_FALSE(scene.is_open());
    }
}

CORO_TEST(Logins, ASiblingOnTheOtherLoginIsMovedFirst) {
    Scene scene(clock());
    auto& sibling = scene.copy_to("copy");
    sibling.back().value = Scene::document("app_b", "first-of-app_b");
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
        Scene scene(clock());
        scene.logins.passwords["app_a"] = "set-by-hand";
        if (has_sibling) scene.copy_to("copy").back().value = Scene::document("app_a", "set-by-hand");
        auto request = scene.sweep();
        request.repairs_early = true;
        auto const seen = co_await scene.rotate(request);
        EXPECT_TRUE(rotation::has_published(seen.outcome.kind)) << seen.outcome.reason;
        EXPECT_TRUE(scene.works(scene.value()));
        EXPECT_EQ(scene.logins.set_count, has_sibling ? 0 : 1);
    }
}

CORO_TEST(Logins, NothingIsDoneWhereNothingCanBeTried) {
    Scene scene(clock());
    scene.logins.may_be_asked = false;
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.code, "unavailable") << seen.outcome.reason;
    EXPECT_EQ(scene.logins.set_count, 0);
}

CORO_TEST(Logins, ARightThatLacksIsSaidWithItsStatement) {
    Scene scene(clock());
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
        Scene scene(clock(), {"app_a"});
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
    Scene scene(clock());
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
    Scene scene(clock());
    scene.policy.rules.push_back({.target = *rotation::OwnerId::parse(owner), .where = "rule 1"});
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    auto& companion = scene.azure.secrets[std::string(pending)];
    companion.back().properties.enabled = true;
    auto request = scene.sweep();
    request.secret.name = "web-kssedr-pending";
    auto const of_companion = co_await scene.rotate(request);
    EXPECT_EQ(of_companion.outcome.kind, OutcomeKind::unmanaged) << of_companion.outcome.reason;
}

CORO_TEST(Logins, AnObserverLooksAndWritesNothingDown) {
    Scene scene(clock());
    scene.policy.mode = rotation::Mode::observe;
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.code, "observe") << seen.outcome.reason;
    EXPECT_TRUE(scene.azure.secrets[std::string(pending)].empty());
    EXPECT_EQ(scene.logins.set_count, 0);
}

}  // namespace
}  // namespace kssedr::engine
