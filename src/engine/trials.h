/// TrialBook: owners whose service could not be asked whether it takes a credential.
///
/// Behind a private network a trial costs its whole time-out; one an hour and owner is enough.

#pragma once

#include "base/time.h"

#include <map>
#include <string>

namespace kssedr::engine {

class TrialBook {
public:
    void note_inconclusive(std::string const& owner_key, std::string why, SteadyPoint now) {
        known_[owner_key] = {std::move(why), now + worth_for};
    }
    /// Why the owner's service could not be asked lately; empty where it is to be asked.
    [[nodiscard]] std::string find(std::string const& owner_key, SteadyPoint now) const {
        auto const place = known_.find(owner_key);
        return place == known_.end() || place->second.until <= now ? std::string() : place->second.why;
    }

private:
    static constexpr Duration worth_for = std::chrono::hours{1};
    struct Known {
        std::string why;
        SteadyPoint until;
    };
    std::map<std::string, Known> known_;
};

}  // namespace kssedr::engine
