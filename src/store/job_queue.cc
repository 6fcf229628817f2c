#include "store/job_queue.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>

namespace kssedr::store {
namespace {

constexpr std::size_t waiting_max = 20'000;
// Of one transaction: what has to be done again where it fails.
constexpr std::size_t batch_max = 1'000;

}  // namespace

JobQueue::JobQueue(asio::any_io_executor executor, Clock const& clock, Session session)
    : clock_(clock),
      session_(std::move(session)),
      offload_(executor),
      tasks_(executor, [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {}

Async<void> JobQueue::run_to_end(Access access, Job job, SteadyPoint deadline) {
    if (is_closed_) co_return fail(Errc::cancelled, "the store is being closed");
    if (waiting_.size() >= waiting_max)
        co_return fail(Errc::throttled, "too much waits to be kept already; the store is slower than what comes");
    auto const pending = std::make_shared<Pending>(access, std::move(job), deadline);
    waiting_.push_back(pending);
    if (!is_draining_) {
        is_draining_ = true;
        tasks_.spawn("store", drain());
    }
    co_await pending->waiters.wait();
    // Whoever was cancelled leaves it to run: it may be under way.
    if (!pending->has_ended) throw boost::system::system_error(asio::error::operation_aborted);
    co_return std::move(pending->result);
}

Task<void> JobQueue::drain() {
    while (!waiting_.empty()) {
        auto batch = take_batch();
        std::move_only_function<bool()> work = [this, batch] {
            run_batch(session_, clock_, batch);
            return true;
        };
        co_await offload_.run<bool>(std::move(work));
        for (auto const& pending : batch) {
            pending->has_ended = true;
            pending->waiters.wake_all();
        }
    }
    is_draining_ = false;
}

JobQueue::Batch JobQueue::take_batch() {
    Batch batch;
    do {
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    } while (batch.front()->access == Access::writes && !waiting_.empty() &&
             waiting_.front()->access == Access::writes && batch.size() < batch_max);
    return batch;
}

void JobQueue::run_batch(Session& session, Clock const& clock, Batch const& batch) {
    Batch in_time;
    auto deadline = SteadyPoint::max();
    for (auto const& pending : batch) {
        if (pending->deadline <= clock.steady_now()) {
            pending->result = fail(Errc::deadline_exceeded, "the store had no time for it before its own was over");
            continue;
        }
        in_time.push_back(pending);
        deadline = std::min(deadline, pending->deadline);
    }
    if (in_time.empty()) return;
    auto const fail_all = [&](Error const& error) {
        for (auto const& pending : in_time) pending->result = fail(error);
    };
    auto const database = session.ready(deadline);
    if (!database) return fail_all(database.error());
    auto const done = run_together(**database, deadline, in_time);
    if (done) return;
    session.drop(done.error());
    bool const is_of_one = done.error().code() == Errc::internal || done.error().code() == Errc::invalid_argument;
    if (!is_of_one || in_time.size() == 1) return fail_all(done.error());
    // The database takes what one of them brought for wrong: the others need not suffer for it.
    for (auto const& pending : in_time) run_batch(session, clock, {pending});
}

Result<void> JobQueue::run_together(Database& database, SteadyPoint deadline, Batch const& batch) {
    auto const access = batch.front()->access;
    KSSEDR_TRY_VOID(database.begin(access, deadline));
    Transaction transaction(database);
    for (auto const& pending : batch) {
        pending->result = pending->job(transaction);
        if (transaction.failure()) break;
    }
    auto done = transaction.flush();
    if (done && access == Access::writes) done = database.commit();
    if (!done || access == Access::reads) database.rollback();
    return done;
}

Task<void> JobQueue::close() {
    is_closed_ = true;
    co_await tasks_.join();
}

}  // namespace kssedr::store
