/// The parts of URLs on which it depends who is sent a token.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kssedr::azure {

/// `host[:port]` of an https URL, in lower case, without a port of 443. Nothing where the URL is not https, names a
/// user, or has anything in its authority but letters, digits, dots, hyphens and a port.
[[nodiscard]] std::optional<std::string> find_https_authority(std::string_view url);

/// Whether `host` is `parent` or lies under it; ports are left out of both.
[[nodiscard]] bool is_host_under(std::string_view host, std::string_view parent);

/// `authority` without its port.
[[nodiscard]] std::string_view host_of(std::string_view authority);

}  // namespace kssedr::azure
