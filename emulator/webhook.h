/// Webhook: one HTTP request to a loopback endpoint. Event Grid's outgoing side; plain HTTP/1.1, a connection each.

#pragma once

#include "async/async.h"
#include "base/time.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kssedr::emulator {

struct Endpoint {
    std::string text;  ///< as it was given
    std::string host;
    std::uint16_t port = 80;
    std::string target;
};

/// Reads `http://localhost:7071/path?query`. Only loopback is taken: a local Azure talks to nobody else.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view url);

struct WebhookRequest {
    std::string method = "POST";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

struct WebhookAnswer {
    unsigned status = 0;
    std::string head;  ///< status line and headers
    std::string body;

    [[nodiscard]] std::string header(std::string_view name) const;
};

/// Sends and waits for the answer, 30 seconds at most, as Event Grid does. `unavailable` where none came.
Async<WebhookAnswer> call_webhook(Endpoint endpoint, WebhookRequest request);

}  // namespace kssedr::emulator
