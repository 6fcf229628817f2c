// A world that lags, lands late, and keeps another time: what the engine makes of it.

#include "engine/intake.h"
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

class Recorded final : public Log {
public:
    std::vector<std::string> events;

private:
    void put(LogLevel, std::string_view event, std::initializer_list<LogField>) override { events.emplace_back(event); }
};

CORO_TEST(LatePublication, IsOnesOwnAndSupersedesNothing) {
    Scene scene(clock());
    // The answer is lost, two looks find nothing, and then it lands.
    bool sent = false;
    int looks = 0;
    std::optional<rotation::SecretDraft> late;
    scene.azure.on_publish = [&](rotation::SecretDraft const& draft) {
        late.emplace();
        late->value = draft.value.clone();
        late->tags = draft.tags;
        late->content_type = draft.content_type;
        late->expires = draft.expires;
    };
    scene.azure.script = [&](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "secret.set") {
            sent = true;
            event.error_before = Error(Errc::outcome_unknown, "no answer");
        }
        if (operation == "secret.get" && sent && ++looks == 3) {
            auto properties = scene.azure.versions[0].properties;
            properties.expires = late->expires;
            properties.tags = late->tags;
            scene.azure.add_version(properties, std::string(late->value.expose()));
        }
        return event;
    };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(seen.outcome.new_version, scene.azure.versions[1].properties.version);
    EXPECT_EQ(seen.outcome.credential, "key2");
    EXPECT_EQ(scene.azure.regenerations, 1);
    EXPECT_EQ(scene.azure.versions.size(), 2U);
}

// One listing of a replica that lags shows a living credential as dead.
CORO_TEST(Repair, IsNotDecidedOnOneListing) {
    Scene scene(clock());
    std::string const key1 = scene.azure.keys["key1"].value;
    scene.azure.keys["key1"].value = scene.azure.new_key();
    scene.azure.script = [&, listings = 0](int, std::string_view operation) mutable {
        if (operation == "keys.list" && ++listings == 2) scene.azure.keys["key1"].value = key1;
        return FakeAzure::Event{};
    };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.versions.size(), 2U);
    EXPECT_EQ(scene.azure.regenerations, 1);
}

CORO_TEST(SlotTags, ThatContradictTheEvidenceAreSaid) {
    for (bool const is_original : {true, false}) {
        Scene scene(clock());
        auto& tags = scene.azure.versions[0].properties.tags;
        tags["key"] = "1";
        if (!is_original) {
            tags.erase("orgin");
            tags["ProviderAddress"] = std::string(account);
            scene.azure.versions[0].properties.content_type.clear();
        }
        tags["keys"] = "1";
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated);
        EXPECT_NE(seen.outcome.reason.find("the tag key said key2, the evidence was believed"), std::string::npos)
            << seen.outcome.reason;
        EXPECT_EQ(scene.azure.versions[1].properties.tags.at("key"), "1");
        EXPECT_EQ(scene.azure.versions[1].properties.tags.at("keys"), "1");
    }
}

CORO_TEST(Publication, BearsTheTimeAtWhichItIsPublished) {
    Scene scene(clock());
    scene.azure.versions[0].properties.not_before = clock().now() - days{60};
    scene.azure.versions[0].properties.tags["AutoRotate"] = "x";
    TimePoint published{};
    scene.azure.script = [&](int, std::string_view operation) {
        FakeAzure::Event event;
        // Throttled for a while: the secret was read long before.
        if (operation == "keys.regenerate" && published == TimePoint{}) {
            published = clock().now();
            event.error_before = Error(Errc::throttled, "429").with_retry_after(90s);
        }
        if (operation == "secret.set") published = clock().now();
        return event;
    };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    auto const& properties = scene.azure.versions[1].properties;
    CO_ASSERT(properties.not_before.has_value());
    EXPECT_LE(std::chrono::abs(*properties.not_before - published), 2s);
    EXPECT_EQ(properties.tags.at("AutoRotate"), format_rfc3339(*properties.not_before));
}

CORO_TEST(Siblings, AListedOneThatIsNotFoundMayBeJustRecovered) {
    for (bool const is_deleted : {false, true}) {
        SCOPED_TRACE(is_deleted);
        Scene scene(clock());
        std::string const key = "demo.vault.azure.net/api";
        rotation::SecretProperties properties;
        properties.tags = {{"ProviderAddress", std::string(account)}};
        properties.expires = clock().now() + days{40};
        scene.azure.add_version(properties, scene.azure.keys["key2"].value, key);
        scene.azure.script = [&, reads = 0](int, std::string_view operation) mutable {
            FakeAzure::Event event;
            if (operation != "secret.get" || ++reads != 3) return event;
            if (is_deleted) event.before = [&] { scene.azure.secrets[key].clear(); };
            event.error_before = Error(Errc::not_found, "SecretNotFound");
            return event;
        };
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(seen.outcome.code, is_deleted ? "rotated" : "unavailable") << seen.outcome.reason;
        EXPECT_EQ(scene.azure.regenerations, is_deleted ? 1 : 0);
    }
}

CORO_TEST(ClockSkew, IsSaidOnceAnHour) {
    for (auto const& [skew, expected] : {std::pair{4min, 0}, {6min, 2}, {-6min, 2}}) {
        Scene scene(clock());
        Recorded log;
        InProcessLock lock(clock());
        scene.azure.clock_ahead = skew;
        Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, log}, scene.policy);
        auto request = scene.event();
        for (int i = 0; i < 10; ++i) {
            co_await rotator.rotate(request);
            co_await clock().sleep_for(10min);
            request.deadline = SteadyPoint::max();
        }
        EXPECT_EQ(std::ranges::count(log.events, "clock.skewed"), expected) << format_span(abs(skew));
    }
}

// Forty events of one owner whose regeneration is in doubt do not keep another owner's event waiting.
CORO_TEST(Intake, EventsOfOneOwnerQueueWithoutHoldingAPlace) {
    Scene scene(clock());
    auto const event = [&](std::string const& name) {
        auto const& version = scene.azure.secrets["demo.vault.azure.net/" + name].front().properties.version;
        return fmt::format(
            R"({{"id":"{0}","eventType":"Microsoft.KeyVault.SecretNearExpiry","data":{{"Id":"https://demo.vault.azure.net/secrets/{0}/{1}","VaultName":"demo","ObjectType":"Secret","ObjectName":"{0}","Version":"{1}"}}}})",
            name, version);
    };
    std::vector<std::string> messages{event("web")};
    for (int i = 0; i < 40; ++i) {
        auto const name = fmt::format("api{}", i);
        auto const key = "demo.vault.azure.net/" + name;
        scene.azure.add_version(scene.azure.versions[0].properties, scene.azure.versions[0].value, key);
        scene.azure.secrets[key].back().properties.created -= days{61};
        messages.push_back(event(name));
    }
    rotation::SecretProperties note;
    note.content_type = "text/plain";
    scene.azure.add_version(note, "hello", "demo.vault.azure.net/alone");
    messages.push_back(event("alone"));

    bool lost = false;
    scene.azure.script = [&](int, std::string_view operation) {
        FakeAzure::Event answer;
        if (operation == "keys.regenerate" && !std::exchange(lost, true))
            answer.error_after = Error(Errc::outcome_unknown, "no answer");
        return answer;
    };
    InProcessLock lock(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy);
    Intake intake(rotator, clock(), scene.log, "vault.azure.net");
    std::vector<std::string_view> const views(messages.begin(), messages.end());
    auto const handled = co_await intake.handle(views, {.deadline = clock().steady_now() + 1h});
    CO_ASSERT(handled.size() == 42);
    for (auto const& each : handled)
        EXPECT_TRUE(rotation::has_published(each.outcome.kind) || each.outcome.kind == OutcomeKind::unmanaged)
            << each.outcome.code << ' ' << each.outcome.reason;
    EXPECT_GE(handled[0].outcome.duration, time_of_doubt);
    EXPECT_LT(handled[41].outcome.started_at - handled[0].outcome.started_at, 10s) << "the other owner's began at once";
    EXPECT_LT(handled[41].outcome.duration, 10s) << handled[41].outcome.reason;
}

}  // namespace
}  // namespace kssedr::engine
