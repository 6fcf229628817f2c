/// Cloud: where one of Azure's clouds answers.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kssedr::rotation {

struct Cloud {
    std::string name;              ///< `public`, as configuration calls it
    std::string authority;         ///< `https://login.microsoftonline.com`, no slash at the end, may carry a port
    std::string resource_manager;  ///< `https://management.azure.com`, no slash at the end, may carry a port
    std::string resource_manager_audience;  ///< what tokens for it are asked for
    std::string vault_suffix;               ///< `vault.azure.net`; may carry a port
    std::string storage_suffix;             ///< `core.windows.net`; may carry a port
    std::string graph;                      ///< `https://graph.microsoft.com`, no slash at the end, may carry a port

    /// `https://vault.azure.net`: what tokens for the vaults are asked for.
    [[nodiscard]] std::string vault_audience() const {
        return "https://" + vault_suffix.substr(0, vault_suffix.find(':'));
    }
    /// `https://graph.microsoft.com`: what tokens for Microsoft Graph are asked for; no port.
    [[nodiscard]] std::string graph_audience() const {
        constexpr std::size_t scheme = 8;
        return graph.substr(0, graph.find(':', scheme));
    }
    /// What tokens are asked for that are the password of an administrator of Azure Database for PostgreSQL or MySQL.
    [[nodiscard]] std::string database_audience() const {
        if (name == "usgovernment") return "https://ossrdbms-aad.database.usgovcloudapi.net";
        if (name == "china") return "https://ossrdbms-aad.database.chinacloudapi.cn";
        return "https://ossrdbms-aad.database.windows.net";
    }
    friend bool operator==(Cloud const&, Cloud const&) = default;
};

/// `public`, `usgovernment` or `china`.
[[nodiscard]] std::optional<Cloud> find_cloud(std::string_view name);

}  // namespace kssedr::rotation
