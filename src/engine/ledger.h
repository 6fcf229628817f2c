/// Ledger: keeps what became of every event and every secret, before anybody is told that it is done with.
///
/// Each outcome becomes a line of the history and then one of the log, with the history's head. What needs a person is
/// parked: what is refused, and what has failed for the last time; a secret's entries close when it comes to another
/// outcome (CONTRACT 4). While nothing can be kept, whoever hands over waits, and `trouble()` says why. Event loop
/// thread only.

#pragma once

#include "async/clock.h"
#include "async/waiters.h"
#include "base/log.h"
#include "base/random.h"
#include "ports/metrics.h"
#include "ports/outcome_history.h"
#include "ports/parked_events.h"
#include "rotation/outcome.h"

#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kssedr::engine {

/// An outcome, and what it is the outcome of.
struct Settled {
    rotation::Outcome outcome;
    std::string source;   ///< the event source; `sweep`, `api`
    std::string event;    ///< the event's JSON; empty where there was none
    bool is_last = true;  ///< of a failure: it is not tried again by whoever hands it over
};

class Ledger {
public:
    /// `metrics` is told of every outcome that was kept; null: nobody is.
    Ledger(ports::OutcomeHistory& history, ports::ParkedEvents& parked, Clock& clock, Random& random, Log& log,
           ports::Metrics* metrics = nullptr)
        : history_(history), parked_(parked), clock_(clock), random_(random), log_(log), metrics_(metrics) {}
    Ledger(Ledger const&) = delete;
    Ledger& operator=(Ledger const&) = delete;

    /// Learns which secrets have parked entries; tries for as long as that takes. To be awaited before anything is
    /// kept.
    Task<void> open();
    /// Completes when all of it is kept; tries for as long as that takes.
    Task<void> keep(std::vector<Settled> settled);

    /// Why nothing can be kept now, and what to do; empty where all is well.
    [[nodiscard]] std::string const& trouble() const { return trouble_; }
    /// The history's newest hash that this process has seen.
    [[nodiscard]] std::string const& head() const { return head_; }

private:
    Async<void> learn();
    Async<void> append(std::vector<Settled> const& settled);
    Async<void> park(std::vector<Settled> const& settled);
    template <class Work>
    Task<void> until_it_works(Work& work);

    ports::OutcomeHistory& history_;
    ports::ParkedEvents& parked_;
    Clock& clock_;
    Random& random_;
    Log& log_;
    ports::Metrics* metrics_;
    std::set<std::pair<std::string, std::string>> with_entries_;  // vault and secret
    std::string trouble_;
    std::string head_;
};

}  // namespace kssedr::engine
