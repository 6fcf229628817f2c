#include "app/process.h"

#include "async/clock.h"
#include "base/wiped_memory.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kssedr::app {

void protect_memory() {
    (void)wipe_what_openssl_frees();
    rlimit const none{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &none);
    (void)::prctl(PR_SET_DUMPABLE, 0);
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

void ignore_closed_readers() {
    (void)std::signal(SIGPIPE, SIG_IGN);
}

Parent current_parent() {
    return {::getppid()};
}

Task<void> wait_for_end(Parent parent) {
    auto const executor = co_await asio::this_coro::executor;
    SystemClock clock;
    if (parent.pid <= 1) {
        co_await clock.sleep_until(SteadyPoint::max());
    }
    // A process descriptor becomes readable when its process has ended (pidfd_open(2)).
    int const descriptor = static_cast<int>(::syscall(SYS_pidfd_open, parent.pid, 0));
    if (descriptor >= 0) {
        asio::posix::stream_descriptor watched(executor, descriptor);
        // It may have ended before it was watched, and its number have gone to another.
        if (::getppid() != parent.pid) co_return;
        co_await watched.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
        co_return;
    }
    while (::getppid() == parent.pid) {
        co_await clock.sleep_for(std::chrono::seconds{1});
    }
}

}  // namespace kssedr::app
