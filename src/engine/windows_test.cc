// When a secret may be rotated: windows and freezes of the file, from the engine's side.

#include "engine/sweeper.h"
#include "support/coro_test.h"
#include "support/scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using rotation::OutcomeKind;
using std::chrono::days;
using test::account;
using test::Scene;

// A window that opens in two hours and closes in four, by the clock of `scene`.
rotation::Window in_two_hours(Scene& scene) {
    auto window = rotation::parse_window("daily 00:00-00:01")->window;
    auto const now = std::chrono::floor<std::chrono::minutes>(scene.clock.now().time_since_epoch() % 24h);
    window.from = (now + 120min) % (24h);
    window.to = (now + 240min) % (24h);
    return window;
}

void set_window(Scene& scene, std::string secret = {}) {
    rotation::SecretRule rule;
    rule.secret = std::move(secret);
    rule.windows = {in_two_hours(scene)};
    rule.where = "rule";
    scene.policy.rules.push_back(rule);
}

CORO_TEST(Windows, DeferUntilTheyOpen) {
    Scene scene(clock());
    set_window(scene);
    auto seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::deferred) << seen.outcome.reason;
    EXPECT_EQ(seen.outcome.code, "window");
    CO_ASSERT(seen.outcome.retry_after.has_value());
    EXPECT_EQ(scene.azure.calls, (std::vector<std::string>{"secret.get"}));
    co_await clock().sleep_for(*seen.outcome.retry_after - clock().now() - 1s);
    seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.code, "window");
    co_await clock().sleep_for(2s);
    seen = co_await scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::rotated) << seen.outcome.reason;
}

CORO_TEST(Windows, YieldToForceToTheExpiryAndToTheDead) {
    for (std::string const to : {"force", "the expiry", "death", "nobody"}) {
        SCOPED_TRACE(to);
        Scene scene(clock());
        set_window(scene);
        auto request = scene.event();
        request.ignores_freeze = to == "force";
        request.repairs_early = to == "death" || to == "nobody";
        if (to == "the expiry") scene.azure.versions[0].properties.expires = clock().now() + days{3} - 1min;
        if (to == "death") scene.azure.regenerate_key("key1");
        auto const seen = co_await scene.rotate(request);
        EXPECT_EQ(seen.outcome.code, to == "death"    ? "repaired"
                                     : to == "nobody" ? "window"
                                                      : "rotated")
            << seen.outcome.reason;
    }
}

CORO_TEST(Windows, OfASiblingHoldItToo) {
    Scene scene(clock());
    set_window(scene, "api");
    scene.azure.keys["key1"].made = clock().now() - days{100};
    std::string const key = "demo.vault.azure.net/api";
    rotation::SecretProperties properties;
    properties.tags = {{"ProviderAddress", std::string(account)}};
    properties.expires = std::chrono::floor<std::chrono::seconds>(clock().now()) + days{40};
    scene.azure.add_version(properties, scene.azure.keys["key2"].value, key);
    scene.azure.secrets[key].back().properties.created -= days{50};
    auto request = scene.event();
    request.version.clear();
    auto seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::deferred);
    EXPECT_EQ(seen.outcome.code, "window") << seen.outcome.reason;
    EXPECT_EQ(scene.azure.secrets[key].size(), 1U);
    co_await clock().sleep_for(3h);
    seen = co_await scene.rotate(request);
    EXPECT_EQ(seen.outcome.code, "sibling") << seen.outcome.reason;
    EXPECT_EQ(scene.azure.secrets[key].size(), 2U);
}

// A sweep sees that what is due and held back is dead, and repairs it.
CORO_TEST(Windows, DoNotHideTheDeadFromASweep) {
    Scene scene(clock());
    set_window(scene);
    scene.azure.regenerate_key("key1");
    InProcessLock lock(clock());
    Ports const ports{scene.azure, scene.azure, scene.azure, lock, clock(), scene.random, scene.log};
    Rotator rotator(ports, scene.policy);
    Sweeper sweeper(rotator, ports);
    SweepRequest request;
    request.vaults = {{"demo.vault.azure.net"}};
    auto const summary = co_await sweeper.sweep(request, [](rotation::Outcome const&) {});
    EXPECT_EQ(summary.done, 1U);
    EXPECT_TRUE(scene.azure.is_alive(scene.azure.versions.back().value));
}

}  // namespace
}  // namespace kssedr::engine
