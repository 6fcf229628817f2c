// Who else holds a credential of the owner, and whether its service accepts a new one.

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

// A sibling of the secret `web`, made at `created`, that holds a slot.
std::string add_sibling(Scene& scene, std::string name, std::string const& slot, Duration age) {
    std::string const key = "demo.vault.azure.net/" + name;
    rotation::SecretProperties properties;
    properties.tags = {{"ProviderAddress", std::string(account)}, {"CredentialId", slot}, {"owner", name}};
    properties.expires = std::chrono::floor<std::chrono::seconds>(scene.clock.now()) + days{40};
    scene.azure.add_version(properties, scene.azure.keys[slot].value, key);
    scene.azure.secrets[key].back().properties.created -= age;
    return key;
}

CORO_TEST(Siblings, OppositeSlotsConvergeAndNobodyIsCutOff) {
    Scene scene(clock());
    // `web` holds key1; another team's secret holds key2, made later.
    scene.azure.keys["key2"].made = clock().now() - days{100};
    auto const other = add_sibling(scene, "api", "key2", days{50});
    std::string const before = scene.azure.versions.back().value;
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::adopted) << seen.outcome.reason;
    EXPECT_EQ(seen.outcome.credential, "key2");
    EXPECT_EQ(scene.azure.regenerations, 0);
    EXPECT_TRUE(scene.azure.is_alive(before));
    EXPECT_TRUE(scene.azure.is_alive(scene.azure.secrets[other].back().value));
}

CORO_TEST(Siblings, TheOneOnTheOlderSlotIsMovedFirstAndTheOverlapIsKept) {
    Scene scene(clock());
    scene.azure.keys["key1"].made = clock().now() - days{100};
    auto const other = add_sibling(scene, "api", "key2", days{50});
    std::string const api_before = scene.azure.secrets[other].back().value;
    auto request = scene.event();
    request.version.clear();
    auto seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::deferred) << seen.outcome.reason;
    EXPECT_EQ(seen.outcome.code, "sibling");
    EXPECT_EQ(seen.outcome.also_changed, (std::vector<std::string>{"demo.vault.azure.net/api"}));
    EXPECT_EQ(scene.azure.regenerations, 0);
    auto const& moved = scene.azure.secrets[other].back();
    EXPECT_EQ(moved.value, scene.azure.keys["key1"].value);
    EXPECT_EQ(moved.properties.tags.at("CredentialId"), "key1");
    EXPECT_EQ(moved.properties.tags.at("owner"), "api");

    co_await clock().sleep_for(days{6});
    seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.code, "overlap") << seen.outcome.reason;
    EXPECT_TRUE(scene.azure.is_alive(api_before)) << "who cached the sibling's old value still works";
    co_await clock().sleep_for(days{1});
    seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
    EXPECT_TRUE(scene.azure.is_alive(scene.azure.secrets[other].back().value));

    // The sibling, due in its turn, adopts the fresh credential and regenerates nothing.
    auto sibling = scene.event();
    sibling.secret.name = "api";
    sibling.version.clear();
    sibling.ignores_due = true;
    seen = co_await scene.rotate(sibling);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::adopted) << seen.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 1);
}

// As serializers write it that trust no plus and no slash.
std::string escaped(std::string const& key) {
    std::string out;
    for (char const c : key) out += c == '+' ? "\\u002B" : c == '/' ? "\\/" : std::string(1, c);
    return out;
}

CORO_TEST(Siblings, AnEarlierVersionWithBothKeysIsKeptAsOneThatCanNotBeRead) {
    Scene scene(clock());
    auto properties = scene.azure.versions[0].properties;
    scene.azure.versions[0].value = scene.azure.keys["key1"].value + " " + scene.azure.keys["key2"].value;
    properties.expires = clock().now() + days{1};
    scene.azure.add_version(properties, Scene::connection_string(scene.azure.keys["key1"].value));
    auto request = scene.event();
    request.version.clear();
    request.ignores_due = true;
    auto const seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.code, "overlap") << seen.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 0);
}

struct Obstacle {
    std::string name;
    std::function<void(Scene&, std::string const& sibling)> change;
    OutcomeKind kind;
    std::string code;
};

CORO_TEST(Siblings, WhoMayNotBeMovedIsWaitedForAndThenNamed) {
    for (auto const &obstacle : std::vector<Obstacle>{
             {"not to be read, a tag says where it is", [](Scene& s, auto& key) { s.azure.unreadable.insert(key); },
              OutcomeKind::deferred, "sibling-unreadable"},
             {"not to be read, a tag says that it is elsewhere",
              [](Scene& s, auto& key) {
                  s.azure.unreadable.insert(key);
                  s.azure.secrets[key].back().properties.tags["CredentialId"] = "key1";
              },
              OutcomeKind::deferred, "sibling-unreadable"},
             {"not to be read, no tag",
              [](Scene& s, auto& key) {
                  s.azure.unreadable.insert(key);
                  s.azure.secrets[key].back().properties.tags.erase("CredentialId");
              },
              OutcomeKind::deferred, "sibling-unreadable"},
             {"not to be written", [](Scene& s, auto& key) { s.azure.unwritable.insert(key); }, OutcomeKind::refused,
              "sibling"},
             {"frozen",
              [](Scene& s, auto& key) { s.azure.secrets[key].back().properties.tags["kssedr-freeze"] = "true"; },
              OutcomeKind::deferred, "sibling"},
             {"frozen and expired",
              [](Scene& s, auto& key) {
                  s.azure.secrets[key].back().properties.tags["kssedr-freeze"] = "true";
                  s.azure.secrets[key].back().properties.expires = s.clock.now() - days{1};
              },
              OutcomeKind::refused, "sibling"},
             {"in a form of its own",
              [](Scene& s, auto& key) { s.azure.secrets[key].back().value = "key=" + s.azure.keys["key2"].value; },
              OutcomeKind::deferred, "sibling"},
             {"with both keys side by side",
              [](Scene& s, auto& key) {
                  s.azure.secrets[key].back().value = R"({"primary":")" + s.azure.keys["key1"].value +
                                                      R"(","secondary":")" + s.azure.keys["key2"].value + R"("})";
              },
              OutcomeKind::deferred, "sibling"},
             {"in a form of its own, escaped",
              [](Scene& s, auto& key) {
                  s.azure.secrets[key].back().value =
                      R"({"key":")" + escaped(s.azure.keys["key2"].value) + R"(","docs":"https://x.example"})";
              },
              OutcomeKind::deferred, "sibling"},
         }) {
        SCOPED_TRACE(obstacle.name);
        Scene scene(clock());
        scene.azure.keys["key1"].made = clock().now() - days{100};
        auto const sibling = add_sibling(scene, "api", "key2", days{50});
        std::string const key2 = scene.azure.keys["key2"].value;
        obstacle.change(scene, sibling);
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(to_string(seen.outcome.kind), to_string(obstacle.kind)) << seen.outcome.reason;
        EXPECT_EQ(seen.outcome.code, obstacle.code);
        EXPECT_NE(seen.outcome.reason.find("demo.vault.azure.net/api"), std::string::npos) << seen.outcome.reason;
        EXPECT_EQ(scene.azure.regenerations, 0);
        EXPECT_EQ(scene.azure.keys["key2"].value, key2);
    }
}

CORO_TEST(Siblings, WhoHoldsNothingStandsInNobodysWay) {
    for (auto const &bystander : std::vector<Obstacle>{
             {"not to be read, but expired",
              [](Scene& s, auto& key) {
                  s.azure.unreadable.insert(key);
                  s.azure.secrets[key].back().properties.expires = s.clock.now() - days{1};
              },
              OutcomeKind::rotated, "rotated"},
             {"disabled long ago",
              [](Scene& s, auto& key) {
                  s.azure.secrets[key].back().properties.enabled = false;
                  s.azure.secrets[key].back().properties.updated -= days{30};
              },
              OutcomeKind::rotated, "rotated"},
             {"asks for another owner",
              [](Scene& s, auto& key) { s.azure.secrets[key].back().properties.tags["ProviderAddress"] += "2"; },
              OutcomeKind::rotated, "rotated"},
             {"a disabled one left when it was disabled",
              [](Scene& s, auto& key) { s.azure.secrets[key].back().properties.enabled = false; },
              OutcomeKind::deferred, "overlap"},
         }) {
        SCOPED_TRACE(bystander.name);
        Scene scene(clock());
        scene.azure.keys["key1"].made = clock().now() - days{100};
        auto const sibling = add_sibling(scene, "api", "key2", days{50});
        bystander.change(scene, sibling);
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(to_string(seen.outcome.kind), to_string(bystander.kind)) << seen.outcome.reason;
        EXPECT_EQ(seen.outcome.code, bystander.code);
    }
}

CORO_TEST(Siblings, OwnSettingsAreHoldersThatNeverMove) {
    Scene scene(clock());
    scene.azure.keys["key1"].made = clock().now() - days{100};
    std::vector<OwnSetting> settings;
    settings.push_back(
        {"AzureWebJobsStorage", SecretString::copy_of(Scene::connection_string(scene.azure.keys["key2"].value))});
    InProcessLock lock(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy,
                    std::move(settings));
    auto const seen = co_await rotator.rotate(scene.event());
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::refused);
    EXPECT_EQ(seen.outcome.code, "held-by-own-setting") << seen.outcome.reason;
    EXPECT_EQ(scene.azure.regenerations, 0);
}

CORO_TEST(Siblings, AVaultThatCanNotBeListedStopsTheRotation) {
    Scene scene(clock());
    scene.azure.script = [](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "secret.list") event.error_before = Error(Errc::permission_denied, "ForbiddenByRbac");
        return event;
    };
    auto const seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(seen.outcome.code, "permission-denied");
    EXPECT_EQ(scene.azure.regenerations, 0);
}

struct Tried {
    std::string name;
    rotation::Verify verify;
    std::vector<ports::Trial> trials;  // one after another; the last stays
    OutcomeKind kind;
    std::string verified;
    std::size_t versions;
};

CORO_TEST(Verification, IsTriedBeforeAnythingIsPublished) {
    using enum ports::Trial;
    for (auto const& tried : std::vector<Tried>{
             {"accepted", rotation::Verify::best_effort, {accepted}, OutcomeKind::rotated, "yes", 2},
             {"accepted after a while",
              rotation::Verify::required,
              {rejected, rejected, rejected, accepted},
              OutcomeKind::rotated,
              "yes",
              2},
             {"rejected for good", rotation::Verify::best_effort, {rejected}, OutcomeKind::failed, "no", 1},
             {"not to be reached, best effort",
              rotation::Verify::best_effort,
              {inconclusive},
              OutcomeKind::rotated,
              "not-reachable",
              2},
             {"not to be reached, required",
              rotation::Verify::required,
              {inconclusive},
              OutcomeKind::failed,
              "not-reachable",
              1},
             {"off", rotation::Verify::off, {rejected}, OutcomeKind::rotated, "", 2},
         }) {
        SCOPED_TRACE(tried.name);
        Scene scene(clock());
        scene.policy.verify = tried.verify;
        std::size_t asked = 0;
        scene.azure.trial = [&]() -> std::optional<ports::TrialResult> {
            return ports::TrialResult{tried.trials[std::min(asked++, tried.trials.size() - 1)], "because"};
        };
        auto const seen = co_await scene.rotate();
        EXPECT_EQ(to_string(seen.outcome.kind), to_string(tried.kind)) << seen.outcome.reason;
        EXPECT_EQ(seen.outcome.verified, tried.verified);
        EXPECT_EQ(scene.azure.versions.size(), tried.versions);
        EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions.back().value));
    }
}

CORO_TEST(Verification, APrivateNetworkCostsOneTimeOut) {
    Scene scene(clock());
    scene.policy.verify = rotation::Verify::best_effort;
    scene.azure.trial = [] { return ports::TrialResult{ports::Trial::inconclusive, "timed out"}; };
    InProcessLock lock(clock());
    Rotator rotator({scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log}, scene.policy);
    co_await rotator.rotate(scene.event());
    scene.azure.regenerate_key("key1");
    auto request = scene.event();
    request.version.clear();
    request.ignores_due = true;
    auto const seen = co_await rotator.rotate(request);
    EXPECT_EQ(seen.outcome.verified, "not-reachable");
    EXPECT_EQ(std::ranges::count(scene.azure.calls, "verify"), 1);
}

}  // namespace
}  // namespace kssedr::engine