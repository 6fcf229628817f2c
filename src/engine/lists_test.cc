// Owners that keep a list of credentials: adding cuts nobody off, and nothing is removed that anybody may have.

#include "engine/in_process_lock.h"
#include "engine/intake.h"
#include "engine/rotator.h"
#include "engine/sweeper.h"
#include "support/coro_test.h"
#include "support/list_scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using rotation::OutcomeKind;
using std::chrono::days;
using test::FakeAzure;
using test::ListScene;
using test::overlap;

CORO_TEST(Lists, AddsTriesAndPublishes) {
    ListScene scene(clock());
    auto const before = scene.value();
    auto const seen = co_await scene.rotate();
    auto const& outcome = seen.outcome;
    EXPECT_EQ(outcome.kind, OutcomeKind::rotated) << outcome.reason;
    EXPECT_EQ(scene.azure.calls, (std::vector<std::string>{"secret.get", "secret.list", "secret.get", "list.get",
                                                           "list.add", "verify", "secret.set", "list.get"}));
    CO_ASSERT(scene.azure.versions.size() == 2);
    auto const* published = scene.lists.find(scene.value());
    CO_ASSERT(published != nullptr);
    EXPECT_EQ(published->listed.mark, test::mark_of_web);
    EXPECT_EQ(scene.azure.versions.back().properties.tags.at("CredentialId"), published->listed.id);
    EXPECT_EQ(outcome.credential, published->listed.id);
    EXPECT_EQ(outcome.former_credential, scene.lists.find(before)->listed.id);
    EXPECT_EQ(outcome.verified, "yes");
    EXPECT_EQ(outcome.expires, scene.azure.versions.back().properties.expires);
    EXPECT_GE(*published->listed.ends, *outcome.expires + overlap) << "consumers may have it until they read the next";
    EXPECT_EQ(scene.lists.entries.size(), 3U) << "nothing is removed that was in use a moment ago";
}

CORO_TEST(Lists, YearsOfRotationKeepWhatConsumersHaveAndNothingElse) {
    ListScene scene(clock());
    std::string held = scene.value(), held_before;
    TimePoint changed{};
    int rotations = 0;
    for (int day = 0; day < 730; ++day) {
        auto const seen = co_await scene.rotate();
        EXPECT_TRUE(seen.outcome.kind == OutcomeKind::rotated || seen.outcome.code == "not-due") << seen.outcome.reason;
        if (seen.outcome.kind == OutcomeKind::rotated) {
            ++rotations;
            held_before = std::exchange(held, scene.value());
            changed = clock().now();
        }
        EXPECT_NE(scene.lists.find(held), nullptr);
        if (clock().now() - changed < overlap) {
            EXPECT_NE(scene.lists.find(held_before), nullptr) << "day " << day;
        }
        co_await clock().sleep_for(days{1});
    }
    EXPECT_EQ(rotations, 13);
    EXPECT_EQ(scene.lists.entries.size(), 3U) << "a person's, the current one, and the one before it";
    EXPECT_EQ(scene.lists.entries.front().listed.mark, "by hand");
}

CORO_TEST(Lists, KilledAtEveryCallItIsFinishedAndLeavesNothingBehind) {
    for (bool const after_effect : {false, true}) {
        for (int kill_at = 1; kill_at <= 8; ++kill_at) {
            SCOPED_TRACE(fmt::format("killed at call {}, {} its effect", kill_at, after_effect ? "after" : "before"));
            ListScene scene(clock());
            auto const before = scene.value();
            auto const die = [] { throw test::Killed{}; };
            bool died = false;
            scene.azure.script = [&](int number, std::string_view) {
                FakeAzure::Event event;
                if (number == kill_at) (after_effect ? event.after : event.before) = die;
                return event;
            };
            // A trial has no effect that could come before or after.
            bool const is_trial = kill_at == 6;
            try {
                co_await scene.rotate();
            } catch (test::Killed const&) {
                died = true;
            }
            EXPECT_EQ(died, !is_trial);
            EXPECT_NE(scene.lists.find(scene.value()), nullptr) << "what is published works at every instant";
            EXPECT_NE(scene.lists.find(before), nullptr);

            scene.azure.script = nullptr;
            co_await clock().sleep_for(10min);
            auto const again = co_await scene.rotate();
            EXPECT_TRUE(again.outcome.kind == OutcomeKind::rotated || again.outcome.code == "not-due")
                << again.outcome.reason;
            EXPECT_NE(scene.lists.find(scene.value()), nullptr);
            EXPECT_NE(scene.lists.find(before), nullptr);
            EXPECT_EQ(scene.lists.entries.size(), 3U) << "an unpublished leftover of ours is removed";
        }
    }
}

CORO_TEST(Lists, AnAdditionOfUnknownResultIsLookedForAndRemoved) {
    for (bool const happened : {true, false}) {
        SCOPED_TRACE(happened);
        ListScene scene(clock());
        bool is_lost = false;
        scene.azure.script = [&](int, std::string_view operation) {
            FakeAzure::Event event;
            if (operation == "list.add" && !std::exchange(is_lost, true))
                (happened ? event.error_after : event.error_before) = Error(Errc::outcome_unknown, "no answer");
            return event;
        };
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
        EXPECT_GE(seen.outcome.duration, ports::time_of_doubt);
        EXPECT_EQ(scene.lists.entries.size(), happened ? 4U : 3U);
        co_await clock().sleep_for(days{60});
        co_await scene.rotate();
        EXPECT_EQ(scene.lists.entries.size(), 3U) << "what nobody has seen the value of is gone";
    }
}

CORO_TEST(Lists, PropagationIsWaitedOut) {
    ListScene scene(clock());
    scene.lists.propagation = scene.lists.lag = 110s;
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_GE(seen.outcome.duration, 110s);
    EXPECT_EQ(scene.lists.entries.size(), 3U);
    EXPECT_EQ(scene.azure.versions.size(), 2U);
}

// What a person or another secret made is never removed; nor what may be in use, whatever tags say.
CORO_TEST(Lists, NothingIsRemovedThatAnybodyMayHave) {
    struct Case {
        std::string name;
        bool is_removed;
        std::function<void(ListScene&)> change;
    };
    std::string old_value;
    for (auto const& c : std::vector<Case>{
             {"made for this secret, in no version", true, [](ListScene&) {}},
             {"of another secret", false,
              [](ListScene& scene) { scene.lists.entries.back().listed.mark = "kssedr demo.vault.azure.net/other"; }},
             {"of a person", false, [](ListScene& scene) { scene.lists.entries.back().listed.mark = "deploy"; }},
             {"without a name", false, [](ListScene& scene) { scene.lists.entries.back().listed.mark.clear(); }},
             {"the service tells nothing of its value", false,
              [](ListScene& scene) { scene.lists.entries.back().listed.hint.clear(); }},
             {"just made: whoever made it may yet publish it", false,
              [&](ListScene& scene) { scene.lists.entries.back().listed.begins = scene.clock.now() - 5min; }},
             {"another secret holds it", false,
              [&](ListScene& scene) {
                  scene.azure.add_version(scene.azure.versions[0].properties, old_value, "demo.vault.azure.net/copy");
                  scene.azure.secrets["demo.vault.azure.net/copy"].back().properties.created -= days{50};
              }},
             {"another secret may hold it", false,
              [&](ListScene& scene) {
                  scene.azure.add_version(scene.azure.versions[0].properties, old_value, "demo.vault.azure.net/copy");
                  scene.azure.unreadable.insert("demo.vault.azure.net/copy");
              }},
             {"another secret may have held it until yesterday", false,
              [&](ListScene& scene) {
                  scene.copy_to("copy");
                  scene.azure.secrets["demo.vault.azure.net/copy"].back().properties.created -= days{1};
              }},
             {"another secret may hold it, but it ended two days ago", true,
              [&](ListScene& scene) {
                  scene.lists.entries.back().listed.ends = scene.clock.now() - days{2};
                  scene.azure.add_version(scene.azure.versions[0].properties, old_value, "demo.vault.azure.net/copy");
                  scene.azure.unreadable.insert("demo.vault.azure.net/copy");
              }},
             {"another secret may have held it until a month ago", true,
              [&](ListScene& scene) {
                  scene.copy_to("copy");
                  scene.azure.secrets["demo.vault.azure.net/copy"].back().properties.created -= days{30};
              }},
         }) {
        SCOPED_TRACE(c.name);
        ListScene scene(clock());
        auto const& old = scene.lists.make(std::string(test::mark_of_web), days{50}, days{100});
        old_value = old.value;
        auto const id = old.listed.id;
        c.change(scene);
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
        bool const is_there =
            std::ranges::any_of(scene.lists.entries, [&](auto const& entry) { return entry.listed.id == id; });
        EXPECT_EQ(is_there, !c.is_removed);
    }
}

// Somebody writes another id into the tag of a version that was current yesterday: its credential stays.
CORO_TEST(Lists, AnEditedTagLeadsToNoRemoval) {
    ListScene scene(clock());
    scene.azure.versions[0].properties.tags["CredentialId"] = "00000000-0000-4000-8000-000000000000";
    auto const before = scene.value();
    co_await scene.rotate();
    co_await clock().sleep_for(days{3});
    auto request = scene.sweep();
    request.ignores_due = true;
    auto const seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_NE(scene.lists.find(before), nullptr) << "it was replaced three days ago";
    EXPECT_EQ(scene.lists.entries.size(), 4U);
}

CORO_TEST(Lists, ADeadVersionIsRepaired) {
    for (bool const lags : {false, true}) {
        SCOPED_TRACE(lags ? "the listing lags behind" : "somebody removed it");
        ListScene scene(clock());
        if (lags)
            scene.lists.lag = days{100};
        else
            std::erase_if(scene.lists.entries,
                          [](auto const& entry) { return entry.listed.mark == test::mark_of_web; });
        scene.azure.versions[0].properties.created = std::chrono::floor<std::chrono::seconds>(clock().now()) - 1h;
        scene.azure.versions[0].properties.expires = clock().now() + days{89};
        auto request = scene.sweep();
        request.repairs_early = true;
        auto const seen = co_await scene.rotate(request);
        EXPECT_EQ(seen.outcome.code, lags ? "not-due" : "repaired") << seen.outcome.reason;
        EXPECT_NE(scene.lists.find(scene.value()), nullptr);
    }
}

CORO_TEST(Lists, WhatIsRejectedIsNotPublished) {
    ListScene scene(clock());
    scene.azure.trial = [] { return ports::TrialResult{ports::Trial::rejected, "AADSTS7000215"}; };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.code, "verify-rejected") << seen.outcome.reason;
    EXPECT_EQ(scene.azure.versions.size(), 1U);
    scene.azure.trial = nullptr;
    co_await clock().sleep_for(10min);
    auto const again = co_await scene.rotate();
    EXPECT_EQ(again.outcome.kind, OutcomeKind::rotated) << again.outcome.reason;
    EXPECT_EQ(scene.lists.entries.size(), 3U);
}

CORO_TEST(Lists, ALeakReplacesWhatLeakedAtOnceAndTellsWhomItCutsOff) {
    ListScene scene(clock());
    auto const leaked = scene.value();
    scene.copy_to("copy");
    scene.copy_to("frozen");
    scene.azure.unwritable.insert("demo.vault.azure.net/frozen");
    auto request = scene.sweep();
    request.is_compromised = request.ignores_due = request.ignores_freeze = true;
    auto const seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.code, "compromised") << seen.outcome.reason;
    EXPECT_EQ(scene.lists.find(leaked), nullptr);
    EXPECT_NE(scene.lists.find(scene.value()), nullptr);
    EXPECT_EQ(scene.azure.secrets["demo.vault.azure.net/copy"].back().value, scene.value());
    EXPECT_EQ(seen.outcome.also_changed, std::vector<std::string>{"demo.vault.azure.net/copy"});
    EXPECT_NE(seen.outcome.reason.find("cut off: demo.vault.azure.net/frozen"), std::string::npos)
        << seen.outcome.reason;
}

CORO_TEST(Lists, AnObserverAndADryRunChangeNothing) {
    for (bool const is_dry : {true, false}) {
        ListScene scene(clock());
        if (!is_dry) scene.policy.mode = rotation::Mode::observe;
        auto request = scene.sweep();
        request.is_dry_run = is_dry;
        auto const seen = co_await scene.rotate(request);
        EXPECT_EQ(seen.outcome.code, is_dry ? "dry-run" : "observe") << seen.outcome.reason;
        EXPECT_EQ(scene.lists.entries.size(), 2U);
        EXPECT_EQ(scene.azure.versions.size(), 1U);
    }
}

// An owner that is no resource of Azure has a queue as any other.
CORO_TEST(Lists, EventsOfOneApplicationQueueInADelivery) {
    ListScene scene(clock());
    scene.copy_to("api");
    auto const event = [](std::string const& name, std::string const& version) {
        return fmt::format(
            R"({{"id":"{0}","eventType":"Microsoft.KeyVault.SecretNearExpiry","data":{{"Id":"https://demo.vault.azure.net/secrets/{0}/{1}","VaultName":"demo","ObjectType":"Secret","ObjectName":"{0}","Version":"{1}"}}}})",
            name, version);
    };
    std::vector<std::string> messages;
    for (std::string const name : {"web", "api"})
        messages.push_back(event(name, scene.azure.secrets["demo.vault.azure.net/" + name].front().properties.version));
    InProcessLock lock(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log, &scene.lists},
                    scene.policy);
    Intake intake(rotator, clock(), scene.log, "vault.azure.net");
    std::vector<std::string_view> const views(messages.begin(), messages.end());
    auto const handled = co_await intake.handle(views, {.deadline = clock().steady_now() + 1h});
    CO_ASSERT(handled.size() == 2);
    EXPECT_EQ(handled[0].outcome.kind, OutcomeKind::rotated) << handled[0].outcome.reason;
    EXPECT_NE(handled[1].outcome.code, "owner-busy");
}

CORO_TEST(Lists, ASweepFindsADeadVersion) {
    ListScene scene(clock());
    std::erase_if(scene.lists.entries, [](auto const& entry) { return entry.listed.mark == test::mark_of_web; });
    scene.azure.versions[0].properties.expires = clock().now() + days{80};
    InProcessLock lock(clock());
    Ports const ports{scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log, &scene.lists};
    Rotator rotator(ports, scene.policy);
    Sweeper sweeper(rotator, ports);
    SweepRequest request;
    request.vaults = {{"demo.vault.azure.net"}};
    request.deadline = clock().steady_now() + 1h;
    std::vector<rotation::Outcome> outcomes;
    auto const summary =
        co_await sweeper.sweep(request, [&](rotation::Outcome const& outcome) { outcomes.push_back(outcome); });
    EXPECT_EQ(summary.done, 1U);
    CO_ASSERT(outcomes.size() == 1);
    EXPECT_EQ(outcomes[0].kind, OutcomeKind::repaired) << outcomes[0].reason;
}

}  // namespace
}  // namespace kssedr::engine
