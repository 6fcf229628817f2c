#include "config/daemon.h"

#include "base/ascii.h"
#include "config/own_storage.h"
#include "config/source.h"

#include <algorithm>
#include <charconv>

namespace kssedr::config {
namespace {

using namespace std::chrono;

std::string_view text(GivenValues const& given, std::string_view name) {
    auto const place = given.find(name);
    return place == given.end() ? std::string_view() : trim(place->second.value);
}

// `address:port`; the address a literal.
void load_listen(GivenValues const& given, DaemonSettings& daemon, Problems& problems) {
    auto const value = text(given, "KSSEDR_LISTEN");
    if (value.empty()) return;
    auto const colon = value.rfind(':');
    auto const port = colon == std::string_view::npos ? std::string_view() : value.substr(colon + 1);
    auto address = value.substr(0, std::min(colon, value.size()));
    auto const [end, error] = std::from_chars(port.data(), port.data() + port.size(), daemon.listen_port);
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    bool const is_literal = !address.empty() && std::ranges::all_of(address, [](char c) {
        return is_ascii_digit(c) || c == '.' || c == ':' || (to_ascii_lower(c) >= 'a' && to_ascii_lower(c) <= 'f');
    });
    if (port.empty() || error != std::errc{} || end != port.data() + port.size() || !is_literal)
        problems.push_back(given.find("KSSEDR_LISTEN")->second.where +
                           ": write an address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080");
    daemon.listen_address = address;
}

void load_span(GivenValues const& given, std::string_view name, Duration least, Duration most, Duration& into,
               Problems& problems) {
    auto const place = given.find(name);
    if (place == given.end()) return;
    auto const span = parse_iso_duration(trim(place->second.value));
    if (span && *span >= least && *span <= most)
        into = *span;
    else
        problems.push_back(place->second.where + "=" + escape_for_display(place->second.value) +
                           ": write an ISO 8601 duration from " + format_iso_duration(least) + " to " +
                           format_iso_duration(most) + ", such as PT1H");
}

// The original's settings, which the function app has too.
void load_original_hub(GivenValues const& given, DaemonSettings& daemon, Problems& problems) {
    auto const connection = text(given, "EventHub.ConnectionString");
    auto const host = text(given, "EventHub.fullyQualifiedNamespace");
    if (connection.empty() && host.empty()) return;
    EventSourceSetting source;
    source.name = "event-hub";
    source.where =
        given.find(connection.empty() ? "EventHub.fullyQualifiedNamespace" : "EventHub.ConnectionString")->second.where;
    source.host = to_ascii_lower(host);
    source.entity = text(given, "EventHub.Name");
    source.group = text(given, "EventHub.ConsumerGroup").empty() ? "$Default" : text(given, "EventHub.ConsumerGroup");
    source.secret = SecretString::copy_of(connection);
    if (connection.empty() && source.entity.empty())
        problems.push_back(source.where + ": EventHub.Name is missing: which event hub of the namespace?");
    daemon.sources.push_back(std::move(source));
}

void load_sources(std::vector<GivenTable> const& tables, Environment const& environment, Settings& settings,
                  Problems& problems) {
    auto& sources = settings.daemon.sources;
    for (auto const& table : tables) {
        auto source = read_source(table, environment, problems);
        if (!source) continue;
        if (auto const from = table.members.find("secret_from"); from != table.members.end())
            settings.own_credentials.push_back(
                {from->second.value, SecretString::copy_of(trim(environment.find(trim(from->second.value))->second))});
        auto const other = std::ranges::find(sources, source->name, &EventSourceSetting::name);
        if (other != sources.end())
            problems.push_back(source->where + ": " + other->where + " has the same name, " + source->name);
        else
            sources.push_back(*std::move(source));
    }
}

void load_storage(GivenValues const& given, Settings& settings, Problems& problems) {
    OwnStorage const own(given, settings.cloud.storage_suffix);
    // What is wrong with it is said where the locks are read.
    Problems said_already;
    settings.daemon.own_queues = own.read(said_already);
    if (text(given, "KSSEDR_CHECKPOINTS") == "store" || !said_already.empty()) return;
    settings.daemon.checkpoints = own.container("KSSEDR_CHECKPOINTS", "kssedr-checkpoints", "store", problems);
}

// A short one is guessed.
constexpr std::size_t least_secret = 16;

SecretString load_secret(GivenValues const& given, std::string_view name, Problems& problems) {
    auto const value = text(given, name);
    if (value.empty()) return {};
    bool const is_plain = std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7f; });
    if (value.size() < least_secret || !is_plain)
        problems.push_back(std::string(name) +
                           ": it is to have sixteen printable characters of ASCII or more, such as "
                           "`openssl rand -hex 32` prints");
    return SecretString::copy_of(value);
}

std::vector<std::string> load_list(GivenValues const& given, std::string_view name) {
    std::vector<std::string> list;
    for (auto const part : split(text(given, name), ','))
        if (!trim(part).empty()) list.emplace_back(trim(part));
    return list;
}

void load_doors(GivenValues const& given, Settings& settings, Problems& problems) {
    auto& push = settings.daemon.push;
    push.audiences = load_list(given, "KSSEDR_PUSH_AUDIENCE");
    push.application = to_ascii_lower(text(given, "KSSEDR_PUSH_APPLICATION"));
    push.secret = load_secret(given, "KSSEDR_PUSH_SECRET", problems);
    if (auto const header = text(given, "KSSEDR_PUSH_SECRET_HEADER"); !header.empty()) {
        push.secret_header = to_ascii_lower(header);
        bool const is_name = std::ranges::all_of(
            header, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '_'; });
        if (!is_name)
            problems.push_back(given.find("KSSEDR_PUSH_SECRET_HEADER")->second.where +
                               ": write a header's name, such as x-kssedr-key");
    }
    auto& api = settings.daemon.api;
    api.token = load_secret(given, "KSSEDR_API_TOKEN", problems);
    api.audiences = load_list(given, "KSSEDR_API_AUDIENCE");
    if (auto const role = text(given, "KSSEDR_API_ROLE"); !role.empty()) api.role = role;
    bool const wants_entra = !push.audiences.empty() || !api.audiences.empty();
    if (wants_entra && settings.identity.tenant_id.empty())
        problems.emplace_back(
            "tenantId is not set, and KSSEDR_PUSH_AUDIENCE or KSSEDR_API_AUDIENCE is: whose tokens are "
            "to be taken?");
}

}  // namespace

void load_daemon(GivenValues const& given, std::vector<GivenTable> const& sources, Environment const& environment,
                 Settings& settings, Problems& problems) {
    auto& daemon = settings.daemon;
    load_listen(given, daemon, problems);
    load_span(given, "KSSEDR_SWEEP_EVERY", minutes{1}, days{7}, daemon.sweep_every, problems);
    load_span(given, "KSSEDR_STOP_GRACE", seconds{1}, hours{1}, daemon.stop_grace, problems);
    load_original_hub(given, daemon, problems);
    load_sources(sources, environment, settings, problems);
    load_storage(given, settings, problems);
    load_doors(given, settings, problems);
}

}  // namespace kssedr::config
