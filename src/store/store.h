/// Store: everything that the daemon keeps, in one database.
///
/// In a file of SQLite's for one machine, in PostgreSQL for many; both have the same tables, and hold no value of a
/// secret. It connects when it is first asked, and anew once a connection is lost: whoever gets `unavailable` asks
/// again later. docs/operations/store.md says what is in it, and how it is checked with other tools.

#pragma once

#include "store/checkpoints.h"
#include "store/history.h"
#include "store/inbox.h"
#include "store/parked.h"

#include <memory>
#include <string_view>

namespace kssedr::store {

struct StoreOptions {
    Missing missing = Missing::is_made;
    Integrity integrity = Integrity::is_checked;
    ParkedLimits parked{};
    InboxLimits inbox{};
};

/// Event loop thread only. `close()` before it is destroyed.
class Store {
public:
    /// Understands the location and touches nothing: a path, or `postgresql://[user@]host[:port]/database`.
    /// `invalid_argument` where it is neither. `clock` must tell the time on any thread, and outlive it.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(asio::any_io_executor executor, Clock const& clock,
                                                             std::string_view location, StoreOptions options);
    Store(Store const&) = delete;
    Store& operator=(Store const&) = delete;

    /// Whether something could be kept now: connects where it has not, and writes nothing that lasts. For the start,
    /// and for readiness. Errors as OutcomeHistory::append.
    Async<void> probe(SteadyPoint deadline);
    /// Takes no more, does what was asked for, ends. Nobody may wait for it afterwards.
    Task<void> close() { return jobs_.close(); }

    ports::OutcomeHistory& history() { return history_; }
    ports::ParkedEvents& parked() { return parked_; }
    ports::Inbox& inbox() { return inbox_; }
    ports::Checkpoints& checkpoints() { return checkpoints_; }

private:
    Store(asio::any_io_executor executor, Clock const& clock, Location at, StoreOptions const& options);

    JobQueue jobs_;
    StoredHistory history_;
    StoredParked parked_;
    StoredInbox inbox_;
    StoredCheckpoints checkpoints_;
};

}  // namespace kssedr::store
