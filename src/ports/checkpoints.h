/// Checkpoints: how far a consumer group has come in each partition of an event hub, and who reads which.
///
/// The semantics are those of Microsoft's own processors, so that a fleet may be mixed: ownership is claimed by
/// compare-and-swap on its tag, and lapses with its age; the later claim wins.

#pragma once

#include "async/async.h"
#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::ports {

struct EventStream {
    std::string host;   ///< fully qualified namespace, lower case
    std::string hub;    ///< lower case
    std::string group;  ///< lower case; `$default`
};

struct Checkpoint {
    std::string partition;
    std::string offset;  ///< opaque; empty: not told
    std::optional<std::int64_t> sequence;
};

struct Ownership {
    std::string partition;
    std::string owner;  ///< empty: given up
    std::string tag;    ///< of the stored state that this follows; empty: there was none
    TimePoint changed{};
};

class Checkpoints {
public:
    virtual ~Checkpoints() = default;

    virtual Async<std::vector<Ownership>> list_ownerships(EventStream stream, SteadyPoint deadline) = 0;
    /// Stores `claim` where the stored state still has `claim.tag`. Nothing: somebody else was faster.
    virtual Async<std::optional<Ownership>> claim(EventStream stream, Ownership claim, SteadyPoint deadline) = 0;
    virtual Async<std::vector<Checkpoint>> list_checkpoints(EventStream stream, SteadyPoint deadline) = 0;
    virtual Async<void> update(EventStream stream, Checkpoint checkpoint, SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
