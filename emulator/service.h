/// Service: one of the services of the local Azure, as the router sees it.
///
/// A service first names what a request asks for (faults and call records are kept by that name), then answers it. Both
/// are plain functions: what waits (delays, holds) is the router's business.

#pragma once

#include "base/log.h"
#include "base/random.h"
#include "emulator/clock.h"
#include "emulator/host.h"
#include "emulator/json.h"
#include "emulator/query.h"
#include "emulator/token.h"
#include "emulator/world.h"
#include "listen/http_server.h"

#include <string>

namespace kssedr::emulator {

/// One request on its way through a service.
struct Call {
    listen::Request const& request;
    Destination const& destination;
    Query query;
    std::vector<std::string> segments;  ///< of the path, decoded; empty ones left out
    std::string operation;              ///< `secret.get`, `keys.regenerate`, …
    std::string resource;               ///< what it is about: `demo/name`, an ARM id, …
    std::string client_id;              ///< of the caller, once a token has told it
    bool effect = false;                ///< whether the world was changed
    bool empty_page = false;            ///< a fault: a listing's page comes without its items
};

/// What all services stand on; outlives them.
struct Ground {
    World& world;
    EmulatedClock& clock;
    Random& random;
    TokenSigner& tokens;
    Log& log;
};

class Service {
public:
    virtual ~Service() = default;
    /// Fills in `operation` and `resource`. Total.
    virtual void name(Call& call) const = 0;
    /// Answers, and says in the call who asked and whether anything was changed. Total.
    virtual listen::Response answer(Call& call) = 0;
    /// The answer a fault asks for, in this service's own shape.
    virtual listen::Response refuse(Call const& call, unsigned status, std::string const& code,
                                    std::string const& message) = 0;
};

[[nodiscard]] listen::Response make_json_response(unsigned status, json::value const& body);
/// The bearer token of a request; empty without one.
[[nodiscard]] std::string_view find_bearer(listen::Request const& request);
/// The segments of a path, decoded.
[[nodiscard]] std::vector<std::string> split_path(std::string_view path);

}  // namespace kssedr::emulator
