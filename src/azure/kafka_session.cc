#include "azure/kafka_session.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace kssedr::azure {
namespace {

// What is served before others on the event loop have their turn.
constexpr int most_at_once = 256;
// librdkafka asks anew after four fifths of it; a token that is given out lives longer.
constexpr Duration token_life = std::chrono::minutes{5};
constexpr Duration longest_token_call = std::chrono::seconds{30};

void rethrow(std::string const&, std::exception_ptr error) {
    std::rethrow_exception(error);
}

}  // namespace

KafkaSession::KafkaSession(asio::any_io_executor executor, KafkaConsumer& client, std::string name,
                           ports::EventConsumer& consumer, KafkaHealth& health, Clock& clock, Log& log,
                           KafkaLimits limits)
    : client_(client),
      kafka_(client.library()),
      name_(std::move(name)),
      consumer_(consumer),
      health_(health),
      clock_(clock),
      log_(log),
      limits_(limits),
      wake_(executor, client.wake_descriptor()),
      tasks_(executor, rethrow),
      takes_(executor, rethrow) {}

KafkaSession::~KafkaSession() {
    wake_.release();  // it is the client's
}

void KafkaSession::sign_in_with(TokenSource& tokens, std::string audience) {
    tokens_ = &tokens;
    audience_ = std::move(audience);
}

Task<void> KafkaSession::run() {
    auto const never = [] { return false; };
    co_await pump(never, SteadyPoint::max());
}

Task<void> KafkaSession::close() {
    is_closing_ = true;
    auto const deadline = clock_.steady_now() + limits_.close_within;
    takes_.cancel();
    tasks_.cancel();
    co_await takes_.join();
    co_await tasks_.join();
    if (asked_back_) finish_giving_back();
    client_.begin_close();
    auto const is_closed = [this] { return client_.is_closed(); };
    co_await pump(is_closed, deadline);
    if (client_.is_closed()) co_return;
    client_.abandon();
    log_.warn("kafka.not_left", {{"source", name_}});
}

Task<void> KafkaSession::pump(std::function<bool()> is_done, SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    for (;;) {
        client_.clear_wake();
        bool const has_more = serve();
        auto const now = clock_.steady_now();
        if (is_done() || now >= deadline) co_return;
        if (has_more) {
            co_await asio::post(asio::use_awaitable);
            continue;
        }
        // It must be asked now and then, also where nothing happens.
        auto const again = std::min(deadline, now + limits_.look_every);
        co_await (wake_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable) ||
                  clock_.sleep_until(again));
    }
}

bool KafkaSession::serve() {
    for (int served = 0; served < most_at_once; ++served) {
        if (auto event = client_.next_event()) {
            on_event(std::move(event));
            continue;
        }
        if (is_closing_ || !has_room()) return false;
        auto event = client_.next_message();
        if (!event) return false;
        on_event(std::move(event));
    }
    return true;
}

void KafkaSession::on_event(KafkaEvent event) {
    switch (kafka_.rd_kafka_event_type(event.get())) {
    case RD_KAFKA_EVENT_FETCH: on_message(std::move(event)); break;
    case RD_KAFKA_EVENT_REBALANCE: on_rebalance(std::move(event)); break;
    case RD_KAFKA_EVENT_OFFSET_COMMIT: on_commit_answered(event.get()); break;
    case RD_KAFKA_EVENT_ERROR: on_error(event.get()); break;
    case RD_KAFKA_EVENT_LOG: on_log(event.get()); break;
    case RD_KAFKA_EVENT_STATS: on_statistics(event.get()); break;
    case RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH:
        if (tokens_ != nullptr) tasks_.spawn("token", fetch_token());
        break;
    default: break;
    }
}

void KafkaSession::on_error(rd_kafka_event_t* event) {
    auto const code = kafka_.rd_kafka_event_error(event);
    std::string_view const text = kafka_.rd_kafka_event_error_string(event);
    if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION) {
        // Said by `fetch_token` already, and better.
        if (text.contains("acquire SASL OAUTHBEARER token")) return;
        if (token_ != nullptr) tokens_->reject(audience_, std::exchange(token_, nullptr));
    }
    health_.on_error(code, text, clock_.now());
}

void KafkaSession::on_log(rd_kafka_event_t* event) {
    char const* facility = "";
    char const* text = "";
    int level = 0;
    if (!log_.keeps(LogLevel::debug) || kafka_.rd_kafka_event_log(event, &facility, &text, &level) != 0) return;
    log_.debug("kafka.said", {{"source", name_}, {"about", facility}, {"said", to_shown_text(text)}});
}

void KafkaSession::on_statistics(rd_kafka_event_t* event) {
    auto const told = parse_kafka_statistics(kafka_.rd_kafka_event_stats(event));
    if (told) health_.on_statistics(*told, clock_.now());
}

Task<void> KafkaSession::fetch_token() {
    auto token = co_await tokens_->bearer(audience_, clock_.steady_now() + longest_token_call);
    auto set = token ? client_.set_token(**token, clock_.now() + token_life) : Result<void>(fail(token.error()));
    if (set) {
        token_ = *std::move(token);
        co_return;
    }
    client_.say_no_token(set.error().message());  // librdkafka asks again in ten seconds
    bool const may_pass = is_retryable(set.error().code()) || set.error().code() == Errc::deadline_exceeded;
    health_.on_failure(may_pass ? ports::SourceState::retrying : ports::SourceState::unusable, set.error().message(),
                       clock_.now());
}

bool KafkaSession::has_room() const {
    return messages_ < limits_.messages && bytes_ < limits_.bytes;
}

void KafkaSession::on_message(KafkaEvent event) {
    auto const* const message = kafka_.rd_kafka_event_message_next(event.get());
    if (message == nullptr) return;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        health_.on_error(message->err, kafka_.rd_kafka_err2str(message->err), clock_.now());
        return;
    }
    auto const found = partitions_.find(message->partition);
    // Of a partition that was taken away meanwhile; whoever has it now gets the message too.
    if (found == partitions_.end() || found->second->is_leaving) return;
    // No value is an empty one: it is no event either way.
    std::string_view const value =
        message->payload == nullptr ? "" : std::string_view(static_cast<char const*>(message->payload), message->len);
    ++messages_;
    bytes_ += value.size();
    auto const ticket = found->second->positions.hand_out(message->offset);
    takes_.spawn("message", hand_over(found->second, ticket, std::move(event), value));
}

Task<void> KafkaSession::hand_over(std::shared_ptr<Partition> partition, Positions::Ticket ticket, KafkaEvent event,
                                   std::string_view value) {
    auto const size = value.size();
    co_await consumer_.take(name_, std::span(&value, 1));
    event.reset();
    if (!has_room()) client_.wake();
    --messages_;
    bytes_ -= size;
    if (partition->positions.complete(ticket)) store(*partition);
    taken_.wake_all();
}

}  // namespace kssedr::azure
