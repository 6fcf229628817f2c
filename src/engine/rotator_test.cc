// One secret, from "somebody says it is due" to an outcome, in virtual time, with everything that can befall a call.

#include "engine/rotator.h"
#include "support/coro_test.h"
#include "support/scene.h"

#include "async/for_each.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using rotation::OutcomeKind;
using std::chrono::days;
using test::account;
using test::FakeAzure;
using test::overlap;
using test::Scene;

CORO_TEST(Rotator, RotatesInFourCallsAndLooksAgain) {
    Scene scene(clock());
    auto const seen = co_await scene.rotate();
    auto const& outcome = seen.outcome;
    EXPECT_EQ(outcome.kind, OutcomeKind::rotated) << outcome.reason;
    EXPECT_EQ(outcome.credential, "key2");
    EXPECT_EQ(outcome.former_credential, "key1");
    EXPECT_EQ(scene.azure.calls, (std::vector<std::string>{"secret.get", "secret.list", "secret.get", "keys.list",
                                                           "keys.regenerate", "secret.set", "keys.list"}));
    CO_ASSERT(scene.azure.versions.size() == 2);
    auto const& published = scene.azure.versions[1];
    EXPECT_EQ(published.value, Scene::connection_string(scene.azure.keys["key2"].value));
    EXPECT_EQ(published.properties.content_type, account);
    EXPECT_EQ(published.properties.tags.at("key"), "1");
    EXPECT_EQ(published.properties.tags.at("team"), "web");
    EXPECT_TRUE(published.properties.tags.contains("AutoRotate"));
    EXPECT_EQ(published.properties.expires, outcome.expires);
    EXPECT_EQ(outcome.new_version, published.properties.version);
    EXPECT_EQ(outcome.version, scene.azure.versions[0].properties.version);
    EXPECT_EQ(outcome.resource, account);
}

CORO_TEST(Rotator, AnEventOfAHandledVersionMakesOneCall) {
    Scene scene(clock());
    auto const event = scene.event();
    co_await scene.rotate(event);
    scene.azure.calls.clear();
    for (int i = 0; i < 100; ++i) {
        auto const seen = co_await scene.rotate(event);
        EXPECT_EQ(seen.outcome.kind, OutcomeKind::superseded);
    }
    EXPECT_EQ(scene.azure.calls.size(), 100U);
    EXPECT_EQ(scene.azure.regenerations, 1);
}

CORO_TEST(Rotator, AlternatesForTwoYearsAndNeverCutsAHolderOff) {
    Scene scene(clock());
    std::string held_before, held = scene.azure.versions.back().value;
    TimePoint changed{};
    int rotations = 0;
    for (int day = 0; day < 730; ++day) {
        auto request = scene.event();
        request.trigger = rotation::Trigger::sweep;
        request.version.clear();
        auto const seen = co_await scene.rotate(request);
        EXPECT_TRUE(seen.outcome.kind == OutcomeKind::rotated || seen.outcome.kind == OutcomeKind::deferred)
            << seen.outcome.reason;
        if (seen.outcome.kind == OutcomeKind::rotated) {
            ++rotations;
            held_before = std::exchange(held, scene.azure.versions.back().value);
            changed = clock().now();
        }
        EXPECT_TRUE(scene.azure.is_alive(held));
        if (clock().now() - changed < overlap) {
            EXPECT_TRUE(scene.azure.is_alive(held_before)) << "day " << day;
        }
        co_await clock().sleep_for(days{1});
    }
    // 90 days of validity, 30 of lead: every 60 days, the first at once.
    EXPECT_EQ(rotations, 13);
    EXPECT_EQ(scene.azure.regenerations, rotations);
}

// DESIGN 2, law 4: any instruction may be the last.
CORO_TEST(Rotator, KilledAtEveryCallItIsFinishedByTheNextAttempt) {
    for (bool const after_effect : {false, true}) {
        for (int kill_at = 1; kill_at <= 7; ++kill_at) {
            SCOPED_TRACE(fmt::format("killed at call {}, {} its effect", kill_at, after_effect ? "after" : "before"));
            Scene scene(clock());
            std::string const before = scene.azure.versions.front().value;
            auto const die = [] { throw test::Killed{}; };
            scene.azure.script = [&](int number, std::string_view) {
                FakeAzure::Event event;
                if (number == kill_at && after_effect) event.after = die;
                if (number == kill_at && !after_effect) event.before = die;
                return event;
            };
            auto const event = scene.event();
            bool died = false;
            try {
                co_await scene.rotate(event);
            } catch (test::Killed const&) {
                died = true;
            }
            EXPECT_TRUE(died);
            EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions.back().value))
                << "what is published works at every instant";
            EXPECT_TRUE(scene.azure.is_alive(before));

            scene.azure.script = nullptr;
            auto const again = co_await scene.rotate(event);
            CO_ASSERT(scene.azure.versions.size() == 2);
            EXPECT_EQ(scene.azure.regenerations, 1);
            EXPECT_EQ(scene.azure.versions.back().value, Scene::connection_string(scene.azure.keys["key2"].value));
            EXPECT_TRUE(scene.azure.is_alive(before));
            bool const was_published = kill_at > 6 || (kill_at == 6 && after_effect);
            bool const was_regenerated = kill_at > 5 || (kill_at == 5 && after_effect);
            EXPECT_EQ(again.outcome.kind, was_published     ? OutcomeKind::superseded
                                          : was_regenerated ? OutcomeKind::adopted
                                                            : OutcomeKind::rotated);
        }
    }
}

CORO_TEST(Rotator, TransientErrorsAreRepeatedWhereNothingHappened) {
    for (auto const code : {Errc::throttled, Errc::unavailable}) {
        for (int fail_at = 1; fail_at <= 6; ++fail_at) {
            SCOPED_TRACE(fmt::format("{} at call {}", to_string(code), fail_at));
            Scene scene(clock());
            scene.azure.script = [&](int number, std::string_view) {
                FakeAzure::Event event;
                if (number == fail_at) event.error_before = Error(code, "not now");
                return event;
            };
            auto const seen = co_await scene.rotate();
            EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
            EXPECT_EQ(scene.azure.regenerations, 1);
            EXPECT_EQ(scene.azure.versions.size(), 2U);
        }
    }
}

// What could never be published is not regenerated.
CORO_TEST(Rotator, WhereATrialIsRequiredAndThereIsNoneItIsRefusedBeforeAnythingIsDone) {
    for (auto const verify : {rotation::Verify::required, rotation::Verify::best_effort}) {
        Scene scene(clock());
        scene.azure.may_be_tried = false;
        scene.policy.verify = verify;
        scene.azure.trial = [] { return ports::TrialResult{ports::Trial::inconclusive, "no trial"}; };
        auto const seen = co_await scene.rotate();
        bool const is_required = verify == rotation::Verify::required;
        EXPECT_EQ(seen.outcome.code, is_required ? "verify-not-possible" : "rotated") << seen.outcome.reason;
        EXPECT_EQ(scene.azure.regenerations, is_required ? 0 : 1);
    }
}

// Of many who ask a service at once some come last, and "later" says that nothing was done.
CORO_TEST(Rotator, LaterIsHeededForLongerThanAFaultIsWaitedOut) {
    for (auto const code : {Errc::throttled, Errc::unavailable}) {
        Scene scene(clock());
        int failures = 0;
        scene.azure.script = [&](int, std::string_view operation) {
            FakeAzure::Event event;
            if (operation == "keys.list" && ++failures <= 10) event.error_before = Error(code, "not now");
            return event;
        };
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.kind, code == Errc::throttled ? OutcomeKind::rotated : OutcomeKind::failed)
            << to_string(code) << ": " << seen.outcome.reason;
    }
}

CORO_TEST(Rotator, ARegenerationOfUnknownResultIsNeverRepeatedBlindly) {
    // The answer is lost: the effect came before, comes a minute later, or never.
    for (std::string const when : {"before", "later", "never"}) {
        SCOPED_TRACE(when);
        Scene scene(clock());
        SteadyPoint gave_up{};
        scene.azure.script = [&](int, std::string_view operation) {
            FakeAzure::Event event;
            if (operation == "keys.regenerate" && gave_up == SteadyPoint{}) {
                gave_up = clock().steady_now();
                Error const lost(Errc::outcome_unknown, "no answer");
                if (when == "before")
                    event.error_after = lost;
                else
                    event.error_before = lost;
            } else if (operation == "keys.list" && when == "later" && scene.azure.regenerations == 0 &&
                       gave_up != SteadyPoint{} && clock().steady_now() - gave_up > 60s) {
                ++scene.azure.regenerations;
                scene.azure.regenerate_key("key2");
            }
            return event;
        };
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
        EXPECT_GE(seen.outcome.duration, time_of_doubt);
        EXPECT_EQ(scene.azure.regenerations, 1);
        CO_ASSERT(scene.azure.versions.size() == 2);
        EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions[1].value));
        auto const listings = std::ranges::count(scene.azure.calls, "keys.list");
        EXPECT_GE(listings, 4) << "before, two that agree, and the look again";
    }
}

// Without a version in the event only the time tells that a rotation was done already.
CORO_TEST(Rotator, ManyEventsOfAShortLifeMakeOneRotation) {
    Scene scene(clock());
    scene.policy.min_overlap = Duration{};
    scene.policy.default_validity = days{1};
    auto& first = scene.azure.versions[0].properties;
    first.created = std::chrono::floor<std::chrono::seconds>(clock().now()) - 20h;
    first.expires = first.created + 24h;
    auto request = scene.event();
    request.version.clear();
    for (int i = 0; i < 20; ++i) {
        auto const seen = co_await scene.rotate(request);
        EXPECT_EQ(seen.outcome.code, i == 0 ? "rotated" : "not-due") << seen.outcome.reason;
    }
    EXPECT_EQ(scene.azure.regenerations, 1);
}

CORO_TEST(Rotator, DoubtOutlivesAnAttemptThatHasNoTime) {
    Scene scene(clock());
    InProcessLock lock(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy);
    scene.azure.script = [&](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "keys.regenerate") event.error_before = Error(Errc::outcome_unknown, "no answer");
        return event;
    };
    auto request = scene.event();
    request.deadline = clock().steady_now() + 30s;
    auto const first = co_await rotator.rotate(request);
    EXPECT_EQ(first.outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(first.outcome.code, "outcome-unknown");

    scene.azure.calls.clear();
    request.deadline = clock().steady_now() + 30s;
    auto const second = co_await rotator.rotate(request);
    EXPECT_EQ(second.outcome.code, "outcome-unknown");
    EXPECT_EQ(std::ranges::count(scene.azure.calls, "keys.regenerate"), 0);

    // Another secret of the same owner is held back by the same doubt until it is settled.
    scene.azure.script = nullptr;
    request.deadline = clock().steady_now() + 10min;
    auto const third = co_await rotator.rotate(request);
    EXPECT_EQ(third.outcome.kind, OutcomeKind::rotated) << third.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 1);
}

CORO_TEST(Rotator, APublicationOfUnknownResultIsLookedFor) {
    for (bool const happened : {true, false}) {
        SCOPED_TRACE(happened);
        Scene scene(clock());
        bool lost = false;
        scene.azure.script = [&](int, std::string_view operation) {
            FakeAzure::Event event;
            if (operation == "secret.set" && !std::exchange(lost, true))
                (happened ? event.error_after : event.error_before) = Error(Errc::outcome_unknown, "no answer");
            return event;
        };
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
        EXPECT_EQ(scene.azure.regenerations, 1);
        EXPECT_EQ(scene.azure.versions.size(), 2U);
        EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions.back().value));
    }
}

CORO_TEST(Rotator, ASecretThatChangesMeanwhileIsLookedAtAnew) {
    Scene scene(clock());
    // Regeneration takes long; meanwhile a person publishes something else.
    scene.azure.script = [&](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "keys.regenerate") {
            event.takes = 5s;
            event.after = [&] {
                scene.azure.add_version(scene.azure.versions[0].properties, scene.azure.versions[0].value);
            };
        }
        return event;
    };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::superseded) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.versions.size(), 2U) << "the person's version stands";

    // Once that is due in its turn, the fresh credential is adopted.
    scene.azure.script = nullptr;
    auto request = scene.event();
    request.version.clear();
    request.ignores_due = request.ignores_freeze = true;
    auto const swept = co_await scene.rotate(request);
    EXPECT_EQ(swept.outcome.kind, OutcomeKind::adopted) << swept.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 1);
}

// What stands in the way of a regeneration may come while it waits: evidence older than a second is read again before
// it is sent.
CORO_TEST(Rotator, NeverRegeneratesWhatSomebodyPublishedMeanwhile) {
    for (std::string const when : {"a slow listing", "between two throttled sendings", "a settled doubt"}) {
        SCOPED_TRACE(when);
        Scene scene(clock());
        bool has_published = false, is_lost = false;
        auto const publish_key2 = [&] {
            if (std::exchange(has_published, true)) return;
            scene.azure.add_version(scene.azure.versions[0].properties,
                                    Scene::connection_string(scene.azure.keys["key2"].value));
        };
        scene.azure.script = [&](int, std::string_view operation) {
            FakeAzure::Event event;
            if (when == "a slow listing" && operation == "keys.list") {
                event.takes = 3s;
                event.after = publish_key2;
            }
            if (when == "between two throttled sendings" && operation == "keys.regenerate") {
                event.error_before = Error(Errc::throttled, "429").with_retry_after(5s);
                event.before = publish_key2;
            }
            if (when == "a settled doubt" && operation == "keys.regenerate" && !std::exchange(is_lost, true)) {
                event.error_before = Error(Errc::outcome_unknown, "no answer");
                event.before = publish_key2;
            }
            return event;
        };
        std::string const key2 = scene.azure.keys["key2"].value;
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.kind, OutcomeKind::superseded) << seen.outcome.reason;
        EXPECT_EQ(scene.azure.keys["key2"].value, key2);
        EXPECT_EQ(scene.azure.regenerations, 0);
    }
}

CORO_TEST(Rotator, APublishedCredentialThatDiesAtOnceIsReplaced) {
    Scene scene(clock());
    bool done = false;
    scene.azure.script = [&](int, std::string_view operation) {
        FakeAzure::Event event;
        // Somebody regenerates the slot between our regeneration and our publication.
        if (operation == "secret.set" && !std::exchange(done, true))
            event.before = [&] { scene.azure.regenerate_key("key2"); };
        return event;
    };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.versions.size(), 3U);
    EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions.back().value));
    EXPECT_EQ(seen.outcome.new_version, scene.azure.versions.back().properties.version);
}

CORO_TEST(Rotator, ADeadVersionIsRepairedWithoutRegenerating) {
    Scene scene(clock());
    scene.azure.regenerate_key("key1");
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::repaired) << seen.outcome.reason;
    EXPECT_EQ(seen.outcome.credential, "key1");
    EXPECT_EQ(scene.azure.regenerations, 0);
    EXPECT_EQ(scene.azure.versions.back().value, Scene::connection_string(scene.azure.keys["key1"].value));
}

CORO_TEST(Rotator, OverlapWithItsOwnEarlierVersionDefersAForcedRotation) {
    Scene scene(clock());
    co_await scene.rotate();
    co_await clock().sleep_for(days{2});
    auto request = scene.event();
    request.version.clear();
    request.ignores_due = request.ignores_freeze = true;
    auto seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::deferred);
    EXPECT_EQ(seen.outcome.code, "overlap");
    EXPECT_EQ(seen.outcome.retry_after, scene.azure.versions[1].properties.created + overlap);
    EXPECT_EQ(scene.azure.regenerations, 1);

    co_await clock().sleep_for(days{5});
    seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(seen.outcome.credential, "key1");
}

CORO_TEST(Rotator, OneRotationAtATimeForOneOwner) {
    Scene scene(clock());
    InProcessLock lock(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy);
    std::vector<OutcomeKind> kinds(20);
    auto const event = scene.event();
    auto rotate_one = [&](std::size_t i) -> Task<void> {
        auto const seen = co_await rotator.rotate(event);
        kinds[i] = seen.outcome.kind;
    };
    co_await for_each(kinds.size(), kinds.size(), rotate_one);
    EXPECT_EQ(std::ranges::count(kinds, OutcomeKind::rotated), 1);
    EXPECT_EQ(std::ranges::count(kinds, OutcomeKind::superseded), 19);
    EXPECT_EQ(scene.azure.regenerations, 1);
}

struct Judged {
    std::string name;
    std::function<void(Scene&, RotationRequest&)> change;
    OutcomeKind kind;
    std::string code;
    std::size_t calls_max;
};

std::vector<Judged> judgements() {
    auto const set_value = [](std::string value) {
        return [value](Scene& s, RotationRequest&) { s.azure.versions[0].value = value; };
    };
    return {
        {"paused", [](Scene& s, auto&) { s.policy.mode = rotation::Mode::paused; }, OutcomeKind::deferred, "paused", 0},
        {"a vault that is not served", [](Scene& s, auto&) { s.policy.vaults.emplace(); }, OutcomeKind::refused,
         "vault-not-served", 0},
        {"observe", [](Scene& s, auto&) { s.policy.mode = rotation::Mode::observe; }, OutcomeKind::deferred, "observe",
         4},
        {"dry run", [](Scene&, RotationRequest& r) { r.is_dry_run = true; }, OutcomeKind::deferred, "dry-run", 4},
        {"gone", [](Scene& s, auto&) { s.azure.versions.clear(); }, OutcomeKind::superseded, "gone", 1},
        {"disabled", [](Scene& s, auto&) { s.azure.versions[0].properties.enabled = false; }, OutcomeKind::superseded,
         "disabled", 1},
        {"another version", [](Scene&, RotationRequest& r) { r.version = std::string(32, 'a'); },
         OutcomeKind::superseded, "newer-version", 1},
        {"kept by Key Vault", [](Scene& s, auto&) { s.azure.versions[0].properties.managed = true; },
         OutcomeKind::unmanaged, "managed-by-key-vault", 1},
        {"asks for nothing",
         [](Scene& s, auto&) {
             s.azure.versions[0].properties.content_type = "text/plain";
             s.azure.versions[0].properties.tags.clear();
         },
         OutcomeKind::unmanaged, "asks-for-nothing", 1},
        {"two targets",
         [](Scene& s, auto&) { s.azure.versions[0].properties.tags["orgin"] = std::string(account) + "2"; },
         OutcomeKind::refused, "metadata-conflict", 1},
        {"an unknown type",
         [](Scene& s, auto&) {
             s.azure.versions[0].properties.tags.clear();
             s.azure.versions[0].properties.content_type =
                 "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Cache/redis/r";
         },
         OutcomeKind::refused, "unsupported-type", 1},
        {"an empty list of targets", [](Scene& s, auto&) { s.policy.allowed = rotation::AllowedTargets({}); },
         OutcomeKind::refused, "not-permitted", 1},
        {"no list, another resource group",
         [](Scene& s, RotationRequest& r) {
             s.policy.allowed.reset();
             r.vault_resource = *rotation::ArmId::parse(
                 "/subscriptions/s1/resourceGroups/other/providers/Microsoft.KeyVault/vaults/demo");
         },
         OutcomeKind::refused, "not-permitted", 1},
        {"no list, a source that is another vault",
         [](Scene& s, auto&) {
             s.policy.allowed.reset();
             s.azure.vault_host = "evil.vault.azure.net";
         },
         OutcomeKind::refused, "not-permitted", 2},
        {"no list, no source",
         [](Scene& s, RotationRequest& r) {
             s.policy.allowed.reset();
             r.vault_resource.reset();
         },
         OutcomeKind::refused, "not-permitted", 1},
        {"no list, Resource Manager does not say",
         [](Scene& s, auto&) {
             s.policy.allowed.reset();
             s.azure.script = [](int, std::string_view operation) {
                 FakeAzure::Event event;
                 if (operation == "vault.get")
                     event.error_before = Error(Errc::permission_denied, "AuthorizationFailed");
                 return event;
             };
         },
         OutcomeKind::refused, "not-permitted", 3},
        {"another account's connection string", set_value("AccountName=evil;AccountKey=" + std::string(86, 'A') + "=="),
         OutcomeKind::refused, "value-not-understood", 1},
        {"nothing understood", set_value("hunter2"), OutcomeKind::refused, "value-not-understood", 1},
        {"sixteen tags",
         [](Scene& s, auto&) {
             for (int i = 0; i < 16; ++i) s.azure.versions[0].properties.tags["t" + std::to_string(i)] = "x";
         },
         OutcomeKind::refused, "not-writable", 1},
        {"not due", [](Scene& s, auto&) { s.azure.versions[0].properties.expires = s.clock.now() + days{90}; },
         OutcomeKind::deferred, "not-due", 1},
        {"frozen", [](Scene& s, auto&) { s.azure.versions[0].properties.tags["kssedr-freeze"] = "true"; },
         OutcomeKind::deferred, "freeze", 1},
        {"the owner is gone",
         [](Scene& s, auto&) {
             s.azure.script = [](int, std::string_view operation) {
                 FakeAzure::Event event;
                 if (operation == "keys.list") event.error_before = Error(Errc::not_found, "ResourceNotFound");
                 return event;
             };
         },
         OutcomeKind::refused, "resource-not-found", 4},
        {"the owner is locked",
         [](Scene& s, auto&) {
             s.azure.script = [](int, std::string_view operation) {
                 FakeAzure::Event event;
                 if (operation == "keys.regenerate")
                     event.error_before = Error(Errc::invalid_argument, "a lock").with_service_code("ScopeLocked");
                 return event;
             };
         },
         OutcomeKind::refused, "scope-locked", 5},
    };
}

CORO_TEST(Rotator, JudgesBeforeItActs) {
    for (auto const& judged : judgements()) {
        SCOPED_TRACE(judged.name);
        Scene scene(clock());
        auto request = scene.event();
        judged.change(scene, request);
        auto const count = scene.azure.versions.size();
        auto const seen = co_await scene.rotate(request);
        EXPECT_EQ(to_string(seen.outcome.kind), to_string(judged.kind)) << seen.outcome.reason;
        EXPECT_EQ(seen.outcome.code, judged.code);
        EXPECT_FALSE(seen.outcome.reason.empty());
        EXPECT_LE(scene.azure.calls.size(), judged.calls_max);
        EXPECT_EQ(scene.azure.regenerations, 0);
        EXPECT_EQ(scene.azure.versions.size(), count);
    }
}

CORO_TEST(Rotator, WithoutAListTheVaultsOwnGroupIsPermittedToItsEvents) {
    Scene scene(clock());
    scene.policy.allowed.reset();
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
}

CORO_TEST(Rotator, ForcePassesAgeAndFreezeOnly) {
    Scene scene(clock());
    scene.azure.versions[0].properties.expires = clock().now() + days{90};
    scene.azure.versions[0].properties.tags["kssedr-freeze"] = "true";
    auto request = scene.event();
    request.ignores_due = request.ignores_freeze = true;
    auto const seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
}

CORO_TEST(Rotator, EvidenceWinsOverATagThatLies) {
    Scene scene(clock());
    scene.azure.versions[0].properties.tags["CredentialId"] = "key2";
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated);
    EXPECT_EQ(seen.outcome.former_credential, "key1");
    EXPECT_EQ(scene.azure.versions.back().properties.tags.at("CredentialId"), "key2");
    EXPECT_NE(seen.outcome.reason.find("the evidence was believed"), std::string::npos);
    EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions[0].value)) << "the slot in use was not touched";
}

CORO_TEST(Rotator, ExplainLooksAtTheCredentialsEvenWhenNotDue) {
    Scene scene(clock());
    scene.azure.versions[0].properties.expires = clock().now() + days{90};
    auto request = scene.event();
    request.is_dry_run = request.wants_evidence = true;
    auto const seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.code, "not-due");
    CO_ASSERT(seen.credentials.size() == 2);
    EXPECT_TRUE(seen.credentials[0].is_held);
    EXPECT_FALSE(seen.credentials[1].is_held);
    EXPECT_EQ(scene.azure.regenerations, 0);
}

CORO_TEST(Rotator, AWarmRotationMakesFourCallsUntilItIsPublishedAndOneAfter) {
    Scene scene(clock());
    InProcessLock lock(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy);
    auto request = scene.event();
    request.version.clear();
    request.is_dry_run = true;
    co_await rotator.rotate(request);
    scene.azure.calls.clear();
    request.is_dry_run = false;
    auto const seen = co_await rotator.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.calls,
              (std::vector<std::string>{"secret.get", "keys.list", "keys.regenerate", "secret.set", "keys.list"}));
}

}  // namespace
}  // namespace kssedr::engine