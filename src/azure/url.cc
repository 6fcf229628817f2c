#include "azure/url.h"

#include "base/ascii.h"

#include <algorithm>

namespace kssedr::azure {

std::string_view host_of(std::string_view authority) {
    return authority.substr(0, authority.find(':'));
}

std::optional<std::string> find_https_authority(std::string_view url) {
    constexpr std::string_view scheme = "https://";
    if (url.size() < scheme.size() || !equals_ignore_case(url.substr(0, scheme.size()), scheme)) return std::nullopt;
    url.remove_prefix(scheme.size());
    std::string authority = to_ascii_lower(url.substr(0, url.find_first_of("/?#")));
    auto const host = host_of(authority);
    auto const is_host_character = [](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || c == '.' || c == '-';
    };
    if (host.empty() || !std::ranges::all_of(host, is_host_character)) return std::nullopt;
    if (host.size() == authority.size()) return authority;
    auto const port = std::string_view(authority).substr(host.size() + 1);
    if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, is_ascii_digit)) return std::nullopt;
    if (port == "443") authority.resize(host.size());
    return authority;
}

bool is_host_under(std::string_view host, std::string_view parent) {
    host = host_of(host);
    parent = host_of(parent);
    if (parent.empty()) return false;
    return equals_ignore_case(host, parent) || ends_with_ignore_case(host, '.' + std::string(parent));
}

}  // namespace kssedr::azure
