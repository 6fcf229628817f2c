/// EventSchedule: when Key Vault speaks of a version's expiry, and what an event looks like.
///
/// Pure. Documented: SecretNearExpiry comes 30 days before `exp`, or about 15 minutes after the version was set where
/// that is past already; SecretExpired at `exp`.

#pragma once

#include "base/time.h"
#include "emulator/json.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::emulator {

enum class EventKind { new_version, near_expiry, expired };
[[nodiscard]] std::string_view to_string(EventKind kind);

inline constexpr Duration near_expiry_lead = std::chrono::days(30);
inline constexpr Duration near_expiry_delay = std::chrono::minutes(15);

/// When the version's near-expiry event is due; nothing where it is already over.
[[nodiscard]] std::optional<TimePoint> near_expiry_at(TimePoint expires, TimePoint now);

/// A version that will be spoken of.
struct ExpectedEvent {
    EventKind kind = EventKind::near_expiry;
    std::string vault;
    std::string secret;
    std::string version;
    friend bool operator==(ExpectedEvent const&, ExpectedEvent const&) = default;
};

class EventSchedule {
public:
    /// Replaces what was expected of that version.
    void expect(std::string const& vault, std::string const& secret, std::string const& version,
                std::optional<TimePoint> expires, TimePoint now);
    /// Takes out what is due, the earliest first.
    [[nodiscard]] std::vector<std::pair<TimePoint, ExpectedEvent>> take_due(TimePoint now);
    [[nodiscard]] std::size_t size() const { return due_.size(); }
    [[nodiscard]] std::optional<TimePoint> next() const;

private:
    std::multimap<TimePoint, ExpectedEvent> due_;
};

/// An event that happened.
struct VaultEvent {
    std::uint64_t sequence = 0;
    std::string id;
    EventKind kind = EventKind::new_version;
    std::string vault_name;
    std::string vault_id;  ///< ARM id
    std::string host;      ///< by which the version's URL is written
    std::string secret;
    std::string version;
    std::optional<std::int64_t> nbf;
    std::optional<std::int64_t> exp;
    TimePoint at{};
};

enum class EventSchema { cloud_events, event_grid };

[[nodiscard]] json::object to_json(VaultEvent const& event, EventSchema schema);

}  // namespace kssedr::emulator
