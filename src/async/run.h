/// run: one coroutine on an event loop of its own, to its end; how a command bridges from `main`.

#pragma once

#include "async/async.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>

namespace kssedr {

/// Runs `loop` until `task` has ended and gives its result; what it throws is thrown.
template <class T>
T run(asio::io_context& loop, Task<T> task) {
    std::optional<T> result;
    std::exception_ptr thrown;
    asio::co_spawn(loop, std::move(task), [&](std::exception_ptr error, T value) {
        thrown = error;
        if (!error) result = std::move(value);
        loop.stop();
    });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    return *std::move(result);
}

}  // namespace kssedr
