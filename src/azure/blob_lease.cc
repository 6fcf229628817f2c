#include "azure/blob_lease.h"

#include "async/latch.h"
#include "async/retry.h"
#include "azure/storage_error.h"
#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <utility>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

constexpr Duration lease_length = 60s;
constexpr Duration margin = 5s;
// One renewal may time out before an effect of thirty seconds has to be held back.
constexpr Duration renew_after = 14s;
constexpr Duration renewal_limit = 5s;
constexpr Duration pause_after_lost_renewal = 1s;
constexpr Duration call_limit = 10s;
constexpr Duration pause_between_looks = 1s;
constexpr Duration longest_wait = 5min;
constexpr RetryPolicy acquiring{.attempts_max = 4, .throttled_attempts_max = 4, .denied_attempts_max = 1};

bool is_held_elsewhere(http::Response const& answer) {
    auto const code = answer.header("x-ms-error-code");
    return answer.status == 409 && (code == "LeaseAlreadyPresent" || code == "LeaseIsBreakingAndCannotBeAcquired");
}

}  // namespace

std::string lock_blob_name(std::string_view owner_id) {
    return format_hex(sha256(to_ascii_lower(owner_id)));
}

// What the lease, its task and the one who acquires share.
struct BlobLock::Held {
    std::string owner;
    std::string blob;
    std::string lease_id;
    std::unique_ptr<ports::OwnerLease> within_process;
    SteadyPoint sent{};   // when the request was sent by which we have it
    TimePoint sent_on{};  // the same by the date
    bool is_lost = false;
    SteadyPoint kept_until{};  // what was sent under it may land until then
    bool may_be_ours = false;  // a request that would have given it to us got no answer
    Latch let_go;
};

class BlobLock::Lease final : public ports::OwnerLease {
public:
    Lease(std::shared_ptr<Held> held, Clock& clock) : held_(std::move(held)), clock_(clock) {}
    Lease(Lease const&) = delete;
    Lease& operator=(Lease const&) = delete;
    ~Lease() override { held_->let_go.open(); }

    [[nodiscard]] bool outlasts(SteadyPoint deadline) const override {
        if (held_->is_lost || deadline > held_->sent + (lease_length - margin)) return false;
        // The monotonic clock stands still while the machine sleeps; the date does not.
        auto const slept = (clock_.now() - held_->sent_on) - (clock_.steady_now() - held_->sent);
        return slept < margin / 2;
    }
    void keep_until(SteadyPoint when) override { held_->kept_until = when; }
    // Nobody tells whether another instance had it and gave it back while the request was under way.
    [[nodiscard]] bool was_waited_for() const override { return true; }

private:
    std::shared_ptr<Held> held_;
    Clock& clock_;
};

BlobLock::BlobLock(asio::any_io_executor executor, ports::OwnerLock& within_process, StorageClient blobs,
                   std::string container, Clock& clock, Random& random, Log& log)
    : within_process_(within_process),
      blobs_(std::move(blobs)),
      container_(std::move(container)),
      clock_(clock),
      random_(random),
      log_(log),
      tasks_(std::move(executor), [this](std::string const& task, std::exception_ptr) {
          log_.error("locks.task_failed", {{"task", task}});
      }) {}

BlobLock::~BlobLock() = default;

Async<std::unique_ptr<ports::OwnerLease>> BlobLock::acquire(std::string owner_key, SteadyPoint deadline) {
    auto held = std::make_shared<Held>();
    KSSEDR_CO_TRY(held->within_process, co_await within_process_.acquire(owner_key, deadline));
    held->blob = lock_blob_name(owner_key);
    held->owner = std::move(owner_key);
    held->lease_id = random_.uuid();
    auto const turn = co_await wait_for_turn(held, std::min(deadline, clock_.steady_now() + longest_wait));
    if (!turn) {
        if (held->may_be_ours) tasks_.spawn("giving back", give_back(held));
        co_return fail(turn.error());
    }
    tasks_.spawn("keeping a lease", keep(held));
    co_return std::make_unique<Lease>(std::move(held), clock_);
}

Async<void> BlobLock::wait_for_turn(std::shared_ptr<Held> held, SteadyPoint deadline) {
    auto operation = [&] { return try_acquire(held, deadline); };
    for (bool waited = false;; waited = true) {
        KSSEDR_CO_TRY(bool const is_ours, co_await retry(clock_, random_, acquiring, deadline, operation));
        if (is_ours) co_return Result<void>();
        if (!waited) log_.debug("locks.waiting", {{"resource", held->owner}, {"container", place()}});
        auto const pause = jittered(pause_between_looks);
        if (clock_.steady_now() + pause >= deadline)
            co_return fail(Errc::deadline_exceeded, "another instance of kssedr holds the lock of this owner (blob " +
                                                        held->blob + " in " + place() + ')');
        co_await clock_.sleep_for(pause);
    }
}

Async<bool> BlobLock::try_acquire(std::shared_ptr<Held> held, SteadyPoint deadline) {
    constexpr int steps_max = 3;  // the container is missing, then the blob, then not
    for (int step = 0; step < steps_max; ++step) {
        auto const sent = clock_.steady_now();
        auto const sent_on = clock_.now();
        auto const answer = co_await change_lease(*held, "acquire", std::min(deadline, sent + call_limit));
        if (!answer) {
            held->may_be_ours = held->may_be_ours || answer.error().code() == Errc::outcome_unknown;
            co_return fail(no_answer(answer.error(), "taking a lock in " + place()));
        }
        auto const code = answer->header("x-ms-error-code");
        if (answer->status == 201) {
            held->sent = sent;
            held->sent_on = sent_on;
            co_return true;
        }
        if (is_held_elsewhere(*answer)) co_return false;
        if (answer->status == 404 && code == "ContainerNotFound") {
            KSSEDR_CO_TRY_VOID(co_await make_container(deadline));
        } else if (answer->status == 404 && code == "BlobNotFound") {
            KSSEDR_CO_TRY_VOID(co_await make_blob(*held, deadline));
        } else {
            co_return fail(to_error(*answer, "taking a lock in " + place()));
        }
    }
    co_return fail(Errc::unavailable, "a blob to lock could not be made in " + place());
}

Async<void> BlobLock::make_container(SteadyPoint deadline) {
    auto const doing = "making the container " + place();
    StorageCall call{.method = http::Method::put, .path = '/' + container_, .query = "restype=container"};
    auto const answer = co_await blobs_.send(std::move(call), std::min(deadline, clock_.steady_now() + call_limit));
    if (!answer) co_return fail(no_answer(answer.error(), doing));
    if (answer->status == 201 || answer->header("x-ms-error-code") == "ContainerAlreadyExists")
        co_return Result<void>();
    co_return fail(to_error(*answer, doing));
}

Async<void> BlobLock::make_blob(Held const& held, SteadyPoint deadline) {
    auto const doing = "making a blob in " + place();
    // For people who look into the container.
    std::string const text = "One instance of kssedr at a time rotates " + held.owner + "\n";
    StorageCall call{
        .method = http::Method::put,
        .path = '/' + container_ + '/' + held.blob,
        .headers = {{"Content-Type", "text/plain"}, {"If-None-Match", "*"}, {"x-ms-blob-type", "BlockBlob"}},
        .body = text};
    auto const answer = co_await blobs_.send(std::move(call), std::min(deadline, clock_.steady_now() + call_limit));
    if (!answer) co_return fail(no_answer(answer.error(), doing));
    // Another instance may have made it, and may have its lease already.
    if (answer->status == 201 || answer->status == 409 || answer->status == 412) co_return Result<void>();
    co_return fail(to_error(*answer, doing));
}

Task<void> BlobLock::keep(std::shared_ptr<Held> held) {
    auto next = held->sent + renew_after;
    for (;;) {
        if (held->let_go.is_open()) {
            co_await clock_.sleep_until(std::min(next, held->kept_until));
        } else {
            co_await held->let_go.wait(clock_, next);
        }
        if (held->let_go.is_open() && clock_.steady_now() >= held->kept_until) break;
        if (clock_.steady_now() < next) continue;
        bool const is_renewed = co_await renew(*held);
        if (held->is_lost) co_return;
        next = is_renewed ? held->sent + renew_after : clock_.steady_now() + jittered(pause_after_lost_renewal);
    }
    co_await give_back(std::move(held));
}

Task<bool> BlobLock::renew(Held& held) {
    auto const sent = clock_.steady_now();
    auto const sent_on = clock_.now();
    auto const answer = co_await change_lease(held, "renew", sent + renewal_limit);
    if (answer && answer->status == 200) {
        held.sent = sent;
        held.sent_on = sent_on;
        co_return true;
    }
    auto const why = answer ? to_error(*answer, "renewing a lock in " + place()).message() : answer.error().message();
    // The service knows that the lease is not ours: another has it, somebody broke it, or the blob is gone.
    held.is_lost = answer && (answer->status == 404 || answer->status == 409 || answer->status == 412);
    if (held.is_lost) {
        log_.warn("locks.lost", {{"resource", held.owner}, {"why", why}});
    } else {
        log_.warn("locks.not_renewed", {{"resource", held.owner}, {"why", why}});
    }
    co_return false;
}

// Whoever waits in this process goes on after that.
Task<void> BlobLock::give_back(std::shared_ptr<Held> held) {
    auto const answer = co_await change_lease(*held, "release", clock_.steady_now() + renewal_limit);
    if (!answer) log_.info("locks.not_given_back", {{"resource", held->owner}, {"why", answer.error().message()}});
    held->within_process.reset();
}

Async<http::Response> BlobLock::change_lease(Held const& held, std::string_view action, SteadyPoint deadline) {
    StorageCall call{.method = http::Method::put, .path = '/' + container_ + '/' + held.blob, .query = "comp=lease"};
    call.headers.emplace_back("x-ms-lease-action", action);
    if (action == "acquire") {
        call.headers.emplace_back("x-ms-lease-duration", std::to_string(lease_length / 1s));
        // Named by us, so that the same request sent again finds the lease ours and not another's.
        call.headers.emplace_back("x-ms-proposed-lease-id", held.lease_id);
    } else {
        call.headers.emplace_back("x-ms-lease-id", held.lease_id);
    }
    co_return co_await blobs_.send(std::move(call), deadline);
}

Duration BlobLock::jittered(Duration span) {
    return span / 2 + Duration{random_.below(static_cast<std::uint64_t>(span.count()) + 1)};
}

std::string BlobLock::place() const {
    return blobs_.access().endpoint + '/' + container_;
}

// Never `deadline_exceeded`: that would say that another holds the lock.
Error BlobLock::no_answer(Error const& error, std::string_view doing) {
    bool const is_refusal = error.code() == Errc::permission_denied;
    std::string message = std::string(doing) + ": " + error.message();
    if (!is_refusal)
        message += "; mend AzureWebJobsStorage or KSSEDR_LOCKS, or set KSSEDR_LOCKS=none if this is the only instance";
    return Error(is_refusal ? Errc::permission_denied : Errc::unavailable, std::move(message))
        .with_service_code(error.service_code())
        .with_retry_after(error.retry_after());
}

Error BlobLock::to_error(http::Response const& answer, std::string_view doing) const {
    return to_storage_error(answer, doing, blobs_.access(), "KSSEDR_LOCKS");
}

Task<void> BlobLock::close(Duration limit) {
    using namespace asio::experimental::awaitable_operators;
    if (tasks_.size() != 0) {
        co_await (tasks_.join() || clock_.sleep_for(limit));
    }
    tasks_.cancel();
    co_await tasks_.join();
}

}  // namespace kssedr::azure
