#include "azure/event_hub_access.h"

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/hash.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace kssedr::azure {
namespace {

constexpr std::uint16_t emulator_port = 5672;

Failure wrong(std::string_view why) {
    return fail(Errc::invalid_argument, "the event hub's connection string " + std::string(why));
}

Result<void> read_endpoint(std::string_view url, EventHubAccess& access) {
    constexpr std::string_view scheme = "sb://";
    if (!starts_with_ignore_case(url, scheme)) return wrong("has no Endpoint=sb://…");
    url.remove_prefix(scheme.size());
    while (url.ends_with('/')) url.remove_suffix(1);
    auto const colon = url.find(':');
    access.host = to_ascii_lower(url.substr(0, colon));
    bool const is_host = !access.host.empty() && std::ranges::all_of(access.host, [](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || c == '.' || c == '-';
    });
    if (!is_host) return wrong("names no host in Endpoint");
    if (access.is_emulator) access.port = emulator_port;
    if (colon == std::string_view::npos) return {};
    auto const port = url.substr(colon + 1);
    auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), access.port);
    if (error != std::errc{} || end != port.data() + port.size()) return wrong("names no port in Endpoint");
    return {};
}

}  // namespace

Result<EventHubAccess> parse_event_hub_connection(std::string_view text, std::string_view hub) {
    EventHubAccess access;
    std::string_view endpoint;
    for (auto const part : split(text, ';')) {
        if (trim(part).empty()) continue;
        auto const equals = part.find('=');
        if (equals == std::string_view::npos) return wrong("has a part that is not Name=value");
        auto const name = trim(part.substr(0, equals));
        auto const value = trim(part.substr(equals + 1));
        if (equals_ignore_case(name, "Endpoint"))
            endpoint = value;
        else if (equals_ignore_case(name, "EntityPath"))
            access.hub = value;
        else if (equals_ignore_case(name, "SharedAccessKeyName"))
            access.key_name = value;
        else if (equals_ignore_case(name, "SharedAccessKey"))
            access.key = SecretString::copy_of(value);
        else if (equals_ignore_case(name, "SharedAccessSignature"))
            access.signature = SecretString::copy_of(value);
        else if (equals_ignore_case(name, "UseDevelopmentEmulator"))
            access.is_emulator = equals_ignore_case(value, "true");
    }
    KSSEDR_TRY_VOID(read_endpoint(endpoint, access));
    if (access.uses_identity()) return wrong("has neither SharedAccessKey nor SharedAccessSignature");
    if (!access.key.empty() && access.key_name.empty()) return wrong("has a SharedAccessKey without its name");
    if (!hub.empty() && !access.hub.empty() && !equals_ignore_case(hub, access.hub))
        return wrong("names another event hub in EntityPath than configuration does");
    if (access.hub.empty()) access.hub = hub;
    if (access.hub.empty()) return wrong("names no event hub in EntityPath, and configuration names none");
    return access;
}

SecretString make_access_signature(std::string_view resource, std::string_view key_name, SecretString const& key,
                                   TimePoint ends) {
    auto const escaped = format_percent(resource);
    auto const expiry = std::to_string(std::chrono::floor<std::chrono::seconds>(ends).time_since_epoch().count());
    auto const signature = format_base64(hmac_sha256(key.expose(), escaped + '\n' + expiry));
    return SecretString::absorb("SharedAccessSignature sr=" + escaped + "&sig=" + format_percent(signature) +
                                "&se=" + expiry + "&skn=" + format_percent(key_name));
}

}  // namespace kssedr::azure
