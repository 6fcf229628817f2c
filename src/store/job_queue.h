/// JobQueue: many callers, one connection, few commits.
///
/// A commit that must last costs a wait for the disk, or a server. So writes that come while one is under way wait, and
/// then go together into one transaction: a thousand outcomes cost hardly more than one. Reads have a transaction each.
/// Everything happens in the order of its coming, away from the event loop, one transaction at a time.
///
/// Event loop thread only. `close()` before it is destroyed.

#pragma once

#include "async/clock.h"
#include "async/offload.h"
#include "async/task_group.h"
#include "async/waiters.h"
#include "store/session.h"
#include "store/transaction.h"

#include <deque>
#include <functional>
#include <memory>
#include <optional>

namespace kssedr::store {

class JobQueue {
public:
    /// `clock` must tell the time on any thread. Both outlive it.
    JobQueue(asio::any_io_executor executor, Clock const& clock, Session session);

    /// Runs a job and commits. The job may run more than once, each time from a state without its effects; it owns what
    /// it works on. `throttled` where too many wait already, `deadline_exceeded` where its turn did not come in time,
    /// `outcome_unknown` where the answer to the commit was lost, else what the job or the database said.
    template <class T>
    Async<T> write(std::move_only_function<Result<T>(Transaction&)> job, SteadyPoint deadline) {
        return run<T>(Access::writes, std::move(job), deadline);
    }
    template <class T>
    Async<T> read(std::move_only_function<Result<T>(Transaction&)> job, SteadyPoint deadline) {
        return run<T>(Access::reads, std::move(job), deadline);
    }

    /// Takes no more, does what waits, ends.
    Task<void> close();

private:
    using Job = std::move_only_function<Result<void>(Transaction&)>;
    /// Its result is written by the thread that runs it, before the loop is told.
    struct Pending {
        Access access = Access::reads;
        Job job;
        SteadyPoint deadline;
        Result<void> result;
        bool has_ended = false;
        Waiters waiters;
    };
    using Batch = std::vector<std::shared_ptr<Pending>>;

    template <class T>
    Async<T> run(Access access, std::move_only_function<Result<T>(Transaction&)> job, SteadyPoint deadline) {
        auto const value = std::make_shared<std::optional<T>>();
        Job keep = [value, job = std::move(job)](Transaction& transaction) mutable -> Result<void> {
            KSSEDR_TRY(auto made, job(transaction));
            value->emplace(std::move(made));
            return {};
        };
        KSSEDR_CO_TRY_VOID(co_await run_to_end(access, std::move(keep), deadline));
        co_return *std::move(*value);
    }

    Async<void> run_to_end(Access access, Job job, SteadyPoint deadline);
    Task<void> drain();
    Batch take_batch();
    static void run_batch(Session& session, Clock const& clock, Batch const& batch);
    static Result<void> run_together(Database& database, SteadyPoint deadline, Batch const& batch);

    Clock const& clock_;
    Session session_;  // of whoever runs a batch
    std::deque<std::shared_ptr<Pending>> waiting_;
    bool is_draining_ = false;
    bool is_closed_ = false;
    Offload offload_;
    TaskGroup tasks_;
};

}  // namespace kssedr::store
