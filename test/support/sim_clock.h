/// SimClock: virtual time over an io_context.
///
/// `run()` alternates two steps until nothing is left to do: run every handler that is ready, then move the clock to
/// the earliest sleeper and wake it. Sleepers due at the same instant wake in the order they went to sleep, so a run is
/// a function of the program and its seed alone.

#pragma once

#include "async/clock.h"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdint>
#include <map>
#include <utility>

namespace kssedr::test {

class SimClock final : public Clock {
public:
    /// `start` is the date at steady time zero.
    explicit SimClock(asio::io_context& loop, TimePoint start) : loop_(loop), start_(start) {}

    [[nodiscard]] TimePoint now() const override { return start_ + now_.since_start; }
    [[nodiscard]] SteadyPoint steady_now() const override { return now_; }

    Task<void> sleep_until(SteadyPoint when) override {
        return asio::async_initiate<asio::use_awaitable_t<> const&, void(boost::system::error_code)>(
            [this, when](auto handler) { add(when, std::move(handler)); }, asio::use_awaitable);
    }

    /// Runs until every coroutine has finished or waits for something that is not time.
    void run() {
        for (;;) {
            loop_.restart();
            loop_.poll();
            if (sleepers_.empty()) break;
            auto node = sleepers_.extract(sleepers_.begin());
            now_ = std::max(now_, node.key().first);
            complete(std::move(node.mapped()), {});
        }
    }

private:
    using Handler = asio::any_completion_handler<void(boost::system::error_code)>;
    using Key = std::pair<SteadyPoint, std::uint64_t>;

    template <class H>
    void add(SteadyPoint when, H unerased) {
        Key const key{when, next_++};
        // Erased first: erasing puts a cancellation state of its own into the slot, over whatever was assigned there.
        Handler handler(std::move(unerased));
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            slot.assign([this, key](asio::cancellation_type type) {
                if (type == asio::cancellation_type::none) return;
                auto node = sleepers_.extract(key);
                if (node) complete(std::move(node.mapped()), asio::error::operation_aborted);
            });
        }
        sleepers_.emplace(key, std::move(handler));
    }

    void complete(Handler handler, boost::system::error_code error) {
        asio::post(loop_, asio::append(std::move(handler), error));
    }

    asio::io_context& loop_;
    TimePoint start_;
    SteadyPoint now_;
    std::uint64_t next_ = 0;
    std::map<Key, Handler> sleepers_;
};

}  // namespace kssedr::test
