// The locks of the real program, held to one suite: within a process, and among instances by leases on blobs.

#include "async/for_each.h"
#include "azure/blob_lease.h"
#include "engine/in_process_lock.h"
#include "support/seeded_random.h"
#include "test/conformance/fake_blobs.h"
#include "test/conformance/owner_lock_suite.h"
#include "test/conformance/scripted_tokens.h"

#include <algorithm>

namespace kssedr::test {
namespace {

using namespace std::chrono_literals;

constexpr auto endpoint = "https://demo.blob.core.windows.net";

class InProcessWorld final : public LockWorld {
public:
    explicit InProcessWorld(Clock& clock) : lock_(clock) {}
    ports::OwnerLock& lock(std::size_t) override { return lock_; }
    Task<void> close() override { co_return; }

private:
    engine::InProcessLock lock_;
};

/// One kssedr process.
struct Instance {
    Instance(asio::any_io_executor executor, FakeBlobs& blobs, Clock& clock, std::uint64_t seed)
        : random(seed),
          line(blobs, clock),
          within(clock),
          lock(std::move(executor), within, azure::StorageClient(line, tokens, clock, random, {.endpoint = endpoint}),
               "kssedr-leases", clock, random, log) {}

    SeededRandom random;
    ScriptedTokens tokens;
    FakeBlobLine line;
    NullLog log;
    engine::InProcessLock within;
    azure::BlobLock lock;
};

class BlobWorld final : public LockWorld {
public:
    BlobWorld(asio::any_io_executor const& executor, Clock& clock, std::size_t instances) : blobs_(clock, endpoint) {
        for (std::size_t i = 0; i < instances; ++i)
            instances_.push_back(std::make_unique<Instance>(executor, blobs_, clock, i + 1));
    }
    ports::OwnerLock& lock(std::size_t instance) override { return instances_[instance % instances_.size()]->lock; }
    Task<void> close() override {
        for (auto const& instance : instances_) {
            co_await instance->lock.close(5s);
        }
        for (auto const& [name, blob] : blobs_.blobs) EXPECT_FALSE(blobs_.is_leased(blob)) << "was not given back";
    }

private:
    FakeBlobs blobs_;
    std::vector<std::unique_ptr<Instance>> instances_;
};

// Who waits within an instance asks the service for nothing that the instance holds itself, and has it as soon as it is
// given back.
CORO_TEST(BlobLock, WhoWaitsWithinAnInstanceDoesNotAskTheService) {
    FakeBlobs blobs(clock(), endpoint);
    Instance one(executor(), blobs, clock(), 1);
    SeededRandom chance(1);
    // Requests overtake each other.
    one.line.lose = [&] {
        one.line.takes = Duration{20 + chance.below(200)};
        return FakeBlobLine::Loss::none;
    };
    auto hold = [&](std::size_t) -> Task<void> {
        auto const lease = co_await one.lock.acquire("owner", clock().steady_now() + 4min);
        EXPECT_TRUE(lease);
        co_await clock().sleep_for(5s);
    };
    co_await for_each(10, 10, hold);
    co_await one.lock.close(5s);
    auto const asked =
        std::ranges::count_if(blobs.requests, [](auto const& r) { return r.header("x-ms-lease-action") == "acquire"; });
    EXPECT_EQ(asked, 12) << "the container was missing, the blob was missing, then one each";
    EXPECT_LT(clock().steady_now().since_start, 55s);
}

bool const registered = [] {
    register_owner_lock_suite("InProcessLock", [](auto const&, Clock& clock) -> std::unique_ptr<LockWorld> {
        return std::make_unique<InProcessWorld>(clock);
    });
    register_owner_lock_suite("BlobLockOfOneInstance", [](auto const& executor, Clock& clock) {
        return std::make_unique<BlobWorld>(executor, clock, 1);
    });
    register_owner_lock_suite("BlobLockOfTwoInstances", [](auto const& executor, Clock& clock) {
        return std::make_unique<BlobWorld>(executor, clock, 2);
    });
    return true;
}();

}  // namespace
}  // namespace kssedr::test
