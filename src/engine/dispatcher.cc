#include "engine/dispatcher.h"

#include "async/retry.h"

#include <fmt/format.h>

#include <algorithm>

namespace kssedr::engine {
namespace {

using rotation::OutcomeKind;

// Long enough for what Azure asks one to wait for, and for a rotation of somebody else to be waited out.
constexpr Duration longest_handling = std::chrono::minutes{15};
// As the function app's host does it (deploy/functions).
constexpr int attempts_max = 6;
constexpr Duration first_pause = std::chrono::seconds{10};
constexpr Duration longest_pause = std::chrono::minutes{5};

HandledEvent const* find_failed(std::vector<HandledEvent> const& handled) {
    auto const failed = std::ranges::find_if(
        handled, [](HandledEvent const& each) { return each.outcome.kind == OutcomeKind::failed; });
    return failed == handled.end() ? nullptr : &*failed;
}

}  // namespace

Dispatcher::Dispatcher(asio::any_io_executor executor, Intake& intake, Ledger& ledger, Clock& clock, Random& random,
                       Log& log, DispatcherLimits limits)
    : intake_(intake),
      ledger_(ledger),
      clock_(clock),
      random_(random),
      log_(log),
      limits_(limits),
      tasks_(std::move(executor), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {
}

bool Dispatcher::has_room(std::size_t bytes) const {
    return deliveries_ == 0 || (deliveries_ < limits_.deliveries && bytes_ + bytes <= limits_.bytes);
}

Task<void> Dispatcher::take(std::string_view source, std::span<std::string_view const> messages) {
    std::size_t bytes = 0;
    for (auto const message : messages) bytes += message.size();
    // Whoever is cancelled while it waits is woken, and thrown out by the next wait.
    while (stopping_.is_open() || !has_room(bytes)) {
        co_await room_.wait();
    }
    auto const delivery = std::make_shared<Delivery>(std::string(source));
    delivery->messages.assign(messages.begin(), messages.end());
    ++deliveries_;
    bytes_ += bytes;
    tasks_.spawn("delivery", handle(delivery, bytes));
    while (!delivery->is_done) {
        co_await delivery->done.wait();
    }
}

Task<void> Dispatcher::handle(std::shared_ptr<Delivery> delivery, std::size_t bytes) {
    delivery->is_done = co_await settle(*delivery);
    --deliveries_;
    bytes_ -= bytes;
    if (delivery->is_done) delivery->done.wake_all();
    room_.wake_all();
}

Task<bool> Dispatcher::settle(Delivery& delivery) {
    auto const deadline_of = [this] { return Budget{.deadline = clock_.steady_now() + longest_handling}; };
    std::vector<std::string_view> const messages(delivery.messages.begin(), delivery.messages.end());
    auto handled = co_await intake_.handle(messages, deadline_of());
    for (int attempt = 1; attempt < attempts_max; ++attempt) {
        auto const* const failed = find_failed(handled);
        if (failed == nullptr) break;
        log_.warn("dispatcher.again", {{"source", delivery.source},
                                       {"attempt", fmt::format("{}", attempt)},
                                       {"vault", failed->outcome.vault},
                                       {"secret", failed->outcome.secret},
                                       {"code", failed->outcome.code},
                                       {"reason", failed->outcome.reason}});
        auto const until = clock_.steady_now() + backoff(first_pause, longest_pause, attempt, random_);
        co_await stopping_.wait(clock_, until);
        if (stopping_.is_open()) co_return false;
        co_await intake_.handle_failed_again(handled, deadline_of());
    }
    std::vector<Settled> settled;
    settled.reserve(handled.size());
    for (auto& [event, outcome] : handled)
        settled.push_back({std::move(outcome), delivery.source, std::string(event.source)});
    co_await ledger_.keep(std::move(settled));
    co_return true;
}

void Dispatcher::stop() {
    stopping_.open();
}

Task<void> Dispatcher::join() {
    return tasks_.join();
}

}  // namespace kssedr::engine
