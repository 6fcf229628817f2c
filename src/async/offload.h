/// Offload: a place for calls that block, such as those of database libraries, away from the event loop.
///
///   auto work = [request = std::move(request)]() mutable { return ask(request); };
///   auto answer = co_await offload.run<Answer>(std::move(work));
///
/// Values in, values out: the work owns what it works on and touches nothing else. Each call has a thread of its own
/// while it lasts, and there is none between calls: what is offloaded is rare, and waits for others. The work bounds
/// its own time, since nothing stops it. Where the awaiting coroutine is cancelled its result is dropped when it comes.

#pragma once

#include "async/async.h"

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace kssedr {

class Offload {
public:
    explicit Offload(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    Offload(Offload const&) = delete;
    Offload& operator=(Offload const&) = delete;
    /// Waits for the work that is under way.
    ~Offload();

    /// Runs the work on a thread, where it must not throw. Throws `operation_aborted` when the awaiting coroutine is
    /// cancelled. Event loop thread only.
    template <class T>
    Task<T> run(std::move_only_function<T()> work) {
        auto const result = std::make_shared<std::optional<T>>();
        std::move_only_function<void()> keep = [result, work = std::move(work)]() mutable { result->emplace(work()); };
        co_await run_to_end(std::move(keep));
        co_return *std::move(*result);
    }

private:
    Task<void> run_to_end(std::move_only_function<void()> work);

    asio::any_io_executor executor_;
    std::list<std::thread> threads_;  // those that have not said that they are done
    // What a thread says comes through the loop, and may come after this is gone.
    std::shared_ptr<Offload*> self_ = std::make_shared<Offload*>(this);
};

}  // namespace kssedr
