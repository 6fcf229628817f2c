/// Trace: which trace (W3C Trace Context) a coroutine works for, without every call having to say so.
///
///   co_await traced(event.trace_parent, rotate(request));     …and far below:     trace_parent_here(executor)
///
/// The trace travels with the coroutine's executor, so whatever it awaits or spawns on that executor has it too.

#pragma once

#include "async/async.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kssedr {

/// A `traceparent` of version 00 in lower case, as it may be handed on; nothing else is one.
[[nodiscard]] bool is_trace_parent(std::string_view text);

/// The executor that it wraps, and a trace.
class TracedExecutor {
public:
    TracedExecutor(asio::any_io_executor inner, std::string trace_parent)
        : inner_(std::move(inner)), trace_parent_(std::make_shared<std::string const>(std::move(trace_parent))) {}

    [[nodiscard]] std::string const& trace_parent() const { return *trace_parent_; }

    template <class Work>
    void execute(Work&& work) const {
        inner_.execute(std::forward<Work>(work));
    }
    template <class Property>
        requires requires(asio::any_io_executor const& inner, Property const& property) { inner.query(property); }
    decltype(auto) query(Property const& property) const {
        return inner_.query(property);
    }
    template <class Property>
        requires requires(asio::any_io_executor const& inner, Property const& property) { inner.require(property); }
    TracedExecutor require(Property const& property) const {
        return {inner_.require(property), trace_parent_};
    }
    template <class Property>
        requires requires(asio::any_io_executor const& inner, Property const& property) { inner.prefer(property); }
    TracedExecutor prefer(Property const& property) const {
        return {inner_.prefer(property), trace_parent_};
    }
    friend bool operator==(TracedExecutor const& a, TracedExecutor const& b) noexcept {
        return a.inner_ == b.inner_ && a.trace_parent_ == b.trace_parent_;
    }

private:
    TracedExecutor(asio::any_io_executor inner, std::shared_ptr<std::string const> trace_parent)
        : inner_(std::move(inner)), trace_parent_(std::move(trace_parent)) {}

    asio::any_io_executor inner_;
    std::shared_ptr<std::string const> trace_parent_;
};

/// The trace that work on this executor belongs to; empty where there is none.
[[nodiscard]] std::string_view trace_parent_here(asio::any_io_executor const& executor);

/// Runs `task` as a part of a trace; without one, as it is.
template <class T>
Task<T> traced(std::string trace_parent, Task<T> task) {
    if (!is_trace_parent(trace_parent)) co_return co_await std::move(task);
    auto const executor = co_await asio::this_coro::executor;
    TracedExecutor const here(executor, std::move(trace_parent));
    co_return co_await asio::co_spawn(asio::any_io_executor(here), std::move(task), asio::use_awaitable);
}

}  // namespace kssedr
