/// BlobLock: one rotation at a time for one owner among all instances of kssedr that share a blob container
/// (DESIGN 3.4).
///
/// In front stands the lock of this process: who waits behind another of this process waits there. Who passes takes a
/// lease of 60 seconds on the blob that stands for the owner, and a task of the lock's own renews it every 15 until the
/// rotation lets go; then the task gives it back. Nothing else is remembered: an instance that dies leaves a lease that
/// runs out.
///
/// How two instances never have effects at the same time. The service counts a lease from when it grants or renews it,
/// which is after we sent the request; so counting 60 seconds from the sending, on the monotonic clock, we never
/// believe in it longer than the service does. `outlasts` takes five seconds off for clocks that run apart, and the
/// engine sends an effect only where the effect's own deadline lies before that end. So when the service gives the
/// lease to another, because it ran out, every effect of the former holder is past its deadline, and the other may go
/// on at once: a further wait would protect against nothing that the sixty seconds do not. Two cases remain, and are
/// the engine's: an effect that lands after its caller gave it up (the time of doubt: the lease is kept until then,
/// whether or not its holder waits), and a process that is stopped between asking `outlasts` and sending (what is
/// published is looked at again).
///
/// A renewal that comes too late may still succeed; the service grants it only where nobody else had the lease in
/// between, so what was read under it still holds. A lease that another has taken, or that somebody broke, never comes
/// back: `outlasts` is false from then on.

#pragma once

#include "async/task_group.h"
#include "azure/storage_client.h"
#include "base/log.h"
#include "ports/owner_lock.h"

#include <memory>
#include <string>
#include <string_view>

namespace kssedr::azure {

/// The blob that stands for an owner: its id's SHA-256 in lower-case hexadecimal digits, whatever case the id is
/// written in.
[[nodiscard]] std::string lock_blob_name(std::string_view owner_id);

class BlobLock final : public ports::OwnerLock {
public:
    /// `within_process` is taken first. Container and blobs are made where there are none.
    BlobLock(asio::any_io_executor executor, ports::OwnerLock& within_process, StorageClient blobs,
             std::string container, Clock& clock, Random& random, Log& log);
    BlobLock(BlobLock const&) = delete;
    BlobLock& operator=(BlobLock const&) = delete;
    /// After `close()`.
    ~BlobLock() override;

    /// Errors besides `deadline_exceeded`: `permission_denied` and `unavailable`, with what a person can do. Waits five
    /// minutes at most, since nobody rotates for longer.
    Async<std::unique_ptr<ports::OwnerLease>> acquire(std::string owner_key, SteadyPoint deadline) override;

    /// How many leases are held now, those too that are about to be given back.
    [[nodiscard]] std::size_t held() const { return tasks_.size(); }
    /// Waits until what was let go has been given back, for at most `limit`; what is still held then is left to run
    /// out.
    Task<void> close(Duration limit);

private:
    struct Held;
    class Lease;

    Async<bool> try_acquire(std::shared_ptr<Held> held, SteadyPoint deadline);
    Async<void> make_container(SteadyPoint deadline);
    Async<void> make_blob(Held const& held, SteadyPoint deadline);
    Async<void> wait_for_turn(std::shared_ptr<Held> held, SteadyPoint deadline);
    Task<void> keep(std::shared_ptr<Held> held);
    Task<bool> renew(Held& held);
    Task<void> give_back(std::shared_ptr<Held> held);
    Async<http::Response> change_lease(Held const& held, std::string_view action, SteadyPoint deadline);
    [[nodiscard]] Duration jittered(Duration span);
    [[nodiscard]] static Error no_answer(Error const& error, std::string_view doing);
    [[nodiscard]] Error to_error(http::Response const& answer, std::string_view doing) const;
    [[nodiscard]] std::string place() const;

    ports::OwnerLock& within_process_;
    StorageClient blobs_;
    std::string container_;
    Clock& clock_;
    Random& random_;
    Log& log_;
    TaskGroup tasks_;
};

}  // namespace kssedr::azure
