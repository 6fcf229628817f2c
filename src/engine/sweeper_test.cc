#include "engine/sweeper.h"

#include "engine/in_process_lock.h"
#include "engine/shadow.h"
#include "support/coro_test.h"
#include "support/fake_azure.h"
#include "support/seeded_random.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using rotation::OutcomeKind;
using std::chrono::days;
using test::FakeAzure;

constexpr std::string_view account =
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acct";

class Vaults {
public:
    explicit Vaults(Clock& clock)
        : clock(clock),
          azure(clock, random),
          lock(clock),
          rotator(ports(azure, azure), policy()),
          sweeper(rotator, ports(azure, azure)) {
        for (std::string const slot : {"key1", "key2"}) azure.keys[slot] = {azure.new_key(), clock.now() - days{300}};
        azure.keys["key1"].made = clock.now() - days{299};
    }
    static rotation::Policy policy() {
        rotation::Policy policy;
        policy.allowed = rotation::AllowedTargets({*rotation::AllowedTarget::parse("/", "vault.azure.net")});
        policy.verify = rotation::Verify::off;
        return policy;
    }
    Ports ports(ports::Vault& vault, ports::CredentialProvider& provider) {
        return {vault, provider, azure, lock, clock, random, log};
    }

    /// A secret made `age` ago that holds a slot and lives ninety days.
    std::string add(std::string const& name, std::string const& slot, Duration age) {
        std::string const key = "demo.vault.azure.net/" + name;
        rotation::SecretProperties properties;
        properties.tags = {{"ProviderAddress", std::string(account)}, {"CredentialId", slot}};
        properties.expires = std::chrono::floor<std::chrono::seconds>(clock.now()) - age + days{90};
        azure.add_version(properties, azure.keys[slot].value, key);
        azure.secrets[key].back().properties.created -= age;
        return key;
    }
    Task<SweepSummary> sweep(Sweeper& with) {
        outcomes.clear();
        SweepRequest request;
        request.vaults = {{"demo.vault.azure.net"}};
        request.deadline = clock.steady_now() + 10h;
        co_return co_await with.sweep(std::move(request), [&](rotation::Outcome const& outcome) {
            outcomes.push_back(outcome.secret + ' ' + std::string(to_string(outcome.kind)) + ' ' + outcome.credential);
        });
    }
    Task<SweepSummary> plan() {
        ShadowVault vault(azure);
        ShadowProvider provider(azure, clock, random);
        Rotator shadow(ports(vault, provider), policy());
        Sweeper planner(shadow, ports(vault, provider));
        co_return co_await sweep(planner);
    }

    Clock& clock;
    test::SeededRandom random{1};
    NullLog log;
    FakeAzure azure;
    InProcessLock lock;
    Rotator rotator;
    Sweeper sweeper;
    std::vector<std::string> outcomes;
};

CORO_TEST(Sweeper, RotatesWhatIsDueAndLeavesTheRest) {
    Vaults vaults(clock());
    vaults.add("due", "key1", days{61});
    auto const young = vaults.add("young", "key1", days{20});
    vaults.azure.add_version({.content_type = "text/plain"}, "hello", "demo.vault.azure.net/note");
    vaults.azure.add_version({.enabled = false, .content_type = std::string(account)}, "x", "demo.vault.azure.net/off");
    vaults.azure.secrets["demo.vault.azure.net/off"].back().properties.updated -= days{30};
    auto const summary = co_await vaults.sweep(vaults.sweeper);
    EXPECT_EQ(vaults.outcomes, (std::vector<std::string>{"due rotated key2"}));
    EXPECT_EQ(summary.due, 1U);
    EXPECT_EQ(summary.done, 1U);
    EXPECT_EQ(summary.overdue, 0U);
    EXPECT_EQ(summary.soonest_expiry(), vaults.azure.secrets[young].back().properties.expires);
    EXPECT_EQ(vaults.azure.regenerations, 1);
}

// What ends first goes first, though it may be due later: a long life has a longer lead.
CORO_TEST(Sweeper, GoesBySoonestExpiry) {
    Vaults vaults(clock());
    vaults.add("later", "key1", days{61});
    auto const sooner = vaults.add("sooner", "key1", days{61});
    auto& version = vaults.azure.secrets[sooner].back().properties;
    // Twenty days of life, of which nine are left: due for one day, the other for two.
    version.created = std::chrono::floor<std::chrono::seconds>(clock().now()) - days{11};
    version.expires = version.created + days{20};
    vaults.azure.secrets["demo.vault.azure.net/later"].back().properties.expires = clock().now() + days{28};
    co_await vaults.sweep(vaults.sweeper);
    CO_ASSERT(vaults.outcomes.size() == 2);
    EXPECT_TRUE(vaults.outcomes[0].starts_with("sooner ")) << vaults.outcomes[0];
}

CORO_TEST(Sweeper, WithEveryEventLostEverythingDueIsRotatedInTime) {
    Vaults vaults(clock());
    vaults.add("a", "key1", days{10});
    vaults.add("b", "key2", days{40});
    for (int day = 0; day < 400; ++day) {
        auto const summary = co_await vaults.sweep(vaults.sweeper);
        EXPECT_EQ(summary.overdue, 0U) << "day " << day;
        EXPECT_EQ(summary.failed + summary.refused, 0U) << "day " << day;
        for (auto const& [key, versions] : vaults.azure.secrets)
            EXPECT_TRUE(versions.empty() || vaults.azure.is_alive(versions.back().value)) << key << " on day " << day;
        co_await clock().sleep_for(days{1});
    }
    EXPECT_GT(vaults.azure.regenerations, 4);
}

CORO_TEST(Sweeper, FindsVersionsThatDiedThoughTheyAreNotDue) {
    Vaults vaults(clock());
    auto const key = vaults.add("young", "key1", days{20});
    vaults.azure.regenerate_key("key1");
    auto summary = co_await vaults.sweep(vaults.sweeper);
    EXPECT_EQ(vaults.outcomes, (std::vector<std::string>{"young repaired key1"}));
    EXPECT_EQ(summary.done, 1U);
    EXPECT_TRUE(vaults.azure.is_alive(vaults.azure.secrets[key].back().value));
    summary = co_await vaults.sweep(vaults.sweeper);
    EXPECT_EQ(summary.due, 0U) << "it is alive again";
    EXPECT_EQ(vaults.azure.regenerations, 0);
}

CORO_TEST(Sweeper, WherePlacesAreNotTaggedEveryVersionIsLookedAtOnceADay) {
    Vaults vaults(clock());
    auto const key = vaults.add("young", "key1", days{20});
    vaults.azure.secrets[key].back().properties.tags.erase("CredentialId");
    co_await vaults.sweep(vaults.sweeper);
    auto const reads = std::ranges::count(vaults.azure.calls, "secret.get");
    EXPECT_EQ(reads, 1);
    co_await vaults.sweep(vaults.sweeper);
    EXPECT_EQ(std::ranges::count(vaults.azure.calls, "secret.get"), reads) << "not again on the same day";
    vaults.azure.regenerate_key("key1");
    co_await clock().sleep_for(days{1});
    co_await vaults.sweep(vaults.sweeper);
    EXPECT_EQ(vaults.outcomes, (std::vector<std::string>{"young repaired key1"}));
}

// A making time before the version's clears nobody: somebody wrote a value that was dead already, under an old tag.
CORO_TEST(Sweeper, AVersionThatWasWrittenDeadIsFoundByItsValue) {
    Vaults vaults(clock());
    auto const key = vaults.add("dead", "key1", days{20});
    vaults.azure.secrets[key].back().value = vaults.azure.new_key();
    auto const summary = co_await vaults.sweep(vaults.sweeper);
    EXPECT_EQ(summary.done, 1U);
    EXPECT_EQ(vaults.outcomes, (std::vector<std::string>{"dead repaired key1"}));
}

CORO_TEST(Sweeper, OfTwoDailySweepsTheSecondDoesNotMissByASecond) {
    Vaults vaults(clock());
    vaults.add("alive", "key1", days{20});
    co_await vaults.sweep(vaults.sweeper);
    auto const reads = std::ranges::count(vaults.azure.calls, "secret.get");
    co_await clock().sleep_for(days{1} - std::chrono::minutes{10});
    co_await vaults.sweep(vaults.sweeper);
    EXPECT_EQ(std::ranges::count(vaults.azure.calls, "secret.get"), reads + 1);
    EXPECT_TRUE(vaults.outcomes.empty()) << "who turns out alive is not rotated, and its owner's lock not taken";
}

CORO_TEST(Sweeper, TellsTheTenThatEndSoonest) {
    Vaults vaults(clock());
    for (int i = 0; i < 15; ++i) vaults.add(fmt::format("s{:02}", (i * 7) % 15), "key1", days{20 + (i * 7) % 15});
    auto const summary = co_await vaults.sweep(vaults.sweeper);
    CO_ASSERT(summary.soonest.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(summary.soonest[i].secret, fmt::format("s{:02}", 14 - i));
    EXPECT_EQ(summary.soonest_expiry(), summary.soonest[0].expires);
}

CORO_TEST(Sweeper, SaysWhatItCouldNotList) {
    Vaults vaults(clock());
    vaults.azure.script = [](int, std::string_view operation) {
        FakeAzure::Event event;
        if (operation == "secret.list") event.error_before = Error(Errc::permission_denied, "ForbiddenByRbac");
        return event;
    };
    auto const summary = co_await vaults.sweep(vaults.sweeper);
    EXPECT_EQ(summary.unreadable(), 1U);
    CO_ASSERT(summary.vaults.size() == 1);
    EXPECT_EQ(summary.vaults[0].host, "demo.vault.azure.net");
    EXPECT_NE(summary.vaults[0].why.find("ForbiddenByRbac"), std::string::npos) << summary.vaults[0].why;
    EXPECT_TRUE(vaults.outcomes.empty());
}

// What the plan says is what the sweep does, for siblings that wait for each other too; and the plan changes nothing.
CORO_TEST(Sweeper, DoesWhatThePlanSaid) {
    struct World {
        std::string name;
        std::function<void(Vaults&)> make;
    };
    for (auto const& world : std::vector<World>{
             {"nothing due", [](Vaults& v) { v.add("a", "key1", days{1}); }},
             {"one due", [](Vaults& v) { v.add("a", "key1", days{61}); }},
             {"two siblings due on one slot: the second adopts what the first made",
              [](Vaults& v) {
                  v.add("a", "key1", days{61});
                  v.add("b", "key1", days{62});
              }},
             {"two siblings due on opposite slots",
              [](Vaults& v) {
                  v.add("a", "key1", days{61});
                  v.add("b", "key2", days{62});
              }},
             {"a sibling on the older slot, not due",
              [](Vaults& v) {
                  v.add("a", "key1", days{61});
                  v.add("b", "key2", days{30});
              }},
             {"a dead one",
              [](Vaults& v) {
                  v.add("a", "key1", days{30});
                  v.azure.regenerate_key("key1");
              }},
         }) {
        SCOPED_TRACE(world.name);
        Vaults vaults(clock());
        world.make(vaults);
        auto const keys = vaults.azure.keys["key1"].value + vaults.azure.keys["key2"].value;
        std::size_t versions = 0;
        for (auto const& [key, all] : vaults.azure.secrets) versions += all.size();
        auto const planned = co_await vaults.plan();
        auto const said = vaults.outcomes;
        EXPECT_EQ(vaults.azure.keys["key1"].value + vaults.azure.keys["key2"].value, keys);
        std::size_t after = 0;
        for (auto const& [key, all] : vaults.azure.secrets) after += all.size();
        EXPECT_EQ(after, versions) << "a plan changes nothing";
        auto const done = co_await vaults.sweep(vaults.sweeper);
        EXPECT_EQ(vaults.outcomes, said);
        EXPECT_EQ(done.done, planned.done);
        EXPECT_EQ(done.deferred, planned.deferred);
    }
}

}  // namespace
}  // namespace kssedr::engine
