/// AmqpEventHub: an event hub over AMQP 1.0.
///
/// One connection for all partitions, a session and a link for each. What is asked when there is no connection makes
/// one; a connection that was lost ends its readers, and the next question makes another. The token is put again before
/// it ends, on the same connection. Event loop thread only.

#pragma once

#include "azure/amqp_requests.h"
#include "azure/event_hub_access.h"
#include "azure/event_hub_client.h"
#include "azure/token_source.h"
#include "base/random.h"

#include <list>
#include <memory>
#include <string>

namespace kssedr::azure {

struct AmqpEventHubOptions {
    EventHubAccess access;
    std::string group = "$Default";
    std::string ca_file;            ///< PEM; empty: the system's bundle
    std::string connect_to;         ///< an address in place of what the host's name resolves to; empty: none
    bool signs_in_plainly = false;  ///< the key itself by SASL PLAIN, and no tokens; only where there is a key
    bool uses_websocket = false;    ///< AMQP within a WebSocket, for where 443 alone is let through
};

class AmqpEventHub final : public EventHubClient {
public:
    AmqpEventHub(asio::any_io_executor executor, TokenSource& tokens, Clock& clock, Random& random,
                 AmqpEventHubOptions options);
    ~AmqpEventHub() override;

    Async<std::vector<std::string>> list_partitions(SteadyPoint deadline) override;
    Async<PartitionProperties> describe(std::string partition, SteadyPoint deadline) override;
    Async<std::unique_ptr<PartitionReader>> open(std::string partition, EventPosition from, std::int64_t epoch,
                                                 SteadyPoint deadline) override;
    Task<void> close() override;

private:
    struct Connected;
    struct PutToken {
        SecretString value;
        std::string_view type;
        Duration renew_after{};
    };

    Async<std::shared_ptr<Connected>> connected(SteadyPoint deadline);
    Async<std::shared_ptr<Connected>> connect(SteadyPoint deadline);
    Task<void> close_connections();
    Async<PutToken> make_token(SteadyPoint deadline);
    Async<void> authorize(std::shared_ptr<Connected> connected, SteadyPoint deadline);
    Task<void> keep_authorized(std::weak_ptr<Connected> of);
    Async<AmqpMessage> read(std::string_view type, std::string_view partition, SteadyPoint deadline);
    [[nodiscard]] std::string resource() const;

    asio::any_io_executor executor_;
    TokenSource& tokens_;
    Clock& clock_;
    Random& random_;
    AmqpEventHubOptions options_;
    std::shared_ptr<Connected> connected_;            // in use, or to be left
    std::list<std::shared_ptr<Connected>> unclosed_;  // that one, and such as a cancelled call left
    bool is_connecting_ = false;
    Waiters connecting_;
    TaskGroup tasks_;
};

/// The selector of a position, as Event Hubs reads it.
[[nodiscard]] std::string format_selector(EventPosition const& position);

}  // namespace kssedr::azure
