#include "engine/served_vaults.h"

#include "support/coro_test.h"
#include "support/scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using rotation::OutcomeKind;
using test::Scene;

rotation::VaultHost host(std::string name) {
    return {std::move(name) + ".vault.azure.net"};
}

// Vaults of a subscription, and an engine that asks for them.
struct Subscription {
    explicit Subscription(Clock& clock)
        : scene(clock), pace(clock), calls(ports, pace, SteadyPoint::max(), MissingRight::is_said) {
        scene.policy.vault_scopes = {*rotation::ArmId::parse("/subscriptions/s1")};
        scene.azure.vaults = {host("second"), host("demo")};
    }
    [[nodiscard]] int asked() const { return static_cast<int>(std::ranges::count(scene.azure.calls, "vault.list")); }
    void fails_with(Errc code) {
        scene.azure.script = [code](int, std::string_view operation) {
            test::FakeAzure::Event event;
            if (operation == "vault.list") event.error_before = Error(code, "no");
            return event;
        };
    }

    Scene scene;
    InProcessLock lock{scene.clock};
    Ports ports{scene.azure, scene.azure, scene.azure, lock, scene.clock, scene.random, scene.log};
    Pace pace;
    Calls calls;
    ServedVaults served{scene.clock, scene.policy};
};

CORO_TEST(ServedVaults, AreAskedForOnceAnHour) {
    Subscription in(clock());
    in.scene.policy.vaults = {host("named"), host("demo")};
    for (int i = 0; i < 3; ++i) {
        auto const found = co_await in.served.find(in.calls);
        CO_ASSERT(found.has_value());
        EXPECT_EQ(**found, (std::vector{host("demo"), host("named"), host("second")}));
    }
    EXPECT_EQ(in.asked(), 1);
    co_await clock().sleep_for(61min);
    in.scene.azure.vaults = {host("third")};
    auto const found = co_await in.served.find(in.calls);
    CO_ASSERT(found.has_value());
    EXPECT_EQ(**found, (std::vector{host("demo"), host("named"), host("third")}));
    EXPECT_EQ(in.asked(), 2);
}

CORO_TEST(ServedVaults, AVaultThatIsNotKnownMayBeNew) {
    Subscription in(clock());
    auto const is_served = [&](std::string name) -> Task<bool> {
        auto const contains = co_await in.served.contains(host(std::move(name)), in.calls);
        co_return contains.value();
    };
    EXPECT_TRUE(co_await is_served("demo"));
    in.scene.azure.vaults.push_back(host("new"));
    EXPECT_FALSE(co_await is_served("new")) << "it was asked for a moment ago";
    EXPECT_EQ(in.asked(), 1);
    co_await clock().sleep_for(61s);
    EXPECT_TRUE(co_await is_served("new"));
    EXPECT_FALSE(co_await is_served("strange"));
    EXPECT_EQ(in.asked(), 2) << "whoever sends strange names makes us ask once a minute";
}

CORO_TEST(ServedVaults, ThoseOfTheLastTimeStandWhereTheyCanNotBeHad) {
    Subscription in(clock());
    in.fails_with(Errc::permission_denied);
    auto const denied = co_await in.served.find(in.calls);
    CO_ASSERT(!denied.has_value());
    EXPECT_EQ(denied.error().code(), Errc::permission_denied);

    in.scene.azure.script = {};
    auto const found = co_await in.served.find(in.calls);
    CO_ASSERT(found.has_value());
    co_await clock().sleep_for(61min);
    in.fails_with(Errc::permission_denied);
    auto const old = co_await in.served.find(in.calls);
    CO_ASSERT(old.has_value());
    EXPECT_EQ(**old, **found);
    auto const asked = in.asked();
    auto const again = co_await in.served.find(in.calls);
    EXPECT_TRUE(again.has_value());
    EXPECT_EQ(in.asked(), asked) << "no rotation waits for what was refused a moment ago";
    co_await clock().sleep_for(61s);
    auto const later = co_await in.served.find(in.calls);
    EXPECT_TRUE(later.has_value());
    EXPECT_GT(in.asked(), asked);
}

CORO_TEST(ServedVaults, ASecretOfAnotherVaultIsRefusedAndOneOfTheScopeIsRotated) {
    for (bool const is_in_scope : {true, false}) {
        SCOPED_TRACE(is_in_scope);
        Subscription in(clock());
        if (!is_in_scope) in.scene.azure.vaults = {host("second")};
        auto const seen = co_await in.scene.rotate();
        EXPECT_EQ(seen.outcome.code, is_in_scope ? "rotated" : "vault-not-served") << seen.outcome.reason;
        EXPECT_EQ(in.scene.azure.regenerations, is_in_scope ? 1 : 0);
    }
}

CORO_TEST(ServedVaults, WhereTheyAreNotKnownNothingIsRotated) {
    Subscription in(clock());
    in.fails_with(Errc::permission_denied);
    auto const seen = co_await in.scene.rotate();
    EXPECT_EQ(seen.outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(seen.outcome.code, "permission-denied");
    EXPECT_NE(seen.outcome.reason.find("KSSEDR_VAULTS"), std::string::npos) << seen.outcome.reason;
    EXPECT_EQ(in.scene.azure.regenerations, 0);
}

}  // namespace
}  // namespace kssedr::engine
