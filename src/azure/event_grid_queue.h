/// EventGridQueue: a subscription of an Event Grid namespace's topic, by pull delivery.
///
/// Source: the data plane's specification of 2024-06-01: receive, acknowledge, release, renewLock. Events are
/// CloudEvents.

#pragma once

#include "async/clock.h"
#include "azure/authorized_client.h"
#include "azure/message_queue.h"

#include <string>
#include <string_view>

namespace kssedr::azure {

struct EventGridQueueOptions {
    std::string host;  ///< `shop.westeurope-1.eventgrid.azure.net`, with a port where it is not 443
    std::string topic;
    std::string subscription;
    SecretString key;  ///< an access key of the namespace; empty: kssedr's identity
};

/// The events in an answer to receive, each as its own JSON text, with its lock token for a receipt. `corrupt` where it
/// is no such answer.
[[nodiscard]] Result<std::vector<QueuedMessage>> parse_received_events(std::string_view body);
/// What a settlement's answer says of the one lock token that it was asked about: an answer of 200 can hold a failure.
[[nodiscard]] Result<void> parse_settlement(std::string_view body);

class EventGridQueue final : public MessageQueue {
public:
    /// What is handed over by reference outlives it.
    EventGridQueue(http::Transport& transport, TokenSource& tokens, Clock& clock, Random& random,
                   EventGridQueueOptions options);

    /// Waits for up to a minute where there is none.
    Async<std::vector<QueuedMessage>> receive(std::size_t at_most, SteadyPoint deadline) override;
    Async<void> renew(QueuedMessage& message, SteadyPoint deadline) override;
    Async<void> acknowledge(QueuedMessage const& message, SteadyPoint deadline) override;
    Async<void> give_back(QueuedMessage const& message, SteadyPoint deadline) override;
    /// Not told.
    Async<std::optional<std::uint64_t>> count(SteadyPoint deadline) override;

    /// A lock holds for a minute at least, by the subscription's settings.
    [[nodiscard]] Duration renew_every() const override { return std::chrono::seconds{20}; }
    /// It is asked again at once: asking waits.
    [[nodiscard]] Duration longest_pause() const override { return std::chrono::seconds{1}; }

private:
    Async<http::Response> send(std::string_view operation, std::string_view query, SecretString body,
                               std::string_view doing, SteadyPoint deadline);
    Async<http::Response> send_with_key(Call call, SteadyPoint deadline);
    Async<void> settle(std::string_view operation, std::string_view query, QueuedMessage const& message,
                       std::string_view doing, SteadyPoint deadline);

    http::Transport& transport_;
    Clock& clock_;
    Random& random_;
    AuthorizedClient client_;
    EventGridQueueOptions options_;
};

}  // namespace kssedr::azure
