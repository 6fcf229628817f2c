#include "azure/amqp_event_hub.h"

#include "azure/amqp_failure.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view identity_audience = "https://eventhubs.azure.net";
constexpr std::string_view signature_type = "servicebus.windows.net:sastoken";
constexpr Duration signature_lifetime = 1h;
constexpr Duration signature_renewed_after = 45min;
// A token of Entra's comes with five minutes at least.
constexpr Duration token_renewed_after = 4min;
constexpr Duration renewal_limit = 30s;
constexpr int prefetch = 64;
// As Microsoft's own clients ask for it.
constexpr std::string_view websocket_path = "/$servicebus/websocket";
constexpr std::string_view websocket_protocol = "AMQPWSB10";

Error status_error(AmqpMessage const& answer, std::string_view doing) {
    auto const& properties = answer.application_properties;
    auto const status = AmqpMessage::number_of(properties, "status-code", 0);
    auto const text = AmqpMessage::text_of(properties, "status-description");
    auto condition = AmqpMessage::text_of(properties, "error-condition");
    if (condition.empty() && status == 401) condition = "amqp:unauthorized-access";
    if (condition.empty() && status == 404) condition = "amqp:not-found";
    return to_error({condition, fmt::format("{} {}", status, text.substr(0, 300))}, doing);
}

bool is_fine(AmqpMessage const& answer) {
    auto const status = AmqpMessage::number_of(answer.application_properties, "status-code", 0);
    return status >= 200 && status < 300;
}

}  // namespace

struct AmqpEventHub::Connected {
    Connected(asio::any_io_executor executor, Proton const& proton, Clock& clock, AmqpConnectionOptions options)
        : connection(std::move(executor), proton, clock, std::move(options)),
          cbs(connection, clock, "$cbs"),
          management(connection, clock, "$management") {}

    AmqpConnection connection;
    AmqpRequests cbs;
    AmqpRequests management;
    bool must_be_left = false;  // for another connection
    bool needs_token = false;
};

namespace {

class Reader final : public PartitionReader {
public:
    Reader(std::shared_ptr<void> keeps, AmqpConnection& connection, std::shared_ptr<AmqpLink> link, bool& must_be_left,
           bool& needs_token, Clock& clock, std::string doing)
        : keeps_(std::move(keeps)),
          connection_(connection),
          link_(std::move(link)),
          must_be_left_(must_be_left),
          needs_token_(needs_token),
          clock_(clock),
          doing_(std::move(doing)) {}
    Reader(Reader const&) = delete;
    Reader& operator=(Reader const&) = delete;
    ~Reader() override { connection_.close_with_session(*link_); }

    Async<std::vector<ReceivedEvent>> read(std::size_t most, SteadyPoint deadline) override {
        using namespace asio::experimental::awaitable_operators;
        while (link_->received.empty() && !link_->has_ended() && clock_.steady_now() < deadline) {
            co_await (link_->changed.wait() || clock_.sleep_until(deadline));
        }
        std::vector<ReceivedEvent> events;
        while (!link_->received.empty() && events.size() < most) {
            events.push_back(take_event(link_->received.front()));
            link_->received.pop_front();
            ++taken_;
        }
        // Half of it at once: a frame for each would be many.
        if (taken_ >= prefetch / 2) connection_.grant(*link_, std::exchange(taken_, 0));
        if (!events.empty() || !link_->has_ended()) co_return events;
        auto const recovery = recovery_of(link_->condition.name);
        must_be_left_ = must_be_left_ || recovery == AmqpRecovery::reconnect;
        needs_token_ = needs_token_ || link_->condition.name == "amqp:unauthorized-access";
        co_return fail(to_error(link_->condition, doing_));
    }

private:
    // What can not be understood is handed on as it came: somebody has to see it.
    ReceivedEvent take_event(std::string const& bytes) {
        ReceivedEvent event;
        if (auto message = parse_amqp_message(bytes)) {
            event.body = std::move(message->body);
            event.offset = AmqpMessage::text_of(message->annotations, "x-opt-offset");
            event.sequence = AmqpMessage::number_of(message->annotations, "x-opt-sequence-number", sequence_ + 1);
            event.enqueued = TimePoint{
                std::chrono::milliseconds{AmqpMessage::number_of(message->annotations, "x-opt-enqueued-time", 0)}};
        } else {
            event.body = bytes;
            event.sequence = sequence_ + 1;
        }
        sequence_ = event.sequence;
        return event;
    }

    std::shared_ptr<void> keeps_;
    AmqpConnection& connection_;
    std::shared_ptr<AmqpLink> link_;
    bool& must_be_left_;
    bool& needs_token_;
    Clock& clock_;
    std::string doing_;
    std::int64_t sequence_ = -1;
    int taken_ = 0;
};

}  // namespace

std::string format_selector(EventPosition const& position) {
    using Kind = EventPosition::Kind;
    switch (position.kind) {
    case Kind::latest: return "amqp.annotation.x-opt-offset > '@latest'";
    case Kind::after_offset: {
        // It is told by the service, and kept where others may write.
        std::string offset = position.offset;
        std::erase_if(offset, [](char c) { return c == '\'' || c == '\\' || c < ' '; });
        return "amqp.annotation.x-opt-offset > '" + offset + '\'';
    }
    case Kind::after_sequence: return fmt::format("amqp.annotation.x-opt-sequence-number > '{}'", position.sequence);
    case Kind::from_time:
        return fmt::format("amqp.annotation.x-opt-enqueued-time > '{}'", position.time.time_since_epoch() / 1ms);
    case Kind::earliest: break;
    }
    return "amqp.annotation.x-opt-offset > '-1'";
}

AmqpEventHub::AmqpEventHub(asio::any_io_executor executor, TokenSource& tokens, Clock& clock, Random& random,
                           AmqpEventHubOptions options)
    : executor_(executor),
      tokens_(tokens),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      tasks_(std::move(executor), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {
}

AmqpEventHub::~AmqpEventHub() = default;

std::string AmqpEventHub::resource() const {
    return "sb://" + options_.access.host + '/' + options_.access.hub;
}

Async<std::shared_ptr<AmqpEventHub::Connected>> AmqpEventHub::connected(SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    while (is_connecting_) {
        if (clock_.steady_now() >= deadline)
            co_return fail(Errc::unavailable, options_.access.host + " could not be connected to in time");
        co_await (connecting_.wait() || clock_.sleep_until(deadline));
    }
    bool const is_usable = connected_ && !connected_->connection.has_ended() && !connected_->must_be_left;
    if (is_usable && !connected_->needs_token) co_return connected_;
    struct Turn {
        explicit Turn(AmqpEventHub& of) : hub(of) { hub.is_connecting_ = true; }
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;
        ~Turn() {
            hub.is_connecting_ = false;
            hub.connecting_.wake_all();
        }
        AmqpEventHub& hub;
    };
    Turn const turn(*this);
    if (!is_usable) co_return co_await connect(deadline);
    KSSEDR_CO_TRY_VOID(co_await authorize(connected_, deadline));
    co_return connected_;
}

Async<std::shared_ptr<AmqpEventHub::Connected>> AmqpEventHub::connect(SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const* const proton, Proton::get());
    connected_.reset();
    co_await close_connections();
    auto const& access = options_.access;
    AmqpConnectionOptions options;
    options.at = {.host = access.host,
                  .port = access.port,
                  .uses_tls = !access.is_emulator,
                  .ca_file = options_.ca_file,
                  .connect_to = options_.connect_to};
    if (options_.uses_websocket) {
        options.at.websocket_path = websocket_path;
        options.at.websocket_protocol = websocket_protocol;
    }
    if (options_.signs_in_plainly) {
        options.user = access.key_name;
        options.password = access.key.clone();
    }
    options.host_name = access.host;
    options.container_id = "kssedr-" + random_.uuid();
    auto made = std::make_shared<Connected>(executor_, *proton, clock_, std::move(options));
    // A caller that is cancelled leaves it open: whoever comes next closes it, or `close`.
    unclosed_.push_back(made);
    auto opened = co_await made->connection.open(deadline);
    if (opened && !options_.signs_in_plainly) opened = co_await authorize(made, deadline);
    if (!opened) {
        co_await close_connections();
        co_return std::unexpected(opened.error());
    }
    connected_ = made;
    if (!options_.signs_in_plainly) tasks_.spawn("renewal", keep_authorized(made));
    co_return made;
}

Async<AmqpEventHub::PutToken> AmqpEventHub::make_token(SteadyPoint deadline) {
    auto const& access = options_.access;
    if (!access.key.empty())
        co_return PutToken{
            make_access_signature(resource(), access.key_name, access.key, clock_.now() + signature_lifetime),
            signature_type, signature_renewed_after};
    if (!access.signature.empty())
        co_return PutToken{access.signature.clone(), signature_type, signature_renewed_after};
    KSSEDR_CO_TRY(auto const token, co_await tokens_.bearer(std::string(identity_audience), deadline));
    co_return PutToken{token->clone(), "jwt", token_renewed_after};
}

Async<void> AmqpEventHub::authorize(std::shared_ptr<Connected> connected, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const token, co_await make_token(deadline));
    auto const name = resource();
    auto const answer = co_await connected->cbs.ask({{"operation", "put-token"}, {"name", name}, {"type", token.type}},
                                                    token.value.expose(), deadline);
    if (!answer) co_return std::unexpected(answer.error());
    if (!is_fine(*answer)) co_return fail(status_error(*answer, options_.access.host + " does not let us in"));
    connected->needs_token = false;
    co_return Result<void>();
}

// A connection that was left is not kept for it.
Task<void> AmqpEventHub::keep_authorized(std::weak_ptr<Connected> of) {
    auto const renew_after = options_.access.uses_identity() ? token_renewed_after : signature_renewed_after;
    for (;;) {
        co_await clock_.sleep_for(renew_after);
        auto const connected = of.lock();
        // The next connection has a renewal of its own.
        if (!connected || connected->connection.has_ended()) co_return;
        auto const renewed = co_await authorize(connected, clock_.steady_now() + renewal_limit);
        // The links end when the token does, and whoever opens them anew puts one.
        if (!renewed) connected->needs_token = true;
    }
}

Async<AmqpMessage> AmqpEventHub::read(std::string_view type, std::string_view partition, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const connection, co_await connected(deadline));
    KSSEDR_CO_TRY(auto const token, co_await make_token(deadline));
    auto const answer = co_await connection->management.ask({{"operation", "READ"},
                                                             {"name", options_.access.hub},
                                                             {"type", type},
                                                             {"partition", partition},
                                                             {"security_token", token.value.expose()}},
                                                            {}, deadline);
    if (!answer) co_return std::unexpected(answer.error());
    if (!is_fine(*answer)) co_return fail(status_error(*answer, "asking the event hub " + options_.access.hub));
    co_return *answer;
}

Async<std::vector<std::string>> AmqpEventHub::list_partitions(SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const answer, co_await read("com.microsoft:eventhub", {}, deadline));
    auto const* const ids = answer.value.find("partition_ids");
    if (ids == nullptr || ids->list() == nullptr || ids->list()->empty())
        co_return fail(Errc::corrupt, "the event hub " + options_.access.hub + " tells no partitions");
    std::vector<std::string> partitions;
    for (auto const& id : *ids->list())
        if (id.text() != nullptr) partitions.push_back(*id.text());
    co_return partitions;
}

Async<PartitionProperties> AmqpEventHub::describe(std::string partition, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const answer, co_await read("com.microsoft:partition", partition, deadline));
    co_return PartitionProperties{partition, AmqpMessage::number_of(answer.value, "begin_sequence_number", 0),
                                  AmqpMessage::number_of(answer.value, "last_enqueued_sequence_number", -1),
                                  AmqpMessage::text_of(answer.value, "last_enqueued_offset")};
}

Async<std::unique_ptr<PartitionReader>> AmqpEventHub::open(std::string partition, EventPosition from,
                                                           std::int64_t epoch, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto const connection, co_await connected(deadline));
    auto const doing = "reading partition " + partition + " of " + options_.access.hub;
    auto const session = connection->connection.open_session();
    auto const link = connection->connection.open_receiver(
        session, {.address = options_.access.hub + "/ConsumerGroups/" + options_.group + "/Partitions/" + partition,
                  .target = {},
                  .selector = format_selector(from),
                  .epoch = epoch,
                  .credit = prefetch});
    auto reader = std::make_unique<Reader>(connection, connection->connection, link, connection->must_be_left,
                                           connection->needs_token, clock_, doing);
    co_await connection->connection.wait_until_open(*link, deadline);
    if (link->has_ended()) {
        auto const read = co_await reader->read(1, deadline);
        co_return fail(read ? Error(Errc::unavailable, doing + ": the link was closed") : read.error());
    }
    if (!link->is_open) co_return fail(Errc::unavailable, doing + ": no answer came in time");
    co_return reader;
}

Task<void> AmqpEventHub::close() {
    tasks_.cancel();
    co_await tasks_.join();
    connected_.reset();
    co_await close_connections();
}

Task<void> AmqpEventHub::close_connections() {
    while (!unclosed_.empty()) {
        co_await unclosed_.front()->connection.close();
        unclosed_.pop_front();
    }
}

}  // namespace kssedr::azure
