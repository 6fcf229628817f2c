/// AmqpRequests: questions and answers over a pair of links to one node of a service, `$cbs` or `$management`.
///
/// One question at a time. Sources: OASIS AMQP Claims-based Security 1.0 (draft); Microsoft Learn, "AMQP
/// request-response operations".

#pragma once

#include "azure/amqp_connection.h"
#include "azure/amqp_message.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kssedr::azure {

class AmqpRequests {
public:
    using Properties = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    /// The connection outlives it.
    AmqpRequests(AmqpConnection& connection, Clock& clock, std::string node)
        : connection_(connection), clock_(clock), node_(std::move(node)) {}

    /// Asks, and gives the answer whatever its status. Errors: `unavailable`, and what the links were ended with.
    Async<AmqpMessage> ask(Properties properties, std::string_view body, SteadyPoint deadline);

private:
    Async<void> open(SteadyPoint deadline);
    [[nodiscard]] std::string make_message(Properties properties, std::string_view body) const;
    Async<AmqpMessage> exchange(std::string message, SteadyPoint deadline);

    AmqpConnection& connection_;
    Clock& clock_;
    std::string node_;
    std::shared_ptr<AmqpLink> sender_;
    std::shared_ptr<AmqpLink> receiver_;
    std::uint64_t asked_ = 0;
    bool is_busy_ = false;
    Waiters turn_;
};

}  // namespace kssedr::azure
