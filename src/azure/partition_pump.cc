#include "azure/partition_pump.h"

#include "async/retry.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t events_of_batch = 64;
constexpr std::size_t batches_at_once = 4;
constexpr std::size_t bytes_at_once = std::size_t{8} << 20U;
constexpr Duration opening_limit = 60s;
constexpr Duration waiting_limit = 60s;
constexpr Duration checkpoint_limit = 30s;
constexpr Duration checkpoint_every = 1s;
constexpr Duration backlog_every = 60s;
constexpr Duration first_pause = 1s;
constexpr Duration longest_pause = 30s;
// What only a person can mend may have been mended.
constexpr Duration unusable_pause = 60s;

}  // namespace

PartitionPump::PartitionPump(asio::any_io_executor executor, EventHubClient& client, ports::Checkpoints& checkpoints,
                             ports::EventConsumer& consumer, Clock& clock, Random& random, Log& log,
                             PumpOptions const& options, std::string partition)
    : client_(client),
      checkpoints_(checkpoints),
      consumer_(consumer),
      clock_(clock),
      random_(random),
      log_(log),
      options_(options),
      partition_(std::move(partition)),
      tasks_(std::move(executor), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {
}

void PartitionPump::start(std::optional<ports::Checkpoint> from) {
    if (from && !from->offset.empty())
        next_ = {EventPosition::Kind::after_offset, from->offset, from->sequence.value_or(-1), {}};
    else if (from && from->sequence)
        next_ = {EventPosition::Kind::after_sequence, {}, *from->sequence, {}};
    tasks_.spawn("reading", read());
    tasks_.spawn("checkpoint", keep_checkpoint());
    tasks_.spawn("backlog", watch_backlog());
}

Task<void> PartitionPump::stop(Ownership ownership, SteadyPoint deadline) {
    tasks_.cancel();
    co_await tasks_.join();
    if (ownership == Ownership::is_kept && clock_.steady_now() < deadline) {
        co_await write_checkpoint(deadline);
    }
}

EventPosition PartitionPump::next_position() const {
    return next_.value_or(options_.start);
}

Task<void> PartitionPump::read() {
    for (;;) {
        auto ended = co_await settle_latest();
        if (ended) {
            ended = co_await read_from(next_position());
        }
        bool const goes_on = co_await may_go_on(ended.error());
        if (!goes_on) co_return;
        // What was handed out and is not done with is handed out again only where it was not done with by then.
        auto const pause = is_unusable_ ? unusable_pause : backoff(first_pause, longest_pause, ++failures_, random_);
        co_await clock_.sleep_for(pause);
    }
}

Async<void> PartitionPump::settle_latest() {
    if (next_position().kind != EventPosition::Kind::latest) co_return Result<void>();
    KSSEDR_CO_TRY(auto const told, co_await client_.describe(partition_, clock_.steady_now() + opening_limit));
    if (told.last_sequence < 0) {
        next_ = EventPosition{};
        co_return Result<void>();
    }
    next_ = {EventPosition::Kind::after_offset, told.last_offset, told.last_sequence, {}};
    // Kept as if it had been read, for whoever goes on here.
    if (positions_.complete(positions_.hand_out({told.last_offset, told.last_sequence}))) advanced_.wake_all();
    co_return Result<void>();
}

Async<void> PartitionPump::read_from(EventPosition from) {
    auto reader = co_await client_.open(partition_, std::move(from), 0, clock_.steady_now() + opening_limit);
    if (!reader) co_return std::unexpected(reader.error());
    trouble_.clear();
    is_unusable_ = was_denied_ = false;
    for (;;) {
        while (batches_ >= batches_at_once || bytes_ >= bytes_at_once) {
            co_await room_.wait();
        }
        auto events = co_await (*reader)->read(events_of_batch, clock_.steady_now() + waiting_limit);
        if (!events) co_return std::unexpected(events.error());
        failures_ = 0;
        if (events->empty()) continue;
        next_ = {EventPosition::Kind::after_offset, events->back().offset, events->back().sequence, {}};
        ++batches_;
        tasks_.spawn("batch", hand_over(*std::move(events)));
    }
}

Task<void> PartitionPump::hand_over(std::vector<ReceivedEvent> events) {
    std::size_t bytes = 0;
    std::vector<std::string_view> messages;
    for (auto const& event : events) {
        messages.push_back(event.body);
        bytes += event.body.size();
    }
    bytes_ += bytes;
    auto const ticket = positions_.hand_out({events.back().offset, events.back().sequence});
    co_await consumer_.take(options_.source, messages);
    bytes_ -= bytes;
    --batches_;
    if (positions_.complete(ticket)) advanced_.wake_all();
    room_.wake_all();
}

Task<void> PartitionPump::keep_checkpoint() {
    for (;;) {
        if (!has_advanced()) {
            co_await advanced_.wait();
            continue;
        }
        co_await write_checkpoint(clock_.steady_now() + checkpoint_limit);
        co_await clock_.sleep_for(checkpoint_every);
    }
}

bool PartitionPump::has_advanced() const {
    auto const& reached = positions_.contiguous();
    return !was_stolen_ && reached && reached != written_;
}

Task<void> PartitionPump::write_checkpoint(SteadyPoint deadline) {
    if (!has_advanced()) co_return;
    auto const reached = *positions_.contiguous();
    auto const written =
        co_await checkpoints_.update(options_.stream, {partition_, reached.offset, reached.sequence}, deadline);
    if (written) {
        written_ = reached;
        is_checkpoint_late_ = false;
        co_return;
    }
    // Nothing is lost by it: what comes after the checkpoint comes again.
    if (!std::exchange(is_checkpoint_late_, true))
        log_.warn("event_hub.checkpoint_not_written",
                  {{"source", options_.source}, {"partition", partition_}, {"why", written.error().message()}});
}

Task<void> PartitionPump::watch_backlog() {
    for (;;) {
        auto const told = co_await client_.describe(partition_, clock_.steady_now() + opening_limit);
        if (told) {
            auto const& reached = positions_.contiguous();
            auto const done = reached ? reached->sequence : next_ ? next_->sequence : told->first_sequence - 1;
            backlog_ = static_cast<std::uint64_t>(std::max<std::int64_t>(told->last_sequence - done, 0));
        }
        co_await clock_.sleep_for(backlog_every);
    }
}

Task<bool> PartitionPump::may_go_on(Error const& error) {
    trouble_ = "partition " + partition_ + ": " + error.message();
    is_unusable_ = false;
    switch (error.code()) {
    case Errc::conflict: was_stolen_ = true; co_return false;
    case Errc::invalid_argument: {
        bool const is_found = co_await find_position_again();
        is_unusable_ = !is_found;
        break;
    }
    // A token may just have ended: the first time another one is tried.
    case Errc::permission_denied: is_unusable_ = std::exchange(was_denied_, true); break;
    case Errc::not_found: is_unusable_ = true; break;
    default: break;
    }
    log_.warn("event_hub.partition_lost",
              {{"source", options_.source}, {"partition", partition_}, {"why", error.message()}});
    co_return true;
}

// The position is of another kind than the hub's offsets, or lies past the end.
Task<bool> PartitionPump::find_position_again() {
    auto const told = co_await client_.describe(partition_, clock_.steady_now() + opening_limit);
    if (!told) co_return true;  // it is asked again
    if (!next_) co_return false;
    bool const is_past_the_end = next_->sequence > told->last_sequence;
    if (!is_past_the_end && next_->kind == EventPosition::Kind::after_offset && next_->sequence >= 0) {
        next_ = {EventPosition::Kind::after_sequence, {}, next_->sequence, {}};
        co_return true;
    }
    log_.error("event_hub.position_lost", {{"source", options_.source},
                                           {"partition", partition_},
                                           {"checkpoint", fmt::format("{}", next_->sequence)},
                                           {"first", fmt::format("{}", told->first_sequence)},
                                           {"last", fmt::format("{}", told->last_sequence)}});
    if (options_.on_lost_position == OnLostPosition::stop) {
        trouble_ +=
            "; the checkpoint lies past the end: was the hub made anew? Set on_lost_position, or remove the "
            "checkpoint";
        co_return false;
    }
    next_ = {options_.on_lost_position == OnLostPosition::latest ? EventPosition::Kind::latest
                                                                 : EventPosition::Kind::earliest,
             {},
             -1,
             {}};
    co_return true;
}

}  // namespace kssedr::azure
