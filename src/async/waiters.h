/// Waiters: those who wait until somebody wakes them, with no deadline.
///
/// What a timer that is never due would do, without an event loop's timers: those make it ask the system for the time
/// and for sockets at every turn. One thread.

#pragma once

#include "async/async.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <list>

namespace kssedr {

class Waiters {
public:
    Waiters() = default;
    Waiters(Waiters const&) = delete;
    Waiters& operator=(Waiters const&) = delete;

    /// Completes, never inline, after the next `wake_all()`, or when the awaiting coroutine is cancelled; does not
    /// throw then. Whoever is woken looks again whether what it waited for is so. The waiters outlive the wait.
    Task<void> wait();
    void wake_all();

private:
    using Handler = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;
    using Place = std::list<Handler>::iterator;

    void add(Handler handler);
    void wake(Place place);

    std::list<Handler> waiting_;
};

}  // namespace kssedr
