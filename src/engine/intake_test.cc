// Deliveries in which one sender's events would keep another's from being handled, in virtual time.

#include "engine/intake.h"

#include "support/coro_test.h"
#include "support/scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using rotation::OutcomeKind;
using test::Scene;

std::string event(std::string const& vault, std::string const& name, std::string const& version) {
    return fmt::format(
        R"({{"id":"{0}","eventType":"Microsoft.KeyVault.SecretNearExpiry","data":{{"Id":"https://{1}.vault.azure.net/secrets/{0}/{2}","VaultName":"{1}","ObjectType":"Secret","ObjectName":"{0}","Version":"{2}"}}}})",
        name, vault, version);
}

std::string array_of(std::size_t count, auto const& element) {
    std::string text = "[";
    for (std::size_t i = 0; i < count; ++i) text += (i > 0 ? "," : "") + element(i);
    return text + ']';
}

// A process that takes deliveries.
class Receiver {
public:
    explicit Receiver(Scene& scene)
        : scene_(scene),
          lock_(scene.clock),
          rotator_({scene.azure, scene.azure, scene.azure, lock_, scene.clock, scene.random, scene.log}, scene.policy),
          intake_(rotator_, scene.clock, scene.log, "vault.azure.net") {}

    [[nodiscard]] std::string good_event() const {
        return event("demo", "web", scene_.azure.versions[0].properties.version);
    }
    Task<std::vector<HandledEvent>> handle(std::vector<std::string> const& messages) {
        std::vector<std::string_view> const views(messages.begin(), messages.end());
        auto const now = scene_.clock.steady_now();
        co_return co_await intake_.handle(views, {.begin_by = now + 4min, .deadline = now + 285s});
    }

private:
    Scene& scene_;
    InProcessLock lock_;
    Rotator rotator_;
    Intake intake_;
};

CORO_TEST(Intake, EventsThatStartNothingTakeNoPlaceFromThoseThatDo) {
    Scene scene(clock());
    Receiver receiver(scene);
    std::vector<std::string> messages(
        7, array_of(formats::max_events_per_message, [](std::size_t) -> std::string { return R"({"type":"x"})"; }));
    messages.push_back(receiver.good_event());
    messages.push_back(R"([{"type":"x"},{}])");
    auto const handled = co_await receiver.handle(messages);
    CO_ASSERT(handled.size() == 10'000 + 5 + 2);
    EXPECT_EQ(handled[10'005].outcome.kind, OutcomeKind::rotated) << handled[10'005].outcome.reason;
    EXPECT_EQ(handled[10'005].outcome.event_id, "web");
    EXPECT_EQ(handled[10'004].outcome.kind, OutcomeKind::ignored);
}

CORO_TEST(Intake, AVaultThatForbidsEverythingLeavesPlacesToOthers) {
    Scene scene(clock());
    Receiver receiver(scene);
    for (int i = 0; i < 500; ++i) scene.azure.unreadable.insert(fmt::format("closed.vault.azure.net/s{}", i));
    auto const handled = co_await receiver.handle(
        {array_of(500, [](auto i) { return event("closed", fmt::format("s{}", i), std::string(32, 'a')); }),
         receiver.good_event()});
    CO_ASSERT(handled.size() == 501);
    EXPECT_EQ(handled[500].outcome.kind, OutcomeKind::rotated) << handled[500].outcome.reason;
    EXPECT_LT(handled[500].outcome.duration, 5s);
    EXPECT_EQ(handled[0].outcome.code, "permission-denied");
    EXPECT_EQ(handled[499].outcome.code, "no-time");
    EXPECT_EQ(handled[499].outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(handled[499].outcome.event_id, "s499");
    EXPECT_EQ(handled[499].outcome.secret, "s499");
}

CORO_TEST(Intake, EveryVaultHasItsTurn) {
    Scene scene(clock());
    Receiver receiver(scene);
    std::vector<std::string> messages;
    for (int vault = 0; vault < 3; ++vault) {
        auto const name = fmt::format("closed{}", vault);
        for (int i = 0; i < 200; ++i) scene.azure.unreadable.insert(fmt::format("{}.vault.azure.net/s{}", name, i));
        messages.push_back(
            array_of(200, [&](auto i) { return event(name, fmt::format("s{}", i), std::string(32, 'a')); }));
    }
    messages.push_back(receiver.good_event());
    auto const handled = co_await receiver.handle(messages);
    CO_ASSERT(handled.size() == 601);
    EXPECT_EQ(handled[600].outcome.kind, OutcomeKind::rotated) << handled[600].outcome.reason;
    for (auto const first : {0, 200, 400}) EXPECT_EQ(handled[first].outcome.code, "permission-denied");
}

}  // namespace
}  // namespace kssedr::engine
