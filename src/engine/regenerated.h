/// RegeneratedBook: what this process has regenerated, and what it saw replaced by that.
///
/// A listing of an owner's credentials may come from a replica that lags behind. A credential that was replaced never
/// comes back, so a listing that shows one in its old place is from before: it is no evidence, and is asked for again.
/// And where a provider does not say when a slot was generated, who generated it knows. Digests only: nothing of a
/// credential stays in memory for this.

#pragma once

#include "rotation/credential.h"

#include <map>
#include <string>

namespace kssedr::engine {

class RegeneratedBook {
public:
    /// A slot was regenerated at `now`, by the vault's clock: the listings before and after.
    void note(std::string const& owner_key, std::string const& slot, rotation::Credentials const& before,
              rotation::Credentials const& after, TimePoint now);
    /// It was sent that a slot be regenerated, and is not known whether it was: what stood there before.
    void doubt(std::string const& owner_key, std::string const& slot, rotation::Credentials const& before,
               TimePoint now);
    /// It can not happen any more, and this is what stands there: a slot in doubt that changed was regenerated.
    void settle(std::string const& owner_key, rotation::Credentials const& listed);
    /// Whether a listing is from before a regeneration that was noted.
    [[nodiscard]] bool is_outdated(std::string const& owner_key, rotation::Credentials const& listed) const;
    /// When this credential was made, if by this process. Of one that was in doubt it is known that it was made then or
    /// later, by whomever: told only where that is after `newest`, the making of the newest version that may hold it.
    [[nodiscard]] std::optional<TimePoint> made(std::string const& owner_key, rotation::Credential const& credential,
                                                TimePoint newest) const;

private:
    struct Noted {
        std::string retired;  // digests
        std::string fresh;
        TimePoint made{};
        bool is_least = false;  ///< made then, or later by somebody else
    };
    using Places = std::map<std::pair<std::string, std::string>, Noted>;  // by owner and slot, the last time

    Places noted_;
    Places doubted_;  // with nothing fresh
};

}  // namespace kssedr::engine
