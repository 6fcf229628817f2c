// Owners with two pairs of credentials, as Cosmos DB has: one that may write and one that may only read.

#include "support/coro_test.h"
#include "support/scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using rotation::OutcomeKind;
using std::chrono::days;
using test::account;
using test::Scene;

// The scene's secret `web` is on key1; `report` is on the pair that only reads.
struct Pairs {
    explicit Pairs(Clock& clock) : scene(clock) {
        for (std::string const slot : {"read1", "read2"})
            scene.azure.keys[slot] = {scene.azure.new_key(), clock.now() - days{300}, 1};
        add("report", "read1", days{61});
        values_before = values();
    }
    void add(std::string const& name, std::string const& slot, Duration age) {
        rotation::SecretProperties properties;
        properties.tags = {{"ProviderAddress", std::string(account)}, {"CredentialId", slot}};
        properties.expires = std::chrono::floor<std::chrono::seconds>(scene.clock.now()) + days{29};
        std::string const key = "demo.vault.azure.net/" + name;
        scene.azure.add_version(properties, scene.azure.keys[slot].value, key);
        scene.azure.secrets[key].back().properties.created -= age;
    }
    RotationRequest about(std::string name) const {
        auto request = scene.event();
        request.secret.name = std::move(name);
        request.version.clear();
        request.ignores_due = true;
        return request;
    }
    std::map<std::string, std::string> values() const {
        std::map<std::string, std::string> all;
        for (auto const& [slot, key] : scene.azure.keys) all[slot] = key.value;
        return all;
    }
    /// The slots whose credential is another than at the beginning.
    std::vector<std::string> regenerated() const {
        std::vector<std::string> slots;
        for (auto const& [slot, value] : values())
            if (value != values_before.at(slot)) slots.push_back(slot);
        return slots;
    }
    test::FakeAzure::Version const& current(std::string const& name) {
        return scene.azure.secrets["demo.vault.azure.net/" + name].back();
    }

    Scene scene;
    std::map<std::string, std::string> values_before;
};

CORO_TEST(Pairs, EachSecretAlternatesInItsOwn) {
    for (bool const is_told : {true, false}) {
        SCOPED_TRACE(is_told);
        Pairs pairs(clock());
        pairs.scene.azure.tells_when_made = is_told;
        auto seen = co_await pairs.scene.rotate(pairs.about("report"));
        EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
        EXPECT_EQ(seen.outcome.credential, "read2");
        EXPECT_EQ(pairs.regenerated(), (std::vector<std::string>{"read2"}));
        EXPECT_EQ(pairs.current("report").value, pairs.scene.azure.keys["read2"].value);
        EXPECT_EQ(pairs.current("report").properties.tags.at("CredentialId"), "read2");

        seen = co_await pairs.scene.rotate(pairs.about("web"));
        EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
        EXPECT_EQ(seen.outcome.credential, "key2");
        EXPECT_EQ(pairs.regenerated(), (std::vector<std::string>{"key2", "read2"}));
    }
}

CORO_TEST(Pairs, AHolderOfTheOtherPairStandsInNobodysWay) {
    Pairs pairs(clock());
    // Made a moment ago, and with a version before it on its own pair.
    pairs.add("report", "read2", Duration{});
    auto const began = clock().steady_now();
    auto const seen = co_await pairs.scene.rotate(pairs.about("web"));
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_LT(clock().steady_now() - began, 10s) << "it is not waited for until a listing shows its credential";
}

CORO_TEST(Pairs, WhoCameOverFromThisPairLeftItForAnOverlap) {
    Pairs pairs(clock());
    pairs.scene.azure.secrets["demo.vault.azure.net/report"].clear();
    pairs.add("report", "key2", days{60});
    pairs.add("report", "read1", days{1});
    auto request = pairs.about("web");
    auto seen = co_await pairs.scene.rotate(request);
    EXPECT_EQ(seen.outcome.code, "overlap") << seen.outcome.reason;
    EXPECT_TRUE(pairs.regenerated().empty());
    co_await clock().sleep_for(days{6});
    seen = co_await pairs.scene.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
}

CORO_TEST(Pairs, WhoseVersionBeforeWasOnTheOtherPairHasNoKeyThatWasMadeForIt) {
    Pairs pairs(clock());
    pairs.scene.azure.tells_when_made = false;
    pairs.scene.azure.secrets["demo.vault.azure.net/report"].clear();
    pairs.add("report", "key2", days{90});
    pairs.add("report", "read1", days{61});
    auto const seen = co_await pairs.scene.rotate(pairs.about("report"));
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(pairs.regenerated(), (std::vector<std::string>{"read2"}));
}

CORO_TEST(Pairs, ADeadVersionIsRepairedOnThePairThatItsTagNames) {
    struct Case {
        std::string tag;
        OutcomeKind kind;
        std::string code;
    };
    for (auto const& [tag, kind, code] : std::vector<Case>{{"read2", OutcomeKind::repaired, "repaired"},
                                                           {"Read1", OutcomeKind::repaired, "repaired"},
                                                           {"key9", OutcomeKind::refused, "pair-unknown"},
                                                           {"", OutcomeKind::refused, "pair-unknown"}}) {
        SCOPED_TRACE(tag);
        Pairs pairs(clock());
        auto& report = pairs.scene.azure.secrets["demo.vault.azure.net/report"].back();
        report.properties.tags["CredentialId"] = tag;
        report.value = pairs.scene.azure.new_key();
        auto const seen = co_await pairs.scene.rotate(pairs.about("report"));
        EXPECT_EQ(seen.outcome.kind, kind) << seen.outcome.reason;
        EXPECT_EQ(seen.outcome.code, code);
        EXPECT_TRUE(pairs.regenerated().empty());
        if (kind == OutcomeKind::repaired)
            EXPECT_TRUE(seen.outcome.credential.starts_with("read")) << seen.outcome.credential;
        else
            EXPECT_NE(seen.outcome.reason.find("key1, key2, read1, read2"), std::string::npos) << seen.outcome.reason;
    }
}

CORO_TEST(Pairs, WhatLeakedIsReplacedInItsPairOnly) {
    Pairs pairs(clock());
    auto request = pairs.about("report");
    request.is_compromised = true;
    auto const seen = co_await pairs.scene.rotate(request);
    EXPECT_EQ(seen.outcome.code, "compromised") << seen.outcome.reason;
    EXPECT_EQ(pairs.regenerated(), (std::vector<std::string>{"read1", "read2"}));
    EXPECT_EQ(pairs.current("report").value, pairs.scene.azure.keys["read2"].value);
    EXPECT_EQ(pairs.current("web").value, pairs.scene.azure.versions.back().value);
}

CORO_TEST(Pairs, AnAnswerThatIsLostIsSettledInThePair) {
    Pairs pairs(clock());
    pairs.scene.azure.script = [was_lost = false](int, std::string_view operation) mutable {
        test::FakeAzure::Event event;
        if (operation == "keys.regenerate" && !std::exchange(was_lost, true))
            event.error_after = Error(Errc::outcome_unknown, "reset");
        return event;
    };
    auto const seen = co_await pairs.scene.rotate(pairs.about("report"));
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_EQ(pairs.regenerated(), (std::vector<std::string>{"read2"}));
    EXPECT_EQ(pairs.scene.azure.regenerations, 1);
}

}  // namespace
}  // namespace kssedr::engine
