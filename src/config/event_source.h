/// EventSourceSetting: a way by which events arrive at `kssedr serve`, understood.

#pragma once

#include "base/secret_string.h"
#include "base/time.h"

#include <cstdint>
#include <string>

namespace kssedr::config {

struct EventSourceSetting {
    enum class Kind : std::uint8_t { event_hub, kafka, event_grid_namespace, storage_queue };
    enum class Start : std::uint8_t { earliest, latest, time };
    enum class OnLostPosition : std::uint8_t { earliest, latest, stop };
    enum class Transport : std::uint8_t { amqp, websocket };
    enum class SignIn : std::uint8_t { cbs, plain };

    Kind kind = Kind::event_hub;
    std::string name;
    /// event-hub: the namespace's host; kafka: brokers, `host:port` separated by commas; event-grid-namespace: its
    /// host; storage-queue: the queue service's URL, empty for AzureWebJobsStorage's.
    std::string host;
    std::string entity;  ///< the hub, the topic, or the queue
    std::string group;   ///< the consumer group; event-grid-namespace: the event subscription
    std::string user;    ///< kafka: SASL PLAIN's; empty: none
    /// event-hub: a connection string; kafka: the password; event-grid-namespace: the access key. Empty: kssedr's
    /// identity in Entra.
    SecretString secret;
    Start start = Start::earliest;  ///< where there is no checkpoint
    TimePoint start_time{};
    OnLostPosition on_lost_position = OnLostPosition::earliest;
    Transport transport = Transport::amqp;
    SignIn sign_in = SignIn::cbs;  ///< event-hub: by tokens that are put, or with the key itself by SASL PLAIN
    bool is_plaintext = false;     ///< kafka: no TLS and no SASL, for a broker of one's own
    std::string where;             ///< file and line, for people
};

}  // namespace kssedr::config
