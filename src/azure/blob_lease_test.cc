#include "azure/blob_lease.h"

#include "async/for_each.h"
#include "base/encoding.h"
#include "support/coro_test.h"
#include "support/seeded_random.h"
#include "test/conformance/fake_blobs.h"
#include "test/conformance/scripted_tokens.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;
using test::BlobRequest;
using test::FakeBlobLine;

constexpr auto endpoint = "https://demo.blob.core.windows.net";
constexpr auto owner = "/subscriptions/s/resourcegroups/g/providers/microsoft.storage/storageaccounts/demo";

class FreeLease final : public ports::OwnerLease {
public:
    [[nodiscard]] bool outlasts(SteadyPoint) const override { return true; }
    void keep_until(SteadyPoint) override {}
    [[nodiscard]] bool was_waited_for() const override { return false; }
};

/// In place of the lock of one process: nobody else is there.
class FreeLock final : public ports::OwnerLock {
public:
    Async<std::unique_ptr<ports::OwnerLease>> acquire(std::string, SteadyPoint) override {
        co_return std::make_unique<FreeLease>();
    }
};

class CountingLog final : public Log {
public:
    std::vector<std::string> events;
    [[nodiscard]] auto count(std::string_view event) const { return std::ranges::count(events, event); }

private:
    void put(LogLevel, std::string_view event, std::initializer_list<LogField>) override { events.emplace_back(event); }
};

/// A clock whose date may run ahead, as after the machine has slept.
class SleptClock final : public Clock {
public:
    explicit SleptClock(Clock& real) : real_(real) {}
    Duration slept{};
    [[nodiscard]] TimePoint now() const override { return real_.now() + slept; }
    [[nodiscard]] SteadyPoint steady_now() const override { return real_.steady_now(); }
    Task<void> sleep_until(SteadyPoint when) override { return real_.sleep_until(when); }

private:
    Clock& real_;
};

struct Instance {
    Instance(asio::any_io_executor executor, test::FakeBlobs& blobs, Clock& real,
             StorageAccess access = {.endpoint = endpoint}, std::uint64_t seed = 1)
        : clock(real),
          random(seed),
          line(blobs, real),
          lock(std::move(executor), within, StorageClient(line, tokens, clock, random, std::move(access)),
               "kssedr-leases", clock, random, log) {}

    auto acquire(Duration limit = 4min) { return lock.acquire(owner, clock.steady_now() + limit); }

    SleptClock clock;
    test::SeededRandom random;
    test::ScriptedTokens tokens;
    FakeBlobLine line;
    FreeLock within;
    CountingLog log;
    BlobLock lock;
};

std::string describe(BlobRequest const& request) {
    auto const action = request.header("x-ms-lease-action");
    if (!action.empty()) return action;
    return request.url.ends_with("restype=container") ? "container" : "blob";
}

std::vector<std::string> describe(std::vector<BlobRequest> const& requests) {
    std::vector<std::string> all;
    for (auto const& request : requests) all.push_back(describe(request));
    return all;
}

TEST(LockBlobName, IsTheOwnersHashInWhateverCaseItIsWritten) {
    EXPECT_EQ(lock_blob_name("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(lock_blob_name("aBC"), lock_blob_name("abc"));
}

CORO_TEST(BlobLock, MakesWhatIsMissingAndGivesBackWhatItTook) {
    test::FakeBlobs blobs(clock(), endpoint);
    Instance one(executor(), blobs, clock());
    {
        auto const lease = co_await one.acquire();
        CO_ASSERT(lease);
        EXPECT_TRUE((*lease)->was_waited_for()) << "another may have had it while the request was under way";
    }
    co_await one.lock.close(5s);
    EXPECT_EQ(describe(blobs.requests),
              (std::vector<std::string>{"acquire", "container", "acquire", "blob", "acquire", "release"}));
    auto const& made = blobs.requests[3];
    EXPECT_EQ(made.url, std::string(endpoint) + "/kssedr-leases/" + lock_blob_name(owner));
    EXPECT_EQ(made.header("x-ms-blob-type"), "BlockBlob");
    EXPECT_NE(made.body.find(owner), std::string::npos) << "for people";
    auto const& taken = blobs.requests[4];
    EXPECT_EQ(taken.url, made.url + "?comp=lease");
    EXPECT_EQ(taken.header("x-ms-version"), "2021-08-06");
    EXPECT_EQ(taken.header("x-ms-date"), "Thu, 15 Jan 2026 09:30:00 GMT");
    EXPECT_EQ(taken.authorization, "Bearer token-1");
    EXPECT_EQ(one.tokens.audiences[0], "https://storage.azure.com");
    EXPECT_EQ(blobs.requests[5].header("x-ms-lease-id"), taken.header("x-ms-proposed-lease-id"));
    for (auto const& each : one.log.events) ADD_FAILURE() << each;
}

CORO_TEST(BlobLock, TakesOneCallWhereTheBlobIs) {
    test::FakeBlobs blobs(clock(), endpoint);
    Instance one(executor(), blobs, clock());
    for (int i = 0; i < 2; ++i) {
        auto const lease = co_await one.acquire();
        EXPECT_TRUE(lease);
        blobs.requests.clear();
    }
    co_await one.lock.close(5s);
    co_await clock().sleep_for(1s);
}

CORO_TEST(BlobLock, ProvesItselfByWhatItWasGiven) {
    test::FakeBlobs blobs(clock(), endpoint);
    {
        StorageAccess access{.endpoint = endpoint, .account = "demo", .account_key = SecretString::copy_of("a2V5")};
        Instance by_key(executor(), blobs, clock(), std::move(access));
        auto const lease = co_await by_key.acquire();
        EXPECT_TRUE(lease);
        EXPECT_TRUE(blobs.requests.back().authorization.starts_with("SharedKey demo:"));
        EXPECT_TRUE(by_key.tokens.audiences.empty());
        co_await by_key.lock.close(1s);
    }
    {
        StorageAccess access{.endpoint = endpoint, .shared_access_signature = SecretString::copy_of("sv=1&sig=x")};
        Instance by_signature(executor(), blobs, clock(), std::move(access));
        co_await clock().sleep_for(1min);
        auto const lease = co_await by_signature.acquire();
        EXPECT_TRUE(lease);
        EXPECT_EQ(blobs.requests.back().secret_query, "sv=1&sig=x");
        EXPECT_EQ(blobs.requests.back().authorization, "");
        co_await by_signature.lock.close(1s);
    }
}

CORO_TEST(BlobLock, ATokenThatIsRefusedIsReplacedOnce) {
    test::FakeBlobs blobs(clock(), endpoint);
    Instance one(executor(), blobs, clock());
    blobs.refuse = [](BlobRequest const& request) -> std::optional<std::pair<long, std::string>> {
        if (request.authorization == "Bearer token-1") return std::pair(401L, "InvalidAuthenticationInfo");
        return std::nullopt;
    };
    {
        auto const lease = co_await one.acquire();
        EXPECT_TRUE(lease);
        EXPECT_EQ(blobs.requests.back().authorization, "Bearer token-2");
    }
    co_await one.lock.close(5s);
}

CORO_TEST(BlobLock, ATokenIsNeverSentInTheClear) {
    test::FakeBlobs blobs(clock(), "http://127.0.0.1:10000/devstoreaccount1");
    Instance one(executor(), blobs, clock(), {.endpoint = "http://127.0.0.1:10000/devstoreaccount1"});
    auto const lease = co_await one.acquire();
    EXPECT_FALSE(lease);
    EXPECT_TRUE(blobs.requests.empty());
    EXPECT_TRUE(one.tokens.audiences.empty());
}

CORO_TEST(BlobLock, RenewsInTimeAndStopsWhenLetGo) {
    test::FakeBlobs blobs(clock(), endpoint);
    Instance one(executor(), blobs, clock());
    auto lease = co_await one.acquire();
    CO_ASSERT(lease);
    blobs.requests.clear();
    co_await clock().sleep_for(5min);
    EXPECT_EQ(describe(blobs.requests), std::vector<std::string>(21, "renew"));
    lease->reset();
    co_await one.lock.close(5s);
    EXPECT_EQ(describe(blobs.requests.back()), "release");
    co_await clock().sleep_for(5min);
    EXPECT_EQ(blobs.requests.size(), 22U);
}

// What was sent under it may land until then: nobody else has it before, whoever let it go.
CORO_TEST(BlobLock, IsKeptWhileWhatWasSentMayLand) {
    test::FakeBlobs blobs(clock(), endpoint);
    Instance one(executor(), blobs, clock());
    Instance two(executor(), blobs, clock(), {.endpoint = endpoint}, 2);
    auto const began = clock().steady_now();
    {
        auto const lease = co_await one.acquire();
        CO_ASSERT(lease);
        (*lease)->keep_until(began + 2min);
    }
    {
        auto const lease = co_await two.acquire();
        CO_ASSERT(lease);
        auto const waited = clock().steady_now() - began;
        EXPECT_GE(waited, 2min);
        EXPECT_LT(waited, 2min + 10s) << "and it is given back then";
        (*lease)->keep_until(clock().steady_now() + 2min);
        (*lease)->keep_until({});
    }
    auto const before = clock().steady_now();
    {
        auto const lease = co_await one.acquire();
        EXPECT_TRUE(lease);
        EXPECT_LT(clock().steady_now() - before, 10s) << "what had an answer is not waited for";
    }
    co_await one.lock.close(5s);
    co_await two.lock.close(5s);
}

// Whoever died leaves a lease that nobody renews.
CORO_TEST(BlobLock, GoesOnWhereTheHoldersLeaseRanOut) {
    test::FakeBlobs blobs(clock(), endpoint);
    blobs.containers = {"kssedr-leases"};
    blobs.blobs["kssedr-leases/" + lock_blob_name(owner)] = {"another", SteadyPoint{1min}, false};
    Instance one(executor(), blobs, clock());
    {
        auto const lease = co_await one.acquire();
        CO_ASSERT(lease);
        EXPECT_TRUE((*lease)->was_waited_for());
        EXPECT_GE(clock().steady_now(), SteadyPoint{1min});
        EXPECT_LE(clock().steady_now(), SteadyPoint{62s});
        EXPECT_EQ(one.log.count("locks.waiting"), 1);
    }
    co_await one.lock.close(5s);
}

CORO_TEST(BlobLock, WaitsNoLongerThanAnybodyRotates) {
    test::FakeBlobs blobs(clock(), endpoint);
    blobs.containers = {"kssedr-leases"};
    blobs.blobs["kssedr-leases/" + lock_blob_name(owner)] = {"a person's, for ever", SteadyPoint{24h * 365}, false};
    Instance one(executor(), blobs, clock());
    auto const lease = co_await one.acquire(24h);
    CO_ASSERT(!lease);
    EXPECT_EQ(lease.error().code(), Errc::deadline_exceeded);
    EXPECT_LE(clock().steady_now(), SteadyPoint{5min});
    EXPECT_NE(lease.error().message().find(lock_blob_name(owner)), std::string::npos) << lease.error().message();
}

CORO_TEST(BlobLock, AnEffectIsHeldBackBeforeTheServiceMayForget) {
    test::FakeBlobs blobs(clock(), endpoint);
    Instance one(executor(), blobs, clock());
    auto lease = co_await one.acquire();
    CO_ASSERT(lease);
    auto const& of_owner = blobs.blobs["kssedr-leases/" + lock_blob_name(owner)];
    one.line.is_cut = true;
    for (int i = 0; i < 120; ++i) {
        for (auto const effect : {0s, 10s, 30s, 50s, 59s, 61s}) {
            auto const ends = clock().steady_now() + effect;
            if ((*lease)->outlasts(ends)) {
                EXPECT_LT(ends + 4s, of_owner.until) << i << " s, " << effect.count() << " s";
            }
        }
        if (i < 24) EXPECT_TRUE((*lease)->outlasts(clock().steady_now() + 30s)) << i;
        co_await clock().sleep_for(1s);
    }
    EXPECT_FALSE((*lease)->outlasts(clock().steady_now()));
    EXPECT_GT(one.log.count("locks.not_renewed"), 10);
    // Nobody else had it meanwhile, so it comes back, and what was read under it holds.
    one.line.is_cut = false;
    co_await clock().sleep_for(3s);
    EXPECT_TRUE((*lease)->outlasts(clock().steady_now() + 30s));
    lease->reset();
    co_await one.lock.close(5s);
}

CORO_TEST(BlobLock, WhatAnotherTookOrAPersonBrokeNeverComesBack) {
    for (bool const is_broken : {false, true}) {
        test::FakeBlobs blobs(clock(), endpoint);
        Instance one(executor(), blobs, clock());
        auto lease = co_await one.acquire();
        CO_ASSERT(lease);
        auto& of_owner = blobs.blobs["kssedr-leases/" + lock_blob_name(owner)];
        if (is_broken) {
            of_owner.is_broken = true;
        } else {
            of_owner = {"another", clock().steady_now() + 24h, false};
        }
        co_await clock().sleep_for(20s);
        EXPECT_FALSE((*lease)->outlasts(clock().steady_now()));
        EXPECT_EQ(one.log.count("locks.lost"), 1);
        auto const asked = blobs.requests.size();
        lease->reset();
        co_await one.lock.close(5s);
        EXPECT_EQ(blobs.requests.size(), asked) << "what is not ours is not given back";
    }
}

CORO_TEST(BlobLock, AMachineThatSleptDoesNotBelieveItsLease) {
    test::FakeBlobs blobs(clock(), endpoint);
    Instance one(executor(), blobs, clock());
    auto lease = co_await one.acquire();
    CO_ASSERT(lease);
    EXPECT_TRUE((*lease)->outlasts(clock().steady_now() + 30s));
    one.clock.slept = 10min;
    EXPECT_FALSE((*lease)->outlasts(clock().steady_now()));
    co_await clock().sleep_for(20s);
    EXPECT_TRUE((*lease)->outlasts(clock().steady_now() + 30s)) << "it was renewed since";
    lease->reset();
    co_await one.lock.close(5s);
}

CORO_TEST(BlobLock, AnAnswerThatIsLostIsAskedForAgainUnderTheSameName) {
    test::FakeBlobs blobs(clock(), endpoint);
    blobs.containers = {"kssedr-leases"};
    blobs.blobs["kssedr-leases/" + lock_blob_name(owner)] = {};
    Instance one(executor(), blobs, clock());
    int calls = 0;
    one.line.lose = [&] { return ++calls == 1 ? FakeBlobLine::Loss::answer : FakeBlobLine::Loss::none; };
    auto lease = co_await one.acquire();
    CO_ASSERT(lease);
    CO_ASSERT(blobs.requests.size() == 2);
    EXPECT_EQ(blobs.requests[0].header("x-ms-proposed-lease-id"), blobs.requests[1].header("x-ms-proposed-lease-id"));
    lease->reset();
    co_await one.lock.close(5s);
}

CORO_TEST(BlobLock, WhatMayHaveBeenTakenIsGivenBackWhereItIsGivenUp) {
    test::FakeBlobs blobs(clock(), endpoint);
    blobs.containers = {"kssedr-leases"};
    auto& of_owner = blobs.blobs["kssedr-leases/" + lock_blob_name(owner)];
    Instance one(executor(), blobs, clock());
    int calls = 0;
    one.line.lose = [&] { return ++calls == 1 ? FakeBlobLine::Loss::answer : FakeBlobLine::Loss::none; };
    auto const lease = co_await one.acquire(5s);
    CO_ASSERT(!lease);
    EXPECT_EQ(lease.error().code(), Errc::unavailable) << "not `deadline_exceeded`, which says that another holds it";
    co_await one.lock.close(5s);
    EXPECT_FALSE(blobs.is_leased(of_owner));
}

CORO_TEST(BlobLock, AFailureIsSaidWithItsCure) {
    using Kind = StorageAccess::Kind;
    struct Case {
        Kind kind;
        long status;
        std::string code;
        Errc errc;
        std::string says;
    };
    for (auto const& c : std::vector<Case>{
             {Kind::identity, 403, "AuthorizationPermissionMismatch", Errc::permission_denied,
              "Storage Blob Data Contributor"},
             {Kind::account_key, 403, "AuthenticationFailed", Errc::permission_denied, "not one of the account's"},
             {Kind::account_key, 403, "KeyBasedAuthenticationNotPermitted", Errc::permission_denied, "__accountName"},
             {Kind::shared_access_signature, 403, "AuthenticationFailed", Errc::permission_denied, "signature"},
             {Kind::identity, 403, "AuthorizationFailure", Errc::permission_denied, "network rules"},
             {Kind::identity, 404, "ResourceNotFound", Errc::unavailable, "check the storage account"},
             {Kind::identity, 400, "InvalidHeaderValue", Errc::unavailable, "400 InvalidHeaderValue"},
             {Kind::identity, 409, "ContainerBeingDeleted", Errc::unavailable, "409 ContainerBeingDeleted"},
             {Kind::identity, 503, "ServerBusy", Errc::unavailable, "503 ServerBusy"},
         }) {
        SCOPED_TRACE(c.code);
        test::FakeBlobs blobs(clock(), endpoint);
        StorageAccess access{.endpoint = endpoint};
        if (c.kind == Kind::account_key) access.account_key = SecretString::copy_of("a2V5");
        if (c.kind == Kind::shared_access_signature) access.shared_access_signature = SecretString::copy_of("sig=x");
        Instance one(executor(), blobs, clock(), std::move(access));
        blobs.refuse = [&](BlobRequest const&) { return std::pair(c.status, c.code); };
        auto const lease = co_await one.acquire();
        CO_ASSERT(!lease);
        EXPECT_EQ(lease.error().code(), c.errc);
        EXPECT_NE(lease.error().message().find(c.says), std::string::npos) << lease.error().message();
        EXPECT_EQ(lease.error().message().find("sig="), std::string::npos);
        if (c.errc == Errc::permission_denied) EXPECT_EQ(blobs.requests.size(), 1U);
    }
}

CORO_TEST(BlobLock, SilenceIsNotTakenForALockThatIsHeld) {
    test::FakeBlobs blobs(clock(), endpoint);
    Instance one(executor(), blobs, clock());
    one.line.is_cut = true;
    auto const cut = co_await one.acquire();
    CO_ASSERT(!cut);
    EXPECT_EQ(cut.error().code(), Errc::unavailable);
    EXPECT_NE(cut.error().message().find("KSSEDR_LOCKS=none"), std::string::npos) << cut.error().message();
    one.line.is_cut = false;
    one.tokens.failure = Errc::permission_denied;
    auto const denied = co_await one.acquire();
    CO_ASSERT(!denied);
    EXPECT_EQ(denied.error().code(), Errc::permission_denied);
}

CORO_TEST(BlobLock, AShortFaultIsOutlived) {
    test::FakeBlobs blobs(clock(), endpoint);
    Instance one(executor(), blobs, clock());
    int faults = 2;
    blobs.refuse = [&](BlobRequest const&) -> std::optional<std::pair<long, std::string>> {
        return faults-- > 0 ? std::optional(std::pair(503L, std::string("ServerBusy"))) : std::nullopt;
    };
    {
        auto const lease = co_await one.acquire();
        EXPECT_TRUE(lease);
    }
    co_await one.lock.close(5s);
}

CORO_TEST(BlobLock, ClosingDoesNotWaitForEver) {
    test::FakeBlobs blobs(clock(), endpoint);
    Instance one(executor(), blobs, clock());
    auto const lease = co_await one.acquire();
    CO_ASSERT(lease);
    auto const before = clock().steady_now();
    co_await one.lock.close(5s);
    EXPECT_EQ(clock().steady_now() - before, 5s);
    auto const after = co_await one.acquire(1s);
    EXPECT_FALSE(after) << "the one that was left to run out stands in the way";
}

// The reasoning of the header, tried: instances whose lines lose, delay and break at random, some of which die in the
// midst, send effects that may land at any time up to their deadlines. No two instances' effects may meet.
class Rivals {
public:
    Rivals(asio::any_io_executor executor, Clock& clock, std::uint64_t seed)
        : clock_(clock), chance_(seed), blobs_(clock, endpoint), spans_(instances_max) {
        for (std::size_t i = 0; i < instances_max; ++i)
            instances_.push_back(std::make_unique<Instance>(
                executor, blobs_, clock, StorageAccess{.endpoint = endpoint}, seed * instances_max + i));
        for (auto& each : instances_) {
            each->line.lose = [this] {
                auto const luck = chance_.below(20);
                return luck == 0   ? FakeBlobLine::Loss::request
                       : luck == 1 ? FakeBlobLine::Loss::answer
                                   : FakeBlobLine::Loss::none;
            };
        }
    }

    Task<void> run() {
        auto work = [this](std::size_t i) { return live(i); };
        co_await for_each(instances_max, instances_max, work);
        for (auto& each : instances_) {
            co_await each->lock.close(1s);
        }
    }

    void check() const {
        for (std::size_t a = 0; a < instances_max; ++a)
            for (std::size_t b = a + 1; b < instances_max; ++b)
                for (auto const& x : spans_[a])
                    for (auto const& y : spans_[b])
                        EXPECT_TRUE(x.ends <= y.sent || y.ends <= x.sent)
                            << a << " at " << x.sent.since_start.count() << ", " << b << " at "
                            << y.sent.since_start.count();
    }
    [[nodiscard]] std::size_t effects() const {
        std::size_t count = 0;
        for (auto const& spans : spans_) count += spans.size();
        return count;
    }

private:
    static constexpr std::size_t instances_max = 3;
    struct Span {
        SteadyPoint sent, ends;
    };

    Duration up_to(Duration span) { return Duration{chance_.below(static_cast<std::uint64_t>(span.count()))}; }

    Task<void> live(std::size_t self) {
        auto& one = *instances_[self];
        for (int round = 0; round < 6; ++round) {
            co_await clock_.sleep_for(up_to(5s));
            one.line.takes = chance_.below(4) == 0 ? 50ms + up_to(12s) : Duration{20};
            auto lease = co_await one.acquire(3min);
            if (!lease) continue;
            for (auto effects = chance_.below(4); effects > 0; --effects) {
                co_await clock_.sleep_for(up_to(40s));
                one.line.is_cut = chance_.below(5) == 0;
                co_await clock_.sleep_for(up_to(70s));
                auto const now = clock_.steady_now();
                if ((*lease)->outlasts(now + 30s)) spans_[self].push_back({now, now + 30s});
            }
            // Dies: nobody hears of it again for a while, and its effects are still on their way.
            bool const dies = chance_.below(4) == 0;
            if (!dies) co_await clock_.sleep_for(30s);
            one.line.is_cut = dies;
            lease->reset();
            co_await clock_.sleep_for(dies ? up_to(2min) : 10ms);
            one.line.is_cut = false;
        }
    }

    Clock& clock_;
    test::SeededRandom chance_;
    test::FakeBlobs blobs_;
    std::vector<std::vector<Span>> spans_;
    std::vector<std::unique_ptr<Instance>> instances_;
};

CORO_TEST(BlobLock, NoTwoInstancesEffectsMeetWhateverTheNetworkDoes) {
    std::size_t effects = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Rivals rivals(executor(), clock(), seed);
        co_await rivals.run();
        rivals.check();
        effects += rivals.effects();
        if (HasFailure()) co_return;
    }
    EXPECT_GT(effects, 300U);
}

}  // namespace
}  // namespace kssedr::azure
