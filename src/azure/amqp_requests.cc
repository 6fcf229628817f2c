#include "azure/amqp_requests.h"

#include "azure/amqp_failure.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace kssedr::azure {
namespace {

constexpr int credit = 10;
constexpr std::size_t first_size = 4096;
constexpr std::size_t size_max = std::size_t{256} << 10U;

pn_bytes_t to_bytes(std::string_view text) {
    return {text.size(), text.data()};
}

}  // namespace

Async<void> AmqpRequests::open(SteadyPoint deadline) {
    if (sender_ && !sender_->has_ended() && receiver_ && !receiver_->has_ended()) co_return Result<void>();
    // Of what is left of a pair nothing comes any more.
    for (auto const& link : {receiver_, sender_})
        if (link) connection_.close_with_session(*link);
    auto const session = connection_.open_session();
    receiver_ = connection_.open_receiver(session, {.address = node_, .target = node_ + "-answers", .credit = credit});
    sender_ = connection_.open_sender(session, node_);
    for (auto const& link : {receiver_, sender_}) {
        co_await connection_.wait_until_open(*link, deadline);
        if (link->has_ended()) co_return fail(to_error(link->condition, "opening " + node_));
        if (!link->is_open) co_return fail(Errc::unavailable, "opening " + node_ + ": no answer came in time");
    }
    co_return Result<void>();
}

std::string AmqpRequests::make_message(Properties properties, std::string_view body) const {
    auto const proton = Proton::get();
    auto const& pn = **proton;
    auto* const message = pn.pn_message();
    auto* const id = pn.pn_message_id(message);
    pn.pn_data_put_string(id, to_bytes(std::to_string(asked_)));
    pn.pn_message_set_address(message, node_.c_str());
    pn.pn_message_set_reply_to(message, (node_ + "-answers").c_str());
    auto* const map = pn.pn_message_properties(message);
    pn.pn_data_put_map(map);
    pn.pn_data_enter(map);
    for (auto const& [name, value] : properties) {
        pn.pn_data_put_string(map, to_bytes(name));
        pn.pn_data_put_string(map, to_bytes(value));
    }
    pn.pn_data_exit(map);
    pn.pn_data_put_string(pn.pn_message_body(message), to_bytes(body));
    std::string bytes;
    for (std::size_t room = first_size; room <= size_max; room *= 4) {
        bytes.resize(room);
        std::size_t size = room;
        if (pn.pn_message_encode(message, bytes.data(), &size) != 0) continue;
        bytes.resize(size);
        break;
    }
    pn.pn_message_free(message);
    return bytes;
}

Async<AmqpMessage> AmqpRequests::ask(Properties properties, std::string_view body, SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    while (is_busy_) {
        if (clock_.steady_now() >= deadline) co_return fail(Errc::unavailable, node_ + ": others ask, for too long");
        co_await (turn_.wait() || clock_.sleep_until(deadline));
    }
    // Given back too where whoever asks is cancelled.
    struct Turn {
        explicit Turn(AmqpRequests& of) : requests(of) { requests.is_busy_ = true; }
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;
        ~Turn() {
            requests.is_busy_ = false;
            requests.turn_.wake_all();
        }
        AmqpRequests& requests;
    };
    Turn const turn(*this);
    ++asked_;
    auto message = make_message(properties, body);
    co_return co_await exchange(std::move(message), deadline);
}

Async<AmqpMessage> AmqpRequests::exchange(std::string message, SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    KSSEDR_CO_TRY_VOID(co_await open(deadline));
    KSSEDR_CO_TRY_VOID(co_await connection_.send(*sender_, std::move(message), deadline));
    auto const id = std::to_string(asked_);
    for (;;) {
        while (!receiver_->received.empty()) {
            auto const bytes = std::move(receiver_->received.front());
            receiver_->received.pop_front();
            connection_.grant(*receiver_, 1);
            KSSEDR_CO_TRY(auto answer, parse_amqp_message(bytes));
            // An answer to what was given up before is nobody's.
            if (answer.correlation_id == id) co_return answer;
        }
        if (receiver_->has_ended()) co_return fail(to_error(receiver_->condition, "asking " + node_));
        if (clock_.steady_now() >= deadline) co_return fail(Errc::unavailable, node_ + ": no answer came in time");
        co_await (receiver_->changed.wait() || clock_.sleep_until(deadline));
    }
}

}  // namespace kssedr::azure
