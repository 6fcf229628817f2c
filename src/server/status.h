/// Status: how the daemon is, for health, metrics, the API and the page. The program knows it; this says what is asked.

#pragma once

#include "engine/sweeper.h"
#include "ports/event_source.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::server {

/// Something that must work for kssedr to work.
struct PartStatus {
    bool is_ready = false;
    std::string reason;  ///< a sentence for a person: what, why, what to do; empty where it is ready
    std::optional<TimePoint> since;
};

struct SourceStatus {
    std::string name;
    ports::SourceHealth health;
};

struct VaultStatus {
    std::string host;
    PartStatus part;
};

struct SweepStatus {
    TimePoint ended{};
    engine::SweepSummary summary;
};

struct StatusSnapshot {
    TimePoint started{};
    std::string mode;  ///< `rotate`, `observe`, `paused`
    bool is_stopping = false;
    PartStatus store;
    PartStatus identity;
    std::vector<SourceStatus> sources;  ///< push is none of them
    std::vector<VaultStatus> vaults;    ///< those that configuration names, as far as they were asked
    std::optional<SweepStatus> last_sweep;
    std::optional<TimePoint> next_sweep;
    std::uint64_t in_flight = 0;  ///< deliveries that are being handled
    /// Held now: on owners, and as the one that sweeps or works on the inbox. Nothing: not known.
    std::optional<std::uint64_t> leases;
};

class Status {
public:
    virtual ~Status() = default;
    /// At once, from what is known: nothing is asked over a network for it. Event loop thread only.
    [[nodiscard]] virtual StatusSnapshot read() const = 0;
};

}  // namespace kssedr::server
