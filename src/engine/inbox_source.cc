#include "engine/inbox_source.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <utility>

namespace kssedr::engine {
namespace {

constexpr Duration look_every = std::chrono::seconds{2};
constexpr Duration longest_call = std::chrono::seconds{30};
constexpr std::size_t at_once = 64;

}  // namespace

InboxSource::InboxSource(asio::any_io_executor executor, ports::Inbox& inbox, ports::OwnerLock& lock, Clock& clock,
                         Log& log)
    : inbox_(inbox),
      clock_(clock),
      leadership_(lock, clock, log, "inbox"),
      tasks_(std::move(executor), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {
    health_.since = clock.now();
}

Task<void> InboxSource::run(ports::EventConsumer& consumer) {
    using namespace asio::experimental::awaitable_operators;
    for (;;) {
        bool const is_ours = co_await leadership_.obtain();
        auto pause = ask_for_leadership_after;
        if (is_ours) {
            co_await hand_over(consumer);
            pause = look_every;
        } else {
            set_state(ports::SourceState::ready, {});
            newest_ = 0;
        }
        co_await (news_.wait() || clock_.sleep_for(pause));
    }
}

Task<bool> InboxSource::hand_over(ports::EventConsumer& consumer) {
    while (under_way_.size() < at_once) {
        auto page = co_await inbox_.list(newest_, at_once - under_way_.size(), clock_.steady_now() + longest_call);
        if (!page) {
            set_state(ports::SourceState::retrying, page.error().message());
            co_return false;
        }
        set_state(ports::SourceState::ready, {});
        if (page->empty()) {
            // What failed to be removed is seen again, and handed over once more.
            if (under_way_.empty()) newest_ = 0;
            co_return true;
        }
        for (auto& message : *page) {
            newest_ = std::max(newest_, message.id);
            under_way_.insert(message.id);
            tasks_.spawn("message", handle(consumer, std::move(message)));
        }
    }
    co_return true;
}

Task<void> InboxSource::handle(ports::EventConsumer& consumer, ports::AcceptedMessage message) {
    std::string_view const view = message.message;
    co_await consumer.take(message.source, std::span(&view, 1));
    auto const removed = co_await inbox_.remove({message.id}, clock_.steady_now() + longest_call);
    under_way_.erase(message.id);
    if (removed) news_.wake_all();
}

void InboxSource::set_state(ports::SourceState state, std::string reason) {
    if (health_.state != state) health_.since = clock_.now();
    health_.state = state;
    health_.reason = std::move(reason);
}

}  // namespace kssedr::engine
