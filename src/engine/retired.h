/// RetiredBook: credentials that this process has seen replaced.
///
/// A listing of an owner's credentials may come from a replica that lags behind. A credential that was replaced never
/// comes back, so a listing that shows one in its old place is from before: it is no evidence, and is asked for again.
/// Digests only: nothing of a credential stays in memory for this.

#pragma once

#include "rotation/credential.h"

#include <map>
#include <string>

namespace kssedr::engine {

class RetiredBook {
public:
    /// A slot was regenerated: the listings before and after.
    void note(std::string const& owner_key, std::string const& slot, rotation::Credentials const& before,
              rotation::Credentials const& after);
    /// Whether a listing is from before a regeneration that was noted.
    [[nodiscard]] bool is_outdated(std::string const& owner_key, rotation::Credentials const& listed) const;

private:
    std::map<std::pair<std::string, std::string>, std::string> digests_;  // by owner and slot, the last one retired
};

}  // namespace kssedr::engine
