// Walks: hundreds of days that a seed makes, in which logins and lists are rotated by processes that die at any call
// and get no answers, in any order and with any time between. As long as nobody else meddles, after each step every
// current version works, and so does whatever was current less than an overlap ago (DESIGN 7, I1 and I2). Where people
// meddle it works again after a day of sweeps.

#include "engine/rotator.h"
#include "support/coro_test.h"
#include "support/list_scene.h"
#include "support/login_scene.h"

namespace kssedr::engine {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using test::FakeAzure;
using test::overlap;

constexpr int walks = KSSEDR_WALKS;
constexpr int steps = 40;

// What a walk of either kind needs of its scene.
template <class Scene>
class Walk {
public:
    Walk(Scene& scene, std::uint64_t seed) : scene_(scene), chance_(seed) {}

    bool one_in(std::uint64_t n) { return chance_.below(n) == 0; }
    std::uint64_t below(std::uint64_t n) { return chance_.below(n); }

    std::vector<std::string> secrets() const {
        std::vector<std::string> names;
        for (auto const& [key, versions] : scene_.azure.secrets)
            if (!key.ends_with("-kssedr-pending") && !versions.empty()) names.push_back(key.substr(key.find('/') + 1));
        return names;
    }
    std::vector<FakeAzure::Version>& versions(std::string const& name) {
        return scene_.azure.secrets["demo.vault.azure.net/" + name];
    }
    Task<void> pass_time() {
        auto const minutes = one_in(2) ? below(10) : below(20 * 24 * 60);
        co_await scene_.clock.sleep_for(std::chrono::minutes(static_cast<long>(minutes)));
    }
    // One attempt at any of the secrets, of a process that may die, and whose effects may get no answer.
    Task<void> rotate_somehow(std::string_view effect) {
        auto const at = scene_.azure.calls.size() + 1 + below(14);
        bool const dies = one_in(2), after = one_in(2), is_lost = one_in(4), is_done = one_in(2);
        scene_.azure.script = [=](int number, std::string_view operation) {
            FakeAzure::Event event;
            if (dies && number == static_cast<int>(at))
                (after ? event.after : event.before) = [] { throw test::Killed{}; };
            if (is_lost && (operation == effect || operation == "secret.set"))
                (is_done ? event.error_after : event.error_before) = Error(Errc::outcome_unknown, "no answer");
            return event;
        };
        auto const names = secrets();
        auto request = scene_.sweep();
        request.secret.name = names[below(names.size())];
        request.repairs_early = one_in(2);
        request.ignores_due = one_in(3);
        try {
            co_await scene_.rotate(request);
        } catch (test::Killed const&) {}
        scene_.azure.script = nullptr;
    }
    // A sweep's daily look at each of them, by a process that lives, once what was sent can not happen any more.
    Task<void> sweep() {
        co_await scene_.clock.sleep_for(10min);
        for (auto const& name : secrets()) {
            auto request = scene_.sweep();
            request.secret.name = name;
            request.repairs_early = true;
            auto const seen = co_await scene_.rotate(request);
            last_ = seen.outcome.code + ": " + seen.outcome.reason;
        }
    }
    void expect_current_to_work() {
        for (auto const& name : secrets())
            EXPECT_TRUE(scene_.works(versions(name).back().value)) << name << "; the last sweep said " << last_;
    }
    void expect_former_to_work() {
        for (auto const& name : secrets()) {
            auto const& all = versions(name);
            for (std::size_t i = 0; i + 1 < all.size(); ++i)
                if (scene_.clock.now() < all[i + 1].properties.created + overlap) {
                    EXPECT_TRUE(scene_.works(all[i].value)) << name << ", version " << i << " of " << all.size();
                }
        }
    }
    void expect_nothing_overdue() {
        for (auto const& name : secrets()) {
            auto const& expires = versions(name).back().properties.expires;
            EXPECT_TRUE(expires && *expires > scene_.clock.now()) << name << "; the last sweep said " << last_;
        }
    }

private:
    Scene& scene_;
    test::SeededRandom chance_;
    std::string last_;
};

CORO_TEST(Walks, LoginsThatTakeTurnsWorkAtEveryStep) {
    for (int seed = 1; seed <= walks && !HasFailure(); ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        test::LoginScene scene(clock());
        Walk walk(scene, static_cast<std::uint64_t>(seed));
        for (auto const* const name : {"copy", "third"}) {
            if (!walk.one_in(2)) continue;
            auto& versions = scene.copy_to(name);
            if (walk.one_in(2)) versions.back().value = test::LoginScene::document("app_b", "first-of-app_b");
            versions.back().properties.created -= days{walk.below(80)};
        }
        for (int step = 0; step < steps && !HasFailure(); ++step) {
            SCOPED_TRACE(fmt::format("step {}", step));
            co_await walk.pass_time();
            co_await walk.rotate_somehow("login.set");
            walk.expect_current_to_work();
            walk.expect_former_to_work();
        }
        for (int day = 0; day < 200; ++day) {
            co_await clock().sleep_for(days{1});
            co_await walk.sweep();
            walk.expect_current_to_work();
            walk.expect_former_to_work();
        }
        walk.expect_nothing_overdue();
    }
}

// One login: who has the former password is cut off, but where the server keeps it; a sweep mends what died in between.
CORO_TEST(Walks, ASingleLoginWorksAfterASweep) {
    for (int seed = 1; seed <= walks && !HasFailure(); ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        test::LoginScene scene(clock(), {"app_a"});
        Walk walk(scene, static_cast<std::uint64_t>(seed));
        scene.logins.keeps_former = walk.one_in(2);
        if (walk.one_in(2)) scene.copy_to("copy");
        if (walk.one_in(2)) scene.copy_to("third");
        for (int step = 0; step < steps && !HasFailure(); ++step) {
            SCOPED_TRACE(fmt::format("step {}, former kept: {}", step, scene.logins.keeps_former));
            co_await walk.pass_time();
            co_await walk.rotate_somehow("login.set");
            // Of two secrets, the processes of both killed in a row, the second sets what pushes the former out.
            bool const lasts = scene.logins.keeps_former && walk.secrets().size() == 1;
            if (!lasts || walk.one_in(2)) {
                co_await walk.sweep();
            }
            walk.expect_current_to_work();
        }
        for (int day = 0; day < 200; ++day) {
            co_await clock().sleep_for(days{1});
            co_await walk.sweep();
            walk.expect_current_to_work();
        }
        walk.expect_nothing_overdue();
    }
}

// A person sets passwords by hand, and publishes what another secret has, or nonsense's near relation: an old version.
CORO_TEST(Walks, LoginsAreMendedWithinASweepWhateverAPersonDoes) {
    for (int seed = 1; seed <= walks && !HasFailure(); ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        bool const is_pair = seed % 2 == 0;
        test::LoginScene scene(
            clock(), is_pair ? std::vector<std::string>{"app_a", "app_b"} : std::vector<std::string>{"app_a"});
        Walk walk(scene, static_cast<std::uint64_t>(seed));
        scene.copy_to("copy");
        for (int step = 0; step < steps && !HasFailure(); ++step) {
            SCOPED_TRACE(fmt::format("step {}", step));
            co_await walk.pass_time();
            if (walk.one_in(3)) scene.logins.passwords[walk.one_in(2) && is_pair ? "app_b" : "app_a"] = "by-hand";
            if (walk.one_in(3)) {
                auto const& versions = walk.versions(walk.one_in(2) ? "copy" : "web");
                auto const value = versions[walk.below(versions.size())].value;
                scene.azure.add_version(versions.back().properties, value);
            }
            if (walk.one_in(5)) scene.azure.secrets[std::string(test::pending_of_web)].clear();
            co_await walk.rotate_somehow("login.set");
            co_await walk.sweep();
            co_await walk.sweep();
            walk.expect_current_to_work();
        }
    }
}

CORO_TEST(Walks, ListsWorkAtEveryStep) {
    for (int seed = 1; seed <= walks && !HasFailure(); ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        test::ListScene scene(clock());
        Walk walk(scene, static_cast<std::uint64_t>(seed));
        for (auto const* const name : {"copy", "third"}) {
            if (!walk.one_in(2)) continue;
            scene.copy_to(name);
            walk.versions(name).back().properties.expires = scene.azure.versions.back().properties.expires;
        }
        scene.lists.lag = walk.one_in(2) ? 40s : 0s;
        scene.lists.propagation = walk.one_in(2) ? 20s : 0s;
        for (int step = 0; step < steps && !HasFailure(); ++step) {
            SCOPED_TRACE(fmt::format("step {}", step));
            co_await walk.pass_time();
            co_await walk.rotate_somehow(walk.one_in(2) ? "list.add" : "list.remove");
            walk.expect_current_to_work();
            walk.expect_former_to_work();
        }
        for (int day = 0; day < 200; ++day) {
            co_await clock().sleep_for(days{1});
            co_await walk.sweep();
            walk.expect_current_to_work();
            walk.expect_former_to_work();
        }
        walk.expect_nothing_overdue();
        EXPECT_EQ(scene.lists.entries.front().listed.mark, "by hand");
        EXPECT_LE(scene.lists.entries.size(), 1 + 3 * walk.secrets().size()) << "what nobody has is removed";
    }
}

}  // namespace
}  // namespace kssedr::engine
