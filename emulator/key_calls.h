/// KeyCalls: what Resource Manager answers of resources with keys (emulator/keyed_resources.h).
///
/// A regeneration that goes on after its answer says 202, `Azure-AsyncOperation` and `Location`, as recorded: signed
/// URLs of some KB that must come back to the byte, and no `Retry-After`. The keys change when it ends.

#pragma once

#include "emulator/keyed_resources.h"
#include "emulator/service.h"

namespace kssedr::emulator {

/// A refusal in the shape that the service of the path has, Resource Manager's own where it names none.
[[nodiscard]] listen::Response make_refusal(KeyedPath const* path, unsigned status, std::string const& code,
                                            std::string const& message);

class KeyCalls {
public:
    explicit KeyCalls(Ground ground) : ground_(ground) {}

    /// Of `find_keyed_operation`'s operations; for another it refuses. Total.
    [[nodiscard]] listen::Response answer(Call& call, KeyedPath const& path);
    /// How far an operation is, by the URL that its beginning told.
    [[nodiscard]] listen::Response answer_about_operation(Call const& call);

private:
    listen::Response list(Call const& call, KeyedPath const& path, KeyResource const& resource);
    listen::Response regenerate(Call& call, KeyedPath const& path, KeyResource& resource);
    listen::Response write_back(Call& call, KeyedPath const& path, KeyResource& resource);
    /// Makes the keys the resource's: now, or when the operation ends that the answer then tells of.
    listen::Response change(Call& call, KeyedPath const& path, KeyResource& resource, std::vector<ResourceKey> keys,
                            listen::Response done);

    Ground ground_;
};

}  // namespace kssedr::emulator
