/// ServerMetrics: what is counted while the daemon runs, and the page where Prometheus reads it.
///
/// Labels are of closed sets: names that configuration gives, kinds that the catalogue has, words of the program. What
/// is none of them is counted as `other`, so that no event and no answer makes a label. docs/operations/metrics.md
/// lists all of it; a law holds the list against the code. Event loop thread only.

#pragma once

#include "async/clock.h"
#include "ports/metrics.h"
#include "server/exposition.h"
#include "server/status.h"

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kssedr::server {

struct MetricsOptions {
    std::string version;
    std::vector<std::string> sources;    ///< names that configuration gives event sources
    std::vector<std::string> providers;  ///< types that the catalogue has, such as `Microsoft.Storage/storageAccounts`
};

/// How a push was answered.
enum class PushResult : std::uint8_t { accepted, handshake, refused, malformed, unavailable };

/// What the store holds, as far as it could be asked.
struct StoreCounts {
    std::optional<std::uint64_t> inbox;
    std::optional<std::uint64_t> parked;
};

class ServerMetrics final : public ports::Metrics {
public:
    ServerMetrics(Clock& clock, MetricsOptions options);

    void call_ended(ports::UpstreamCall const& call) override;
    void token_issued(ports::Service service, Duration lifetime) override;
    void outcome_kept(std::string_view source, rotation::Outcome const& outcome) override;
    void push_answered(PushResult result);
    /// After a reload: sources and providers that were not there before. Those that were stay known.
    void add_names(std::vector<std::string> const& sources, std::vector<std::string> const& providers);

    [[nodiscard]] std::string format(StatusSnapshot const& status, StoreCounts const& store) const;

private:
    struct IssuedAt {
        SteadyPoint at;
        Duration lifetime;
    };

    [[nodiscard]] std::string_view known_source(std::string_view name) const;
    [[nodiscard]] std::string known_provider(std::string const& resource) const;
    void write_tokens(Exposition& out) const;
    void write_status(Exposition& out, StatusSnapshot const& status) const;

    Clock& clock_;
    std::string version_;
    std::set<std::string, std::less<>> sources_;
    std::set<std::string, std::less<>> providers_;  // in lower case
    Counters events_;
    Counters rotations_;
    Histograms rotation_duration_;
    Counters calls_;
    Histograms call_duration_;
    Counters throttled_;
    Counters pushes_;
    std::array<std::optional<IssuedAt>, ports::service_count> tokens_;
};

}  // namespace kssedr::server
