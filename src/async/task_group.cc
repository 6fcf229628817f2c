#include "async/task_group.h"

#include "base/check.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

namespace kssedr {

TaskGroup::TaskGroup(asio::any_io_executor executor, OnError on_error)
    : executor_(std::move(executor)), on_error_(std::move(on_error)) {}

TaskGroup::~TaskGroup() {
    KSSEDR_CHECK(children_.empty(), "a task group was destroyed before it was joined");
}

void TaskGroup::spawn(std::string name, Task<void> body) {
    if (cancelled_) return;
    auto const child = children_.emplace(children_.end(), std::move(name));
    asio::co_spawn(executor_, std::move(body),
                   asio::bind_cancellation_slot(child->cancel.slot(),
                                                [this, child](std::exception_ptr error) { finished(child, error); }));
}

void TaskGroup::cancel() {
    cancelled_ = true;
    // A child may finish inside emit() and leave the list.
    for (auto child = children_.begin(); child != children_.end();) {
        auto const next = std::next(child);
        child->cancel.emit(asio::cancellation_type::all);
        child = next;
    }
}

Task<void> TaskGroup::join() {
    while (!children_.empty()) {
        co_await idle_.wait();
    }
}

void TaskGroup::finished(std::list<Child>::iterator child, std::exception_ptr error) {
    std::string const name = std::move(child->name);
    children_.erase(child);
    if (error && !cancelled_) on_error_(name, error);
    if (children_.empty()) idle_.wake_all();
}

}  // namespace kssedr
