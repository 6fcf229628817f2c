/// ArmClient: calls to resources through Azure Resource Manager.
///
/// What is asked of which resource stands with its subject (azure/vault_directory.h, rotation/catalogue.h); here is
/// how.

#pragma once

#include "azure/authorized_client.h"
#include "rotation/arm_id.h"
#include "rotation/cloud.h"

#include <string>

namespace kssedr::azure {

/// What is asked of a resource.
struct ArmCall {
    std::string operation;  ///< for messages: "listing the keys of …"
    rotation::ArmId resource;
    std::string action;  ///< `listKeys`: what follows the resource's id in the path; empty: the resource itself
    std::string api_version;
    http::Method method = http::Method::get;
    Effect effect = Effect::none;
    SecretString body;
    std::vector<http::Header> headers{};  ///< beside those that every call has, such as `If-Match`
};

/// How many calls Resource Manager or a provider says are left before it throttles: the least of what it says. Nothing
/// where it says nothing.
[[nodiscard]] std::optional<int> find_calls_left(http::Response const& answer);

class ArmClient {
public:
    ArmClient(http::Transport& transport, TokenSource& tokens, Random& random, rotation::Cloud const& cloud);

    /// The answer, where it is a success. Errors as those of AuthorizedClient.
    Async<http::Response> send(ArmCall call, SteadyPoint deadline);
    /// Reads what an answer of Resource Manager's named, such as the next page of a listing: to the byte, and from its
    /// own host only (`invalid_argument` where it is another).
    Async<http::Response> follow(std::string operation, std::string url, SteadyPoint deadline);
    /// Whether a URL leads to Resource Manager.
    [[nodiscard]] bool is_own(std::string_view url) const;

private:
    [[nodiscard]] Result<Service> service() const;

    AuthorizedClient client_;
    std::string url_;  // without a slash at the end
    std::string audience_;
};

}  // namespace kssedr::azure
