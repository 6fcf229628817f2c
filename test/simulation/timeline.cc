#include "timeline.h"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace kssedr::simulation {

// One thread: the loop needs no locks.
Timeline::Timeline() : loop_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE), work_(loop_.get_executor()) {}

Timeline::~Timeline() = default;

void Timeline::at(SteadyPoint when, Action action) {
    auto const place = take_place();
    entries_[place].action = std::move(action);
    push(std::max(when, now_), place);
}

Task<void> Timeline::sleep_until(SteadyPoint when, Life& life) {
    return asio::async_initiate<asio::use_awaitable_t<> const&, void(boost::system::error_code)>(
        [this, when, &life](auto handler) { add(std::max(when, now_), life, std::move(handler)); },
        asio::use_awaitable);
}

void Timeline::end(Life& life) {
    life.is_over_ = true;
    // Aborting only files them anew, at this instant.
    for (auto const place : std::vector(life.sleepers_)) abort(place);
    settle();
}

void Timeline::run_until(SteadyPoint when) {
    settle();
    while (!is_stopped_ && !heap_.empty() && heap_.front().when <= when) {
        std::ranges::pop_heap(heap_, std::less<>());
        Node const node = heap_.back();
        heap_.pop_back();
        happen(node);
        loop_.poll();
    }
    if (!is_stopped_) now_ = std::max(now_, when);
}

void Timeline::settle() {
    loop_.poll();
}

std::uint32_t Timeline::take_place() {
    if (free_.empty()) {
        entries_.emplace_back();
        return static_cast<std::uint32_t>(entries_.size() - 1);
    }
    auto const place = free_.back();
    free_.pop_back();
    return place;
}

void Timeline::push(SteadyPoint when, std::uint32_t place) {
    entries_[place].order = ++orders_;
    heap_.push_back({when, orders_, place});
    std::ranges::push_heap(heap_, std::less<>());
}

void Timeline::leave_life(Entry& entry) {
    auto& sleepers = entry.life->sleepers_;
    auto const last = sleepers.back();
    sleepers[entry.index_in_life] = last;
    entries_[last].index_in_life = entry.index_in_life;
    sleepers.pop_back();
}

void Timeline::abort(std::uint32_t place) {
    entries_[place].is_aborted = true;
    push(now_, place);  // the node that stood for it means nothing any more
}

void Timeline::happen(Node const& node) {
    auto& entry = entries_[node.place];
    if (entry.order != node.order) return;
    now_ = std::max(now_, node.when);
    if (entry.life != nullptr && !entry.is_aborted && entry.life->paused_until() > now_) {
        push(entry.life->paused_until(), node.place);
        return;
    }
    Handler handler;
    handler.swap(entry.handler);
    auto action = std::exchange(entry.action, nullptr);
    bool const is_aborted = std::exchange(entry.is_aborted, false);
    if (entry.life != nullptr) leave_life(entry);
    entry.life = nullptr;
    entry.order = entry.ticket = 0;
    free_.push_back(node.place);
    if (action) action();
    if (handler) std::move(handler)(is_aborted ? asio::error::operation_aborted : boost::system::error_code());
}

}  // namespace kssedr::simulation
