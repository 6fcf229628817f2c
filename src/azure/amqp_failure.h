/// What the conditions mean by which Event Hubs ends a link or a connection. Pure.
///
/// Sources: OASIS AMQP 1.0, part 2.8; Microsoft Learn, "AMQP errors in Azure Service Bus"; Azure SDK for Go, its
/// recovery kinds.

#pragma once

#include "azure/amqp_connection.h"
#include "base/error.h"

#include <cstdint>
#include <string_view>

namespace kssedr::azure {

/// What helps.
enum class AmqpRecovery : std::uint8_t {
    retry,      ///< the same again, later
    relink,     ///< a new link on the same connection
    reconnect,  ///< a new connection
    fatal,      ///< nothing that we could do
};

[[nodiscard]] AmqpRecovery recovery_of(std::string_view condition);

/// As event_hub_client.h says what errors mean; the service code is the condition.
[[nodiscard]] Error to_error(AmqpCondition const& condition, std::string_view doing);

}  // namespace kssedr::azure
