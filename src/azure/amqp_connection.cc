#include "azure/amqp_connection.h"

#include "base/ascii.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace kssedr::azure {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t frame_max = 65'536;
// Event Hubs takes no more, and what stands around a message is little.
constexpr std::size_t message_max = std::size_t{1100} << 10U;
// Proton tells the peer half of it.
constexpr pn_millis_t idle_limit = 60'000;
constexpr Duration tick_every = 5s;
// What Event Hubs names the filter by.
constexpr std::uint64_t selector_code = 0x468C00000004;
constexpr std::string_view selector_name = "apache.org:selector-filter:string";

pn_bytes_t to_bytes(std::string_view text) {
    return {text.size(), text.data()};
}

}  // namespace

AmqpConnection::AmqpConnection(asio::any_io_executor executor, Proton const& proton, Clock& clock,
                               AmqpConnectionOptions options)
    : proton_(proton),
      clock_(clock),
      options_(std::move(options)),
      wire_(executor),
      tasks_(std::move(executor), [](std::string const&, std::exception_ptr error) { std::rethrow_exception(error); }) {
    proton_.pn_connection_driver_init(&driver_, nullptr, nullptr);
}

AmqpConnection::~AmqpConnection() {
    proton_.pn_connection_driver_destroy(&driver_);
}

Async<void> AmqpConnection::open(SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    auto const opened = co_await (wire_.open(options_.at) || clock_.sleep_until(deadline));
    if (opened.index() != 0)
        co_return fail(Errc::unavailable, options_.at.text() + " could not be connected to in time");
    if (auto const& wired = std::get<0>(opened); !wired) co_return std::unexpected(wired.error());
    auto* const sasl = proton_.pn_sasl(driver_.transport);
    proton_.pn_sasl_allowed_mechs(sasl, options_.user.empty() ? "ANONYMOUS" : "PLAIN");
    if (!options_.user.empty()) {
        // TLS is the wire's, which Proton does not know of.
        proton_.pn_sasl_set_allow_insecure_mechs(sasl, true);
        proton_.pn_connection_set_user(driver_.connection, options_.user.c_str());
        auto terminated = options_.password.clone();
        terminated.append(std::string_view("\0", 1));
        proton_.pn_connection_set_password(driver_.connection, terminated.expose().data());
    }
    proton_.pn_transport_set_max_frame(driver_.transport, frame_max);
    proton_.pn_transport_set_idle_timeout(driver_.transport, idle_limit);
    proton_.pn_connection_set_container(driver_.connection, options_.container_id.c_str());
    proton_.pn_connection_set_hostname(driver_.connection, options_.host_name.c_str());
    proton_.pn_connection_open(driver_.connection);
    process();
    tasks_.spawn("receiving", receive_bytes());
    tasks_.spawn("sending", send_bytes());
    tasks_.spawn("keep-alive", keep_alive());
    while (!is_open_ && !has_ended_ && clock_.steady_now() < deadline) {
        co_await (changed_.wait() || clock_.sleep_until(deadline));
    }
    if (is_open_ && !has_ended_) co_return Result<void>();
    if (!has_ended_) end({{}, "it was not opened in time"});
    bool const is_refused = condition_.name == "amqp:unauthorized-access";
    co_return fail(is_refused ? Errc::permission_denied : Errc::unavailable,
                   options_.at.text() + ": " + condition_.name + ' ' + condition_.text);
}

Task<void> AmqpConnection::close() {
    if (!has_ended_) {
        proton_.pn_connection_close(driver_.connection);
        process();
        // What is to be said at the end is said, if that is possible at once.
        auto const farewell = proton_.pn_connection_driver_write_buffer(&driver_);
        if (is_open_ && farewell.size > 0) {
            using namespace asio::experimental::awaitable_operators;
            co_await (writable_.wait() || clock_.sleep_for(100ms));
        }
        end({{}, "closed"});
    }
    tasks_.cancel();
    co_await tasks_.join();
}

AmqpConnection::Session AmqpConnection::open_session() {
    auto* const session = proton_.pn_session(driver_.connection);
    proton_.pn_session_open(session);
    return session;
}

std::shared_ptr<AmqpLink> AmqpConnection::add(pn_link_t* handle) {
    auto link = std::make_shared<AmqpLink>();
    if (has_ended_) {
        link->condition = condition_;
        return link;
    }
    link->handle = handle;
    links_[handle] = link;
    proton_.pn_link_open(handle);
    process();
    return link;
}

std::shared_ptr<AmqpLink> AmqpConnection::open_receiver(Session session, AmqpReceiverOptions const& options) {
    auto const name = options.address + '-' + std::to_string(++names_);
    auto* const handle = proton_.pn_receiver(session, name.c_str());
    auto* const source = proton_.pn_link_source(handle);
    proton_.pn_terminus_set_address(source, options.address.c_str());
    if (!options.target.empty())
        proton_.pn_terminus_set_address(proton_.pn_link_target(handle), options.target.c_str());
    if (!options.selector.empty()) {
        auto* const filter = proton_.pn_terminus_filter(source);
        proton_.pn_data_put_map(filter);
        proton_.pn_data_enter(filter);
        proton_.pn_data_put_symbol(filter, to_bytes(selector_name));
        proton_.pn_data_put_described(filter);
        proton_.pn_data_enter(filter);
        proton_.pn_data_put_ulong(filter, selector_code);
        proton_.pn_data_put_string(filter, to_bytes(options.selector));
        proton_.pn_data_exit(filter);
        proton_.pn_data_exit(filter);
    }
    if (options.epoch) {
        auto* const properties = proton_.pn_link_properties(handle);
        proton_.pn_data_put_map(properties);
        proton_.pn_data_enter(properties);
        proton_.pn_data_put_symbol(properties, to_bytes("com.microsoft:epoch"));
        proton_.pn_data_put_long(properties, *options.epoch);
        proton_.pn_data_exit(properties);
    }
    // How far one has come is a checkpoint's business, not the link's.
    proton_.pn_link_set_snd_settle_mode(handle, PN_SND_SETTLED);
    proton_.pn_link_set_rcv_settle_mode(handle, PN_RCV_FIRST);
    auto link = add(handle);
    if (options.credit > 0) grant(*link, options.credit);
    return link;
}

std::shared_ptr<AmqpLink> AmqpConnection::open_sender(Session session, std::string const& address) {
    auto const name = address + '-' + std::to_string(++names_);
    auto* const handle = proton_.pn_sender(session, name.c_str());
    proton_.pn_terminus_set_address(proton_.pn_link_target(handle), address.c_str());
    proton_.pn_terminus_set_address(proton_.pn_link_source(handle), name.c_str());
    proton_.pn_link_set_snd_settle_mode(handle, PN_SND_SETTLED);
    return add(handle);
}

Task<void> AmqpConnection::wait_until_open(AmqpLink& link, SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    while (!link.is_open && !link.has_ended() && clock_.steady_now() < deadline) {
        co_await (link.changed.wait() || clock_.sleep_until(deadline));
    }
}

void AmqpConnection::close_with_session(AmqpLink& link) {
    if (link.has_ended()) return;
    auto* const handle = std::exchange(link.handle, nullptr);
    links_.erase(handle);
    release(handle);
    process();
}

// With the last link of a session goes the session.
void AmqpConnection::release(pn_link_t* handle) {
    auto* const session = proton_.pn_link_session(handle);
    proton_.pn_link_close(handle);
    proton_.pn_link_free(handle);
    for (auto const& [other, link] : links_)
        if (proton_.pn_link_session(other) == session) return;
    proton_.pn_session_close(session);
    proton_.pn_session_free(session);
}

void AmqpConnection::grant(AmqpLink& link, int credit) {
    if (link.has_ended()) return;
    proton_.pn_link_flow(link.handle, credit);
    process();
}

Async<void> AmqpConnection::send(AmqpLink& link, std::string message, SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    while (!link.has_ended() && proton_.pn_link_credit(link.handle) <= 0) {
        if (clock_.steady_now() >= deadline)
            co_return fail(Errc::unavailable, options_.at.text() + ": nothing was let through in time");
        co_await (link.changed.wait() || clock_.sleep_until(deadline));
    }
    if (link.has_ended())
        co_return fail(Errc::unavailable, options_.at.text() + ": " + link.condition.name + ' ' + link.condition.text);
    auto const tag = std::to_string(++names_);
    auto* const delivery = proton_.pn_delivery(link.handle, proton_.pn_dtag(tag.data(), tag.size()));
    proton_.pn_link_send(link.handle, message.data(), message.size());
    wipe(message);
    proton_.pn_link_advance(link.handle);
    proton_.pn_delivery_settle(delivery);
    process();
    co_return Result<void>();
}

// ------------------------------------------------------------------------------------------------ bytes
Task<void> AmqpConnection::receive_bytes() {
    std::vector<char> room(frame_max);
    while (!has_ended_) {
        auto const [error, size] = co_await wire_.receive(room);
        if (error) {
            proton_.pn_connection_driver_read_close(&driver_);
            process();
            end({{}, "the connection was lost: " + error.message()});
            co_return;
        }
        feed({room.data(), size});
    }
}

void AmqpConnection::feed(std::string_view bytes) {
    while (!bytes.empty() && !has_ended_) {
        auto const room = proton_.pn_connection_driver_read_buffer(&driver_);
        if (room.size == 0) return end({{}, "more came than was let through"});
        auto const part = bytes.substr(0, room.size);
        std::ranges::copy(part, room.start);
        proton_.pn_connection_driver_read_done(&driver_, part.size());
        bytes.remove_prefix(part.size());
        process();
    }
    tick();
}

Task<void> AmqpConnection::send_bytes() {
    while (!has_ended_) {
        auto const waiting = proton_.pn_connection_driver_write_buffer(&driver_);
        if (waiting.size == 0) {
            co_await writable_.wait();
            continue;
        }
        std::string bytes(waiting.start, waiting.size);
        proton_.pn_connection_driver_write_done(&driver_, bytes.size());
        process();
        auto const error = co_await wire_.send(bytes);
        wipe(bytes);
        if (!error) continue;
        proton_.pn_connection_driver_write_close(&driver_);
        process();
        end({{}, "the connection was lost: " + error.message()});
    }
}

Task<void> AmqpConnection::keep_alive() {
    while (!has_ended_) {
        tick();
        co_await clock_.sleep_for(tick_every);
    }
}

void AmqpConnection::tick() {
    if (has_ended_) return;
    // From a base that is no zero: Proton takes that for "never".
    proton_.pn_transport_tick(driver_.transport, clock_.steady_now().since_start.count() + 1);
    process();
}

// ------------------------------------------------------------------------------------------------ what happens
void AmqpConnection::process() {
    while (auto* const event = proton_.pn_connection_driver_next_event(&driver_)) handle(event);
    writable_.wake_all();
}

AmqpCondition AmqpConnection::read(pn_condition_t* condition) const {
    if (condition == nullptr || !proton_.pn_condition_is_set(condition)) return {};
    auto const text = [](char const* given) { return escape_for_display(given == nullptr ? "" : given, 300); };
    return {text(proton_.pn_condition_get_name(condition)), text(proton_.pn_condition_get_description(condition))};
}

void AmqpConnection::handle(pn_event_t* event) {
    switch (proton_.pn_event_type(event)) {
    case PN_CONNECTION_REMOTE_OPEN:
        is_open_ = true;
        changed_.wake_all();
        break;
    case PN_CONNECTION_REMOTE_CLOSE: end(read(proton_.pn_connection_remote_condition(driver_.connection))); break;
    case PN_TRANSPORT_ERROR:
    case PN_TRANSPORT_CLOSED: end(read(proton_.pn_transport_condition(driver_.transport))); break;
    case PN_SESSION_REMOTE_CLOSE: {
        auto* const session = proton_.pn_event_session(event);
        end_links_of(session, read(proton_.pn_session_remote_condition(session)));
        break;
    }
    case PN_LINK_REMOTE_OPEN: {
        auto* const handle = proton_.pn_event_link(event);
        auto const place = links_.find(handle);
        if (place == links_.end()) break;
        // What is refused is opened without an end first, and closed with the reason then.
        auto* const end = proton_.pn_link_is_receiver(handle) ? proton_.pn_link_remote_source(handle)
                                                              : proton_.pn_link_remote_target(handle);
        place->second->is_open = proton_.pn_terminus_get_type(end) != PN_UNSPECIFIED;
        place->second->changed.wake_all();
        break;
    }
    case PN_LINK_REMOTE_CLOSE:
    case PN_LINK_REMOTE_DETACH: {
        auto* const handle = proton_.pn_event_link(event);
        end_link(handle, read(proton_.pn_link_remote_condition(handle)));
        break;
    }
    case PN_LINK_FLOW: {
        auto const place = links_.find(proton_.pn_event_link(event));
        if (place != links_.end()) place->second->changed.wake_all();
        break;
    }
    case PN_DELIVERY: take_delivery(proton_.pn_event_delivery(event)); break;
    default: break;
    }
}

void AmqpConnection::take_delivery(pn_delivery_t* delivery) {
    auto* const handle = proton_.pn_delivery_link(delivery);
    auto const place = links_.find(handle);
    if (place == links_.end() || !proton_.pn_link_is_receiver(handle)) return;
    auto& link = *place->second;
    std::array<char, 16'384> room{};
    for (ssize_t read = 0; (read = proton_.pn_link_recv(handle, room.data(), room.size())) > 0;) {
        // What is longer than any message is read and dropped.
        link.is_too_long = link.is_too_long || link.partial.size() + static_cast<std::size_t>(read) > message_max;
        if (!link.is_too_long) link.partial.append(room.data(), static_cast<std::size_t>(read));
    }
    if (proton_.pn_delivery_partial(delivery)) return;
    bool const is_whole = !proton_.pn_delivery_aborted(delivery) && !link.is_too_long;
    if (is_whole) link.received.push_back(std::move(link.partial));
    link.partial.clear();
    link.is_too_long = false;
    proton_.pn_link_advance(handle);
    proton_.pn_delivery_settle(delivery);
    link.changed.wake_all();
}

void AmqpConnection::end_link(pn_link_t* handle, AmqpCondition condition) {
    auto const place = links_.find(handle);
    if (place == links_.end()) return;
    auto const link = std::move(place->second);
    links_.erase(place);
    link->handle = nullptr;
    link->condition = std::move(condition);
    release(handle);
    link->changed.wake_all();
}

void AmqpConnection::end_links_of(pn_session_t* session, AmqpCondition const& condition) {
    std::vector<pn_link_t*> ended;
    for (auto const& [handle, link] : links_)
        if (proton_.pn_link_session(handle) == session) ended.push_back(handle);
    for (auto* const handle : ended) end_link(handle, condition);
}

void AmqpConnection::end(AmqpCondition condition) {
    if (std::exchange(has_ended_, true)) return;
    condition_ = std::move(condition);
    for (auto const& [handle, link] : std::exchange(links_, {})) {
        link->handle = nullptr;
        link->condition = condition_;
        link->changed.wake_all();
    }
    wire_.close();
    changed_.wake_all();
    writable_.wake_all();
}

}  // namespace kssedr::azure
