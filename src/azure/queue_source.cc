#include "azure/queue_source.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

constexpr Duration call_limit = 30s;
// A queue may let whoever asks wait for a minute.
constexpr Duration receive_limit = 90s;
constexpr Duration shortest_pause = 1s;
constexpr Duration pause_after_failure_max = 60s;
constexpr Duration longest_asked_for = 5min;
constexpr Duration renew_again_after = 5s;
constexpr Duration giving_back_limit = 5s;
constexpr Duration count_every = 60s;
constexpr int acknowledged_times_max = 3;

}  // namespace

QueueSource::QueueSource(asio::any_io_executor executor, std::string name, std::unique_ptr<MessageQueue> queue,
                         Clock& clock, Random& random, Log& log)
    : name_(std::move(name)),
      queue_(std::move(queue)),
      clock_(clock),
      random_(random),
      log_(log),
      tasks_(std::move(executor), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {
    health_.since = clock.now();
}

// The work is a task of its own: when this is cancelled, what is held is given back all the same.
Task<void> QueueSource::run(ports::EventConsumer& consumer) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto const state = co_await asio::this_coro::cancellation_state;
    tasks_.spawn("work", work(consumer));
    Waiters never;
    while (state.cancelled() == asio::cancellation_type::none) {
        co_await never.wait();
    }
    tasks_.cancel();
    co_await tasks_.join();
    co_await give_back();
}

Task<void> QueueSource::work(ports::EventConsumer& consumer) {
    Duration pause = shortest_pause;
    for (;;) {
        while (held_.size() >= at_once_max) {
            co_await room_.wait();
        }
        auto const taken = co_await take_some(consumer);
        if (taken) {
            set_state(ports::SourceState::ready, {});
            co_await count_sometimes();
        } else {
            bool const is_unusable =
                taken.error().code() == Errc::permission_denied || taken.error().code() == Errc::invalid_argument;
            set_state(is_unusable ? ports::SourceState::unusable : ports::SourceState::retrying,
                      taken.error().message());
        }
        if (taken && *taken > 0) {
            pause = shortest_pause;
            continue;
        }
        auto const asked_for = taken ? std::nullopt : taken.error().retry_after();
        co_await clock_.sleep_for(
            std::max(jittered(pause), std::min(asked_for.value_or(Duration{}), longest_asked_for)));
        pause = std::min(pause * 2, taken ? queue_->longest_pause() : pause_after_failure_max);
    }
}

Async<std::size_t> QueueSource::take_some(ports::EventConsumer& consumer) {
    auto const at_most = std::min(width_, at_once_max - held_.size());
    // Only an answer shows that the queue can be read: where that is not known, it is not let wait long for a message.
    auto const limit = health_.state == ports::SourceState::ready ? receive_limit : call_limit;
    auto messages = co_await queue_->receive(at_most, clock_.steady_now() + limit);
    if (!messages) {
        // A message that nobody can read, or that is too long beside others, keeps back none but itself.
        if (messages.error().code() == Errc::corrupt) width_ = 1;
        co_return fail(std::move(messages).error());
    }
    if (!messages->empty()) width_ = std::min(width_ * 2, at_once_max);
    // What comes unasked has no room here; its lock ends, and it comes again.
    if (messages->size() > at_most) messages->resize(at_most);
    for (auto& message : *messages) {
        auto const place = held_.emplace(held_.end());
        place->message = std::move(message);
        tasks_.spawn("message", handle(consumer, place));
    }
    co_return messages->size();
}

Task<void> QueueSource::handle(ports::EventConsumer& consumer, std::list<Held>::iterator place) {
    co_await (take(consumer, *place) && keep_locked(*place));
    co_await acknowledge(place->message);
    held_.erase(place);
    room_.wake_all();
}

Task<void> QueueSource::take(ports::EventConsumer& consumer, Held& held) {
    std::string_view const view = held.message.body;
    co_await consumer.take(name_, std::span(&view, 1));
    held.is_done.open();
}

// A renewal that is under way is waited for: it may change the receipt.
Task<void> QueueSource::keep_locked(Held& held) {
    auto renew_at = clock_.steady_now() + queue_->renew_every();
    for (;;) {
        co_await held.is_done.wait(clock_, renew_at);
        if (held.is_done.is_open()) co_return;
        auto const renewed = co_await queue_->renew(held.message, clock_.steady_now() + call_limit);
        renew_at = clock_.steady_now() + (renewed ? queue_->renew_every() : renew_again_after);
        if (renewed || renewed.error().code() != Errc::not_found) continue;
        // Somebody else may have it too now; what is begun is finished, and ends as superseded there.
        log_.warn("queue.lock_lost", {{"source", name_}, {"why", renewed.error().message()}});
        co_return;
    }
}

// What cannot be acknowledged comes again, and is superseded.
Task<void> QueueSource::acknowledge(QueuedMessage const& message) {
    for (int times = 1;; ++times) {
        auto const done = co_await queue_->acknowledge(message, clock_.steady_now() + call_limit);
        if (done) co_return;
        if (done.error().code() == Errc::not_found || times == acknowledged_times_max) {
            log_.warn("queue.not_acknowledged", {{"source", name_}, {"why", done.error().message()}});
            co_return;
        }
        co_await clock_.sleep_for(jittered(shortest_pause));
    }
}

Task<void> QueueSource::give_back() {
    auto const until = clock_.steady_now() + giving_back_limit;
    for (auto const& held : held_) {
        if (clock_.steady_now() < until) {
            co_await queue_->give_back(held.message, until);
        }
    }
    held_.clear();
}

Task<void> QueueSource::count_sometimes() {
    if (clock_.steady_now() < count_again_at_) co_return;
    count_again_at_ = clock_.steady_now() + count_every;
    auto const counted = co_await queue_->count(clock_.steady_now() + call_limit);
    if (counted) health_.backlog = *counted;
}

Duration QueueSource::jittered(Duration span) {
    return span - Duration{random_.below(static_cast<std::uint64_t>(span.count() / 4 + 1))};
}

void QueueSource::set_state(ports::SourceState state, std::string reason) {
    if (health_.state != state) health_.since = clock_.now();
    health_.state = state;
    health_.reason = std::move(reason);
}

}  // namespace kssedr::azure
