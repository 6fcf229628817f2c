/// AmqpConnection: one connection of AMQP 1.0, and the links on it; Qpid Proton between a Wire and whoever reads.
///
/// Everything that waits is woken by what arrives, by the end of the connection, or by its deadline. An end is final:
/// whoever needs another connection makes one. Source: OASIS AMQP 1.0; Proton's connection driver.

#pragma once

#include "async/clock.h"
#include "async/task_group.h"
#include "async/waiters.h"
#include "async/wire.h"
#include "azure/amqp_library.h"
#include "base/secret_string.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace kssedr::azure {

/// What a peer says when it ends something.
struct AmqpCondition {
    std::string name;  ///< `amqp:link:stolen`; empty: none was told
    std::string text;
};

struct AmqpConnectionOptions {
    WireAddress at;
    std::string host_name;     ///< as AMQP's `open` tells it
    std::string container_id;  ///< who we are
    std::string user;          ///< SASL PLAIN; empty: ANONYMOUS
    SecretString password;
};

/// One link. Its connection may end before it.
struct AmqpLink {
    pn_link_t* handle = nullptr;  ///< null: it has ended
    bool is_open = false;
    AmqpCondition condition;           ///< why it has ended
    std::deque<std::string> received;  ///< whole messages, oldest first
    std::string partial;               ///< of the one that is arriving
    bool is_too_long = false;
    Waiters changed;

    [[nodiscard]] bool has_ended() const { return handle == nullptr; }
};

struct AmqpReceiverOptions {
    std::string address;
    std::string target;    ///< our end's name, for answers; empty: none
    std::string selector;  ///< an expression; empty: none
    std::optional<std::int64_t> epoch;
    int credit = 0;  ///< at the beginning
};

class AmqpConnection {
public:
    AmqpConnection(asio::any_io_executor executor, Proton const& proton, Clock& clock, AmqpConnectionOptions options);
    ~AmqpConnection();
    AmqpConnection(AmqpConnection const&) = delete;
    AmqpConnection& operator=(AmqpConnection const&) = delete;

    /// `unavailable`, or `permission_denied` where SASL refuses us.
    Async<void> open(SteadyPoint deadline);
    /// Ends it at once. To be awaited before it is destroyed, once it was opened.
    Task<void> close();

    [[nodiscard]] bool has_ended() const { return has_ended_; }
    [[nodiscard]] AmqpCondition const& condition() const { return condition_; }

    using Session = pn_session_t*;
    [[nodiscard]] Session open_session();
    std::shared_ptr<AmqpLink> open_receiver(Session session, AmqpReceiverOptions const& options);
    std::shared_ptr<AmqpLink> open_sender(Session session, std::string const& address);
    /// Completes when it is open, has ended, or at the deadline.
    Task<void> wait_until_open(AmqpLink& link, SteadyPoint deadline);
    /// Closes a link, and its session where that has no other.
    void close_with_session(AmqpLink& link);
    /// Lets so many more arrive.
    void grant(AmqpLink& link, int credit);
    /// Sends one whole message; `unavailable` where the peer lets none through by the deadline.
    Async<void> send(AmqpLink& link, std::string message, SteadyPoint deadline);

private:
    Task<void> receive_bytes();
    Task<void> send_bytes();
    Task<void> keep_alive();
    void feed(std::string_view bytes);
    void process();
    void handle(pn_event_t* event);
    void take_delivery(pn_delivery_t* delivery);
    void release(pn_link_t* handle);
    void end_link(pn_link_t* handle, AmqpCondition condition);
    void end_links_of(pn_session_t* session, AmqpCondition const& condition);
    void end(AmqpCondition condition);
    [[nodiscard]] AmqpCondition read(pn_condition_t* condition) const;
    void tick();
    std::shared_ptr<AmqpLink> add(pn_link_t* handle);

    Proton const& proton_;
    Clock& clock_;
    AmqpConnectionOptions options_;
    Wire wire_;
    pn_connection_driver_t driver_{};
    bool is_open_ = false;
    bool has_ended_ = false;
    AmqpCondition condition_;
    std::map<pn_link_t*, std::shared_ptr<AmqpLink>> links_;
    std::uint64_t names_ = 0;
    Waiters changed_;
    Waiters writable_;
    TaskGroup tasks_;
};

}  // namespace kssedr::azure
