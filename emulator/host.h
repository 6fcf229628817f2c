/// Which service a request is for: told by the name it was sent to, so that any DNS suffix works.
///
///   login.*  Entra    management.*  Resource Manager    {vault}.vault.*  Key Vault    {account}.blob.*  blobs
///   graph.*  Microsoft Graph    {namespace}.{region}.eventgrid.*  Event Grid namespaces
///   {resource}.search.windows.net and the like  what tries keys
///
/// and what the other services are called in the same cloud, so that answers name hosts their reader can reach.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kssedr::emulator {

enum class ServiceKind { entra, key_vault, resource_manager, blob, graph, event_grid, key_endpoint };

/// The word in faults and call records.
[[nodiscard]] std::string_view to_string(ServiceKind kind);

/// How one cloud names its services. Everything may carry a port, as the request did.
struct CloudNames {
    std::string login;
    std::string management;
    std::string vault_suffix;
    std::string storage_suffix;
    std::string graph;
    std::string event_grid;  ///< behind a namespace's name: `westeurope-1.eventgrid.localhost:8443`

    [[nodiscard]] std::string vault_host(std::string_view vault) const {
        return std::string(vault) + "." + vault_suffix;
    }
    [[nodiscard]] std::string blob_host(std::string_view account) const {
        return std::string(account) + ".blob." + storage_suffix;
    }
};

struct Destination {
    ServiceKind kind = ServiceKind::entra;
    std::string instance;  ///< the vault's, account's, namespace's or resource's name; else empty
    CloudNames cloud;
};

/// Reads a Host header in lower case. Nothing where it names no service.
[[nodiscard]] std::optional<Destination> find_destination(std::string_view host);

/// `login.localhost:8443` and so on, for a suffix such as `localhost:8443`.
[[nodiscard]] CloudNames make_cloud_names(std::string_view suffix);

/// A host without its port.
[[nodiscard]] std::string_view without_port(std::string_view host);
/// The host that a URL names, in lower case, without port; the text itself where it is no URL.
[[nodiscard]] std::string host_of_url(std::string_view url);

}  // namespace kssedr::emulator
