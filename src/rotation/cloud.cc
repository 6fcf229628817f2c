#include "rotation/cloud.h"

namespace kssedr::rotation {

std::optional<Cloud> find_cloud(std::string_view name) {
    if (name == "public")
        return Cloud{"public",
                     "https://login.microsoftonline.com",
                     "https://management.azure.com",
                     "https://management.azure.com",
                     "vault.azure.net",
                     "core.windows.net",
                     "https://graph.microsoft.com"};
    if (name == "usgovernment")
        return Cloud{"usgovernment",
                     "https://login.microsoftonline.us",
                     "https://management.usgovcloudapi.net",
                     "https://management.usgovcloudapi.net",
                     "vault.usgovcloudapi.net",
                     "core.usgovcloudapi.net",
                     "https://graph.microsoft.us"};
    if (name == "china")
        return Cloud{"china",
                     "https://login.chinacloudapi.cn",
                     "https://management.chinacloudapi.cn",
                     "https://management.chinacloudapi.cn",
                     "vault.azure.cn",
                     "core.chinacloudapi.cn",
                     "https://microsoftgraph.chinacloudapi.cn"};
    return std::nullopt;
}

}  // namespace kssedr::rotation
