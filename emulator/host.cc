#include "emulator/host.h"

#include "base/ascii.h"
#include "emulator/key_endpoints.h"

#include <array>

namespace kssedr::emulator {
namespace {

struct PublicCloud {
    std::array<std::string_view, 3> logins;  // the first is the one to name
    std::string_view management;
    std::string_view vault_suffix;
    std::string_view storage_suffix;
    std::string_view graph;
    std::string_view event_grid;
};
constexpr std::array<PublicCloud, 3> public_clouds = {{
    {{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com"},
     "management.azure.com",
     "vault.azure.net",
     "core.windows.net",
     "graph.microsoft.com",
     "azure.net"},
    {{"login.microsoftonline.us", "login-us.microsoftonline.com", "login.microsoftonline.us"},
     "management.usgovcloudapi.net",
     "vault.usgovcloudapi.net",
     "core.usgovcloudapi.net",
     "graph.microsoft.us",
     "azure.us"},
    {{"login.chinacloudapi.cn", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"},
     "management.chinacloudapi.cn",
     "vault.azure.cn",
     "core.chinacloudapi.cn",
     "microsoftgraph.chinacloudapi.cn",
     "azure.cn"},
}};

bool has_login(PublicCloud const& cloud, std::string_view name) {
    for (auto const login : cloud.logins)
        if (login == name) return true;
    return false;
}

// The part after a service's own label: `localhost` of `login.localhost` and of `x.vault.localhost`.
CloudNames names_for(std::string_view name, std::string_view suffix, std::string_view port) {
    for (auto const& cloud : public_clouds) {
        bool const vault = name.ends_with("." + std::string(cloud.vault_suffix));
        bool const storage = name.ends_with("." + std::string(cloud.storage_suffix));
        bool const one_of_a_kind = name == cloud.management || name == cloud.graph || has_login(cloud, name);
        if (!vault && !storage && !one_of_a_kind) continue;
        auto const with_port = [&](std::string_view host) { return std::string(host) + std::string(port); };
        return {with_port(cloud.logins[0]),    with_port(cloud.management),
                with_port(cloud.vault_suffix), with_port(cloud.storage_suffix),
                with_port(cloud.graph),        "westeurope-1.eventgrid." + with_port(cloud.event_grid)};
    }
    return make_cloud_names(std::string(suffix) + std::string(port));
}

}  // namespace

std::string_view to_string(ServiceKind kind) {
    switch (kind) {
    case ServiceKind::entra: return "entra";
    case ServiceKind::key_vault: return "keyvault";
    case ServiceKind::resource_manager: return "arm";
    case ServiceKind::blob: return "blob";
    case ServiceKind::graph: return "graph";
    case ServiceKind::event_grid: return "eventgrid";
    case ServiceKind::key_endpoint: return "endpoint";
    }
    return "";
}

CloudNames make_cloud_names(std::string_view suffix) {
    std::string const s(suffix);
    return {"login." + s, "management." + s, "vault." + s, "storage." + s, "graph." + s, "westeurope-1.eventgrid." + s};
}

std::string_view without_port(std::string_view host) {
    auto const colon = host.rfind(':');
    return colon == std::string_view::npos ? host : host.substr(0, colon);
}

std::string host_of_url(std::string_view url) {
    if (auto const scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find_first_of("/?#"));
    return to_ascii_lower(without_port(url));
}

std::optional<Destination> find_destination(std::string_view host) {
    auto const name = without_port(host);
    auto port = host.substr(name.size());
    if (port == ":443") port = {};
    auto const first = name.find('.');
    if (first == std::string_view::npos || first == 0) return std::nullopt;
    auto const label = name.substr(0, first);
    auto const rest = name.substr(first + 1);
    if (label == "graph" || label == "microsoftgraph")
        return Destination{ServiceKind::graph, {}, names_for(name, rest, port)};
    bool const login = label == "login" || label == "login-us";
    if (login || label == "management") {
        auto const kind = login ? ServiceKind::entra : ServiceKind::resource_manager;
        return Destination{kind, {}, names_for(name, rest, port)};
    }
    if (rest.starts_with("vault.") && rest.size() > 6)
        return Destination{ServiceKind::key_vault, std::string(label), names_for(name, rest.substr(6), port)};
    if (rest.starts_with("blob.") && rest.size() > 5) {
        auto suffix = rest.substr(5);
        if (suffix.starts_with("storage.")) suffix.remove_prefix(8);
        return Destination{ServiceKind::blob, std::string(label), names_for(name, suffix, port)};
    }
    constexpr std::string_view event_grid = ".eventgrid.";
    if (auto const place = rest.find(event_grid); place != std::string_view::npos && place > 0)
        return Destination{ServiceKind::event_grid, std::string(label),
                           names_for(name, rest.substr(place + event_grid.size()), port)};
    if (is_key_host(name))
        return Destination{ServiceKind::key_endpoint, std::string(label), names_for(name, rest, port)};
    return std::nullopt;
}

}  // namespace kssedr::emulator
