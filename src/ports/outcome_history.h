/// OutcomeHistory: what was done, kept in a chain that nobody can change unseen.
///
/// Every line has a hash over its own text and the hash before it. Whoever has kept a hash somewhere else, such as in a
/// log, can see that no line up to it was changed or removed.

#pragma once

#include "async/async.h"
#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::ports {

/// One outcome, as it is kept. `text` is the outcome object (CONTRACT 4); the rest is there to be looked for. The chain
/// is over all of it. Controls, broken UTF-8 and the like are kept escaped. Never a value of a secret.
struct HistoryLine {
    TimePoint at{};
    std::string outcome;
    std::string code;
    std::string vault;
    std::string secret;
    std::string text;

    friend bool operator==(HistoryLine const&, HistoryLine const&) = default;
};

struct HistoryEntry {
    std::uint64_t number = 0;  ///< from 1, without gaps
    std::string hash;          ///< lower-case hex SHA-256
    HistoryLine line;
};

struct HistoryQuery {
    std::string vault;    ///< empty: any
    std::string secret;   ///< empty: any
    std::string outcome;  ///< empty: any
    std::optional<TimePoint> since;
    std::optional<TimePoint> until;
    std::optional<std::uint64_t> before;  ///< only numbers below this one: the next page
    std::size_t limit = 100;
};

/// What a walk along the chain found.
struct HistoryProof {
    std::uint64_t lines = 0;                   ///< that were looked at
    std::string head;                          ///< of the newest line
    std::optional<std::uint64_t> broken;       ///< the first line that does not fit the one before
    bool has_head = true;                      ///< whether the hash that was asked for stands in the chain
    std::optional<TimePoint> forgotten_until;  ///< older lines were forgotten by retention; the chain begins after them
};

class OutcomeHistory {
public:
    virtual ~OutcomeHistory() = default;

    /// Appends all or none, in order; they are durable when it completes. The head's hash after the last one.
    /// `unavailable` where they can not be kept now (a full disk, a lock, a lost connection), with why and what to do;
    /// `outcome_unknown` where a connection was lost at the very end: appended again, they may stand there twice;
    /// `corrupt` where what is kept is damaged.
    virtual Async<std::string> append(std::vector<HistoryLine> lines, SteadyPoint deadline) = 0;
    /// The newest first; a thousand at most.
    virtual Async<std::vector<HistoryEntry>> find(HistoryQuery query, SteadyPoint deadline) = 0;
    /// Walks along the whole chain. `head`: a hash somebody kept; empty: none.
    virtual Async<HistoryProof> verify(std::string head, SteadyPoint deadline) = 0;
    /// Forgets lines made before `when`, and keeps the last one's hash, where the chain then begins. How many went.
    virtual Async<std::uint64_t> forget_before(TimePoint when, SteadyPoint deadline) = 0;
};

}  // namespace kssedr::ports
