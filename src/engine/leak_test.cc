// The answer to a leak: both credentials replaced at once, everybody taken along who may be.

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

std::string add_sibling(Scene& scene, std::string name, std::string const& slot, Duration age) {
    std::string const key = "demo.vault.azure.net/" + name;
    rotation::SecretProperties properties;
    properties.tags = {{"ProviderAddress", std::string(account)}};
    properties.expires = std::chrono::floor<std::chrono::seconds>(scene.clock.now()) + days{40};
    scene.azure.add_version(properties, scene.azure.keys[slot].value, key);
    scene.azure.secrets[key].back().properties.created -= age;
    return key;
}

RotationRequest leaked(Scene const& scene) {
    auto request = scene.event();
    request.trigger = rotation::Trigger::command;
    request.version.clear();
    request.ignores_due = request.ignores_freeze = request.is_compromised = true;
    return request;
}

struct Case {
    std::string name;
    std::function<void(Scene&)> set;
    std::string code = "compromised";
    std::vector<std::string> moved = {};
    int regenerations = 2;
    std::vector<std::string> says = {};
    std::vector<std::string> alive = {};  // whose current versions work afterwards, besides the secret's own
};

std::vector<Case> cases() {
    std::string const v = "demo.vault.azure.net/";
    return {
        {"nobody else", [](Scene&) {}, "compromised", {}, 2, {"key1 had leaked and was regenerated", "had until"}},
        {"a sibling on the same slot moves first",
         [](Scene& s) { add_sibling(s, "api", "key1", days{50}); },
         "compromised",
         {v + "api"},
         2,
         {"whoever still uses the key1 that demo.vault.azure.net/api had"},
         {v + "api"}},
        {"a frozen one too",
         [](Scene& s) {
             s.azure.secrets[add_sibling(s, "api", "key1", days{50})].back().properties.tags["kssedr-freeze"] = "true";
         },
         "compromised",
         {v + "api"},
         2,
         {},
         {v + "api"}},
        {"a sibling on the other slot: it is not regenerated",
         [](Scene& s) { add_sibling(s, "api", "key2", days{50}); },
         "compromised",
         {},
         1,
         {"key2 was published and not regenerated", "if it may have leaked too"},
         {v + "api"}},
        {"siblings on both",
         [](Scene& s) {
             add_sibling(s, "api", "key1", days{50});
             add_sibling(s, "job", "key2", days{50});
         },
         "compromised",
         {v + "api"},
         1,
         {},
         {v + "api", v + "job"}},
        {"one that may not be written is cut off and named",
         [v](Scene& s) {
             add_sibling(s, "api", "key1", days{50});
             add_sibling(s, "job", "key1", days{50});
             s.azure.unwritable.insert(v + "api");
         },
         "compromised",
         {v + "job"},
         2,
         {"cut off: demo.vault.azure.net/api: kssedr may not write it"},
         {v + "job"}},
        {"one that may not be read may hold the other: that is not regenerated",
         [v](Scene& s) {
             add_sibling(s, "api", "key1", days{50});
             s.azure.unreadable.insert(v + "api");
         },
         "compromised",
         {},
         1,
         {"demo.vault.azure.net/api, if it holds it: kssedr may not read it"}},
        {"the consumers of who left the other slot lately are named",
         [v](Scene& s) {
             add_sibling(s, "api", "key2", days{50});
             s.azure.add_version(s.azure.secrets[v + "api"].back().properties, s.azure.keys["key1"].value, v + "api");
             s.azure.secrets[v + "api"].back().properties.created -= days{2};
         },
         "compromised",
         {v + "api"},
         2,
         {"whoever still uses the key2 that demo.vault.azure.net/api had until 2"},
         {v + "api"}},
        {"a fresh version is no hindrance", [](Scene& s) { s.azure.versions[0].properties.created = s.clock.now(); }},
        {"observe",
         [](Scene& s) { s.policy.mode = rotation::Mode::observe; },
         "observe",
         {},
         0,
         {"would regenerate key2, publish key2 to demo.vault.azure.net/web and regenerate key1 at once"}},
        {"policy stands", [](Scene& s) { s.policy.allowed = rotation::AllowedTargets({}); }, "not-permitted", {}, 0},
        {"a dead version is repaired", [](Scene& s) { s.azure.regenerate_key("key1"); }, "repaired", {}, 0},
    };
}

CORO_TEST(Leak, ReplacesBothAndNamesWhomItCutsOff) {
    for (auto const& c : cases()) {
        SCOPED_TRACE(c.name);
        Scene scene(clock());
        c.set(scene);
        auto const key1 = scene.azure.keys["key1"].value;
        auto const seen = co_await scene.rotate(leaked(scene));
        EXPECT_EQ(seen.outcome.code, c.code) << seen.outcome.reason;
        EXPECT_EQ(seen.outcome.also_changed, c.moved);
        EXPECT_EQ(scene.azure.regenerations, c.regenerations);
        EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions.back().value) || c.code == "repaired");
        if (c.code == "compromised") {
            EXPECT_FALSE(scene.azure.is_alive(key1)) << "what leaked is dead";
            EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated);
            EXPECT_EQ(seen.outcome.credential, "key2");
            EXPECT_EQ(seen.outcome.new_version, scene.azure.versions.back().properties.version);
        }
        for (auto const& part : c.says)
            EXPECT_NE(seen.outcome.reason.find(part), std::string::npos) << part << "\nin: " << seen.outcome.reason;
        for (auto const& key : c.alive) EXPECT_TRUE(scene.azure.is_alive(scene.azure.secrets[key].back().value)) << key;
    }
}

CORO_TEST(Leak, OwnSettingsAreNeverCutOff) {
    Scene scene(clock());
    InProcessLock lock(clock());
    std::vector<OwnSetting> own;
    own.push_back(
        {"AzureWebJobsStorage", SecretString::copy_of(Scene::connection_string(scene.azure.keys["key1"].value))});
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy,
                    std::move(own));
    auto const seen = co_await rotator.rotate(leaked(scene));
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::refused);
    EXPECT_EQ(seen.outcome.code, "held-by-own-setting") << seen.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 0);
}

// Killed at any call, before its effect or after it, and run again: what leaked is dead, and everybody works.
CORO_TEST(Leak, KilledAnywhereAndRunAgainItIsFinished) {
    for (bool const after_effect : {false, true}) {
        bool died = true;
        for (int kill_at = 1; died; ++kill_at) {
            SCOPED_TRACE(fmt::format("killed at call {}, {} its effect", kill_at, after_effect ? "after" : "before"));
            Scene scene(clock());
            auto const api = add_sibling(scene, "api", "key1", days{50});
            auto const key1 = scene.azure.keys["key1"].value;
            auto const die = [] { throw test::Killed{}; };
            scene.azure.script = [&](int number, std::string_view) {
                FakeAzure::Event event;
                if (number == kill_at) (after_effect ? event.after : event.before) = die;
                return event;
            };
            died = false;
            try {
                co_await scene.rotate(leaked(scene));
            } catch (test::Killed const&) {
                died = true;
            }
            EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions.back().value)) << "what is published always works";
            EXPECT_TRUE(scene.azure.is_alive(scene.azure.secrets[api].back().value));
            scene.azure.script = nullptr;
            auto const again = co_await scene.rotate(leaked(scene));
            EXPECT_EQ(again.outcome.code, "compromised") << again.outcome.reason;
            EXPECT_FALSE(scene.azure.is_alive(key1));
            EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions.back().value));
            EXPECT_TRUE(scene.azure.is_alive(scene.azure.secrets[api].back().value));
        }
    }
}

// An answer that is lost may have come or not; neither is repeated blindly.
CORO_TEST(Leak, LostAnswersAreLookedUp) {
    for (bool const happened : {true, false}) {
        for (int lose = 1; lose <= 2; ++lose) {
            SCOPED_TRACE(fmt::format("the {}. regeneration, {}", lose, happened));
            Scene scene(clock());
            int number = 0;
            auto const key1 = scene.azure.keys["key1"].value;
            scene.azure.script = [&](int, std::string_view operation) {
                FakeAzure::Event event;
                if (operation == "keys.regenerate" && ++number == lose)
                    (happened ? event.error_after : event.error_before) = Error(Errc::outcome_unknown, "no answer");
                return event;
            };
            auto const seen = co_await scene.rotate(leaked(scene));
            EXPECT_EQ(seen.outcome.code, "compromised") << seen.outcome.reason;
            EXPECT_EQ(scene.azure.regenerations, 2);
            EXPECT_FALSE(scene.azure.is_alive(key1));
            EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions.back().value));
        }
    }
}

// Its publication got no answer, and landed after it had been looked for: it is told all the same.
CORO_TEST(Leak, APublicationThatLandsLateIsNamed) {
    Scene scene(clock());
    std::string sent;
    int reads = 0;
    scene.azure.on_publish = [&](rotation::SecretDraft const& draft) { sent = std::string(draft.value.expose()); };
    scene.azure.script = [&](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "secret.set") event.error_before = Error(Errc::outcome_unknown, "no answer");
        if (operation != "secret.get" || sent.empty() || ++reads != 3) return event;
        event.before = [&] { scene.azure.add_version(scene.azure.versions.back().properties, sent); };
        return event;
    };
    auto const seen = co_await scene.rotate(leaked(scene));
    EXPECT_EQ(seen.outcome.code, "compromised") << seen.outcome.reason;
    EXPECT_EQ(seen.outcome.new_version, scene.azure.versions.back().properties.version);
    EXPECT_EQ(seen.outcome.expires, scene.azure.versions.back().properties.expires);
}

}  // namespace
}  // namespace kssedr::engine
