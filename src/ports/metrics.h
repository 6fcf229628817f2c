/// Metrics: whoever sees something happen that is counted tells it here.
///
/// What is told is of closed sets: no text that an event, a secret or a service's answer could choose becomes a name in
/// what is counted. Telling costs next to nothing and waits for nothing. Event loop thread only.

#pragma once

#include "base/time.h"
#include "rotation/outcome.h"

#include <cstdint>
#include <string_view>

namespace kssedr::ports {

/// Whom a call goes out to.
enum class Service : std::uint8_t {
    entra,
    managed_identity,
    key_vault,
    resource_manager,
    graph,
    storage,
    event_grid,
    event_hubs,
    other,  ///< a hook, and what is none of these
};
inline constexpr std::size_t service_count = 9;

/// What a call asks for.
enum class Operation : std::uint8_t {
    token,
    read,
    list,
    write,
    remove,
    list_keys,
    regenerate,
    lease,
    receive,
    settle,
    other
};
inline constexpr std::size_t operation_count = 11;

/// The words of labels.
[[nodiscard]] constexpr std::string_view to_string(Service service) {
    switch (service) {
    case Service::entra: return "entra";
    case Service::managed_identity: return "managed_identity";
    case Service::key_vault: return "key_vault";
    case Service::resource_manager: return "resource_manager";
    case Service::graph: return "graph";
    case Service::storage: return "storage";
    case Service::event_grid: return "event_grid";
    case Service::event_hubs: return "event_hubs";
    case Service::other: break;
    }
    return "other";
}
[[nodiscard]] constexpr std::string_view to_string(Operation operation) {
    switch (operation) {
    case Operation::token: return "token";
    case Operation::read: return "read";
    case Operation::list: return "list";
    case Operation::write: return "write";
    case Operation::remove: return "remove";
    case Operation::list_keys: return "list_keys";
    case Operation::regenerate: return "regenerate";
    case Operation::lease: return "lease";
    case Operation::receive: return "receive";
    case Operation::settle: return "settle";
    case Operation::other: break;
    }
    return "other";
}

struct UpstreamCall {
    Service service = Service::other;
    Operation operation = Operation::other;
    long status = 0;  ///< of the answer; 0: none came
    Duration took{};
};

class Metrics {
public:
    virtual ~Metrics() = default;

    virtual void call_ended(UpstreamCall const&) {}
    virtual void token_issued(Service, Duration /*lifetime*/) {}
    /// An event, or a secret of a sweep, came to an outcome. `source`: the event source's name; `sweep`; `api`.
    virtual void outcome_kept(std::string_view /*source*/, rotation::Outcome const&) {}
};

/// Counts nothing.
class NullMetrics final : public Metrics {};

}  // namespace kssedr::ports
