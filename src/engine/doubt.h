/// DoubtBook: effects that this process sent and whose result it does not know (DESIGN 3.4).
///
/// Such an effect, a regeneration or a publication, may still happen. Until the time of doubt has passed and two
/// listings agree, its owner's slots are neither regenerated again nor published.

#pragma once

#include "base/time.h"
#include "ports/credential_provider.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace kssedr::engine {

using ports::time_of_doubt;

class DoubtBook {
public:
    /// The later of several counts.
    void note(std::string const& owner_key, SteadyPoint until) {
        auto& noted = until_[owner_key];
        noted = std::max(noted, until);
    }
    /// When the doubt about an owner ends; nothing where there is none. Stays until it is settled, past that time too.
    [[nodiscard]] std::optional<SteadyPoint> find(std::string const& owner_key) const {
        auto const place = until_.find(owner_key);
        return place == until_.end() ? std::nullopt : std::optional(place->second);
    }
    /// When the last of all doubts ends; nothing where there is none.
    [[nodiscard]] std::optional<SteadyPoint> last() const {
        std::optional<SteadyPoint> last;
        for (auto const& [owner, until] : until_) last = std::max(last.value_or(until), until);
        return last;
    }
    void settle(std::string const& owner_key) { until_.erase(owner_key); }

private:
    std::map<std::string, SteadyPoint> until_;
};

}  // namespace kssedr::engine
