/// TaskGroup: the only way to start a coroutine that outlives its caller's current expression.
///
/// A group owns its children. `cancel()` asks them to stop, `join()` returns when the last has. It must be
/// joined before it is destroyed; the destructor checks. Make it the last member of its class, so that whatever a child
/// may touch is declared before it:
///
///   right: Vault vault_;  TaskGroup tasks_;      wrong: TaskGroup tasks_;  Vault vault_;
///
/// One thread: a group is used on the event loop that it was made for.

#pragma once

#include "async/async.h"
#include "async/waiters.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <exception>
#include <functional>
#include <list>
#include <string>

namespace kssedr {

class TaskGroup {
public:
    /// Called with a child's name and what it threw; never with cancellation.
    using OnError = std::function<void(std::string const& child, std::exception_ptr)>;

    TaskGroup(asio::any_io_executor executor, OnError on_error);
    TaskGroup(TaskGroup const&) = delete;
    TaskGroup& operator=(TaskGroup const&) = delete;
    ~TaskGroup();

    /// Starts a child. After `cancel()` the body is dropped unstarted.
    void spawn(std::string name, Task<void> body);
    void cancel();
    Task<void> join();
    [[nodiscard]] std::size_t size() const { return children_.size(); }

private:
    struct Child {
        explicit Child(std::string n) : name(std::move(n)) {}
        std::string name;
        asio::cancellation_signal cancel;
    };

    void finished(std::list<Child>::iterator child, std::exception_ptr error);

    asio::any_io_executor executor_;
    Waiters idle_;
    OnError on_error_;
    std::list<Child> children_;
    bool cancelled_ = false;
};

}  // namespace kssedr
