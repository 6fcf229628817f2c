#include "async/offload.h"

#include "async/latch.h"

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

namespace kssedr {
namespace {

struct Ending {
    bool has_come = false;
    Waiters waiters;
};

}  // namespace

Offload::~Offload() {
    *self_ = nullptr;
    for (auto& thread : threads_) thread.join();
}

Task<void> Offload::run_to_end(std::move_only_function<void()> work) {
    auto const ending = std::make_shared<Ending>();
    auto const place = threads_.emplace(threads_.end());
    auto done = [ending, place, self = self_] {
        ending->has_come = true;
        ending->waiters.wake_all();
        if (*self == nullptr) return;
        place->join();
        (*self)->threads_.erase(place);
    };
    auto body = [work = std::move(work), done = std::move(done), executor = executor_,
                 guard = asio::make_work_guard(executor_)]() mutable {
        work();
        work = nullptr;  // what it owned is wiped here, not when the loop comes to it
        asio::post(executor, std::move(done));
    };
    *place = std::thread(std::move(body));
    co_await ending->waiters.wait();
    if (!ending->has_come) throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace kssedr
