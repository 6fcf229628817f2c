// Slots that were vacated are revoked once the grace has passed, by the sweep, and once.

#include "engine/shadow.h"
#include "engine/sweeper.h"
#include "support/coro_test.h"
#include "support/scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using test::FakeAzure;
using test::Scene;

// A vault that was rotated twenty days ago, and a rule that revokes after fourteen.
class Vacated : public Scene {
public:
    explicit Vacated(Clock& clock) : Scene(clock), lock(clock) {
        rotation::SecretRule rule;
        rule.revoke_after = days{14};
        rule.where = "rule";
        policy.rules.push_back(rule);
        auto properties = azure.versions[0].properties;
        properties.expires = clock.now() + days{70};
        azure.keys["key2"].made = clock.now() - days{21};
        azure.add_version(properties, connection_string(azure.keys["key2"].value));
        azure.versions[1].properties.created -= days{20};
    }
    Task<SweepSummary> sweep_with(Sweeper& sweeper) {
        outcomes.clear();
        SweepRequest request;
        request.vaults = {{"demo.vault.azure.net"}};
        request.deadline = clock.steady_now() + 1h;
        co_return co_await sweeper.sweep(request, [&](rotation::Outcome const& outcome) {
            outcomes.push_back(outcome.code + ' ' + outcome.former_credential + ' ' + outcome.new_version);
        });
    }
    /// A process with nothing in memory sweeps.
    Task<SweepSummary> sweep() {
        Ports const ports{azure, azure, azure, lock, clock, random, log};
        Rotator rotator(ports, policy);
        Sweeper sweeper(rotator, ports);
        co_return co_await sweep_with(sweeper);
    }
    Task<SweepSummary> plan() {
        ShadowVault vault(azure);
        ShadowProvider provider(azure, clock, random);
        Ports const ports{vault, provider, azure, lock, clock, random, log};
        Rotator rotator(ports, policy);
        Sweeper sweeper(rotator, ports);
        co_return co_await sweep_with(sweeper);
    }

    InProcessLock lock;
    std::vector<std::string> outcomes;
};

CORO_TEST(Revocation, IsPlannedDoneAndNotRepeated) {
    Vacated scene(clock());
    auto const vacated = scene.azure.keys["key1"].value;
    auto const planned = co_await scene.plan();
    EXPECT_EQ(scene.outcomes, (std::vector<std::string>{"revoked key1 "}));
    EXPECT_EQ(planned.revoked, 1U);
    EXPECT_TRUE(scene.azure.is_alive(vacated)) << "a plan changes nothing";
    auto summary = co_await scene.sweep();
    EXPECT_EQ(scene.outcomes, (std::vector<std::string>{"revoked key1 "}));
    EXPECT_EQ(summary, planned);
    EXPECT_FALSE(scene.azure.is_alive(vacated));
    EXPECT_EQ(scene.azure.versions.size(), 2U) << "nothing is published";
    for (int day = 0; day < 15; ++day) {
        summary = co_await scene.sweep();
        EXPECT_EQ(summary.revoked, 0U);
        co_await clock().sleep_for(days{1});
    }
    EXPECT_EQ(scene.azure.regenerations, 1);
}

CORO_TEST(Revocation, IsHeldBack) {
    struct Case {
        std::string name;
        std::function<void(Vacated&)> set;
        std::vector<std::string> outcomes;
    };
    for (auto const& c : std::vector<Case>{
             {"by no rule", [](Vacated& s) { s.policy.rules.clear(); }, {}},
             {"by the grace", [](Vacated& s) { s.policy.rules[0].revoke_after = days{21}; }, {}},
             {"by a service that tells no times", [](Vacated& s) { s.azure.tells_when_made = false; }, {}},
             {"by a sibling",
              [](Vacated& s) {
                  auto properties = s.azure.versions[1].properties;
                  s.azure.add_version(properties, Scene::connection_string(s.azure.keys["key1"].value),
                                      "demo.vault.azure.net/api");
              },
              {}},
             {"by a freeze", [](Vacated& s) { s.azure.versions[1].properties.tags["kssedr-freeze"] = "true"; }, {}},
             {"by mode observe", [](Vacated& s) { s.policy.mode = rotation::Mode::observe; }, {"observe key2 "}},
         }) {
        SCOPED_TRACE(c.name);
        Vacated scene(clock());
        c.set(scene);
        co_await scene.sweep();
        EXPECT_EQ(scene.outcomes, c.outcomes);
        EXPECT_EQ(scene.azure.regenerations, 0);
    }
}

// Which goes first is chance; the slot is the owner's.
CORO_TEST(Revocation, ASecretThatIsHeldBackLeavesItToAnother) {
    for (std::string const name : {"api", "zone"}) {
        Vacated scene(clock());
        auto const key = "demo.vault.azure.net/" + name;
        for (auto const& version : std::vector(scene.azure.versions)) {
            scene.azure.add_version(version.properties, version.value, key);
            scene.azure.secrets[key].back().properties.created = version.properties.created;
        }
        scene.azure.secrets[key].back().properties.tags["kssedr-freeze"] = "true";
        co_await scene.sweep();
        EXPECT_EQ(scene.azure.regenerations, 1) << name;
    }
}

CORO_TEST(Revocation, ALostAnswerIsLookedUp) {
    for (bool const happened : {true, false}) {
        SCOPED_TRACE(happened);
        Vacated scene(clock());
        bool lost = false;
        scene.azure.script = [&](int, std::string_view operation) {
            FakeAzure::Event event;
            if (operation == "keys.regenerate" && !std::exchange(lost, true))
                (happened ? event.error_after : event.error_before) = Error(Errc::outcome_unknown, "no answer");
            return event;
        };
        auto const summary = co_await scene.sweep();
        EXPECT_EQ(summary.revoked, 1U);
        EXPECT_EQ(scene.azure.regenerations, 1);
    }
}

// Rotations and revocations, day by day: nobody is cut off within the overlap, and nothing lives on for long.
CORO_TEST(Revocation, GoesWithRotationsForTwoYears) {
    Vacated scene(clock());
    struct Past {
        std::string value;
        TimePoint until;
    };
    std::vector<Past> past;
    std::string held = scene.azure.versions.back().value;
    for (int day = 0; day < 730; ++day) {
        auto const summary = co_await scene.sweep();
        EXPECT_EQ(summary.failed + summary.refused + summary.overdue, 0U) << "day " << day;
        if (scene.azure.versions.back().value != held)
            past.push_back({std::exchange(held, scene.azure.versions.back().value), clock().now()});
        EXPECT_TRUE(scene.azure.is_alive(held)) << "day " << day;
        for (auto const& each : past) {
            auto const since = clock().now() - each.until;
            if (since < test::overlap) {
                EXPECT_TRUE(scene.azure.is_alive(each.value)) << "day " << day;
            }
            if (since > days{16}) {
                EXPECT_FALSE(scene.azure.is_alive(each.value)) << "day " << day;
            }
        }
        co_await clock().sleep_for(days{1});
    }
    EXPECT_GT(past.size(), 10U);
}

}  // namespace
}  // namespace kssedr::engine
