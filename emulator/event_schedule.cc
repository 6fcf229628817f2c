#include "emulator/event_schedule.h"

#include "emulator/clock.h"

#include <algorithm>

namespace kssedr::emulator {

std::string_view to_string(EventKind kind) {
    switch (kind) {
    case EventKind::new_version: return "Microsoft.KeyVault.SecretNewVersionCreated";
    case EventKind::near_expiry: return "Microsoft.KeyVault.SecretNearExpiry";
    case EventKind::expired: return "Microsoft.KeyVault.SecretExpired";
    }
    return "";
}

std::optional<TimePoint> near_expiry_at(TimePoint expires, TimePoint now) {
    if (expires <= now) return std::nullopt;
    if (expires - near_expiry_lead > now) return expires - near_expiry_lead;
    // A life of minutes has its warning in the middle, so that it comes before the end.
    return now + std::min<Duration>(near_expiry_delay, (expires - now) / 2);
}

void EventSchedule::expect(std::string const& vault, std::string const& secret, std::string const& version,
                           std::optional<TimePoint> expires, TimePoint now) {
    std::erase_if(due_, [&](auto const& entry) {
        auto const& one = entry.second;
        return one.vault == vault && one.secret == secret && one.version == version;
    });
    if (!expires) return;
    if (auto const near = near_expiry_at(*expires, now))
        due_.emplace(*near, ExpectedEvent{EventKind::near_expiry, vault, secret, version});
    due_.emplace(std::max(*expires, now), ExpectedEvent{EventKind::expired, vault, secret, version});
}

std::vector<std::pair<TimePoint, ExpectedEvent>> EventSchedule::take_due(TimePoint now) {
    auto const end = due_.upper_bound(now);
    std::vector<std::pair<TimePoint, ExpectedEvent>> taken(due_.begin(), end);
    due_.erase(due_.begin(), end);
    return taken;
}

std::optional<TimePoint> EventSchedule::next() const {
    return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

json::object to_json(VaultEvent const& event, EventSchema schema) {
    json::object data;
    data["Id"] = "https://" + event.host + "/secrets/" + event.secret + "/" + event.version;
    data["VaultName"] = event.vault_name;
    data["ObjectType"] = "Secret";
    data["ObjectName"] = event.secret;
    data["Version"] = event.version;
    data["NBF"] = event.nbf ? json::value(*event.nbf) : json::value();
    data["EXP"] = event.exp ? json::value(*event.exp) : json::value();
    auto const time = format_ticks(event.at, event.sequence * 7919);
    auto const type = std::string(to_string(event.kind));
    if (schema == EventSchema::cloud_events)
        return {{"id", event.id}, {"source", event.vault_id}, {"subject", event.secret}, {"type", type},
                {"time", time},   {"data", std::move(data)},  {"specversion", "1.0"}};
    return {{"id", event.id},    {"topic", event.vault_id}, {"subject", event.secret}, {"eventType", type},
            {"eventTime", time}, {"data", std::move(data)}, {"dataVersion", "1"},      {"metadataVersion", "1"}};
}

}  // namespace kssedr::emulator
