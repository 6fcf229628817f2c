/// Timeline: the one virtual time of a world, and all that is to happen in it, in order.
///
/// What is due at the same instant happens in the order it was asked for, so a world is a function of its seed alone.
/// A process's sleepers belong to its Life: when that ends, each of them is woken with `operation_aborted`, which
/// unwinds the coroutines as cancellation does; while it is paused, none of them wakes. One thread.

#pragma once

#include "async/async.h"
#include "base/time.h"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace kssedr::simulation {

/// One run of a process, from its start to its death.
class Life {
public:
    [[nodiscard]] bool is_over() const { return is_over_; }
    /// Nothing of the process runs until then.
    void pause_until(SteadyPoint when) { paused_until_ = std::max(paused_until_, when); }
    [[nodiscard]] SteadyPoint paused_until() const { return paused_until_; }

private:
    friend class Timeline;
    bool is_over_ = false;
    SteadyPoint paused_until_{};
    std::vector<std::uint32_t> sleepers_;  // places of its sleepers
};

class Timeline {
public:
    using Action = std::move_only_function<void()>;

    Timeline();
    ~Timeline();
    Timeline(Timeline const&) = delete;
    Timeline& operator=(Timeline const&) = delete;

    [[nodiscard]] SteadyPoint now() const { return now_; }
    [[nodiscard]] asio::io_context& loop() { return loop_; }

    /// Does it then, whoever lives or dies meanwhile. What is past is done as soon as possible, never inline.
    void at(SteadyPoint when, Action action);
    /// Completes then, or throws `operation_aborted` where the life ends before.
    Task<void> sleep_until(SteadyPoint when, Life& life);
    /// Ends a life: its coroutines unwind before anything else happens.
    void end(Life& life);

    /// Runs what is due until then; `stop()` cuts it short.
    void run_until(SteadyPoint when);
    void stop() { is_stopped_ = true; }
    void resume() { is_stopped_ = false; }

private:
    using Handler = asio::any_completion_handler<void(boost::system::error_code)>;

    struct Node {
        SteadyPoint when;
        std::uint64_t order;
        std::uint32_t place;
        /// The earliest on top of a heap.
        friend bool operator<(Node const& a, Node const& b) {
            return a.when != b.when ? a.when > b.when : a.order > b.order;
        }
    };
    struct Entry {
        std::uint64_t order = 0;   // of the node that stands for it; 0: free
        std::uint64_t ticket = 0;  // of this use of the place: a pause files it anew, a cancellation still finds it
        Handler handler;
        Action action;
        Life* life = nullptr;
        std::uint32_t index_in_life = 0;
        bool is_aborted = false;
    };

    std::uint32_t take_place();
    void push(SteadyPoint when, std::uint32_t place);
    void leave_life(Entry& entry);
    void abort(std::uint32_t place);
    void happen(Node const& node);
    void settle();

    template <class H>
    void add(SteadyPoint when, Life& life, H unerased) {
        auto const place = take_place();
        // Erased first: erasing puts a cancellation state of its own into the slot, over whatever was assigned there.
        Handler handler(std::move(unerased));
        auto slot = asio::get_associated_cancellation_slot(handler);
        auto& entry = entries_[place];
        entry.life = &life;
        entry.index_in_life = static_cast<std::uint32_t>(life.sleepers_.size());
        life.sleepers_.push_back(place);
        entry.is_aborted = life.is_over_;
        // Boost 1.81 wraps a handler that is assigned into itself without end.
        entry.handler.swap(handler);
        push(entry.is_aborted ? now_ : when, place);
        auto const ticket = entry.ticket = entry.order;
        if (!slot.is_connected()) return;
        slot.assign([this, place, ticket](asio::cancellation_type type) {
            if (type != asio::cancellation_type::none && entries_[place].ticket == ticket) abort(place);
        });
    }

    asio::io_context loop_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    SteadyPoint now_{};
    std::uint64_t orders_ = 0;
    std::vector<Node> heap_;
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> free_;
    bool is_stopped_ = false;
};

}  // namespace kssedr::simulation
