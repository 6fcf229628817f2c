/// Leases: the lock between processes, as a lease on a blob is (DESIGN 3.4), and the owner's lock made of it.
///
/// It keeps the rules of azure/blob_lease.h: a lease lasts a minute, counted from before it was asked for; it is
/// renewed every fourteen seconds, and free for others as soon as it ran out, since every effect sent under it is past
/// its deadline then. Somebody may break one that is held; its holder learns of that at the next renewal.

#pragma once

#include "network.h"

#include "engine/in_process_lock.h"
#include "ports/owner_lock.h"

#include <map>
#include <memory>
#include <vector>

namespace kssedr::simulation {

class LeaseService {
public:
    explicit LeaseService(Timeline& timeline) : timeline_(timeline) {}

    /// The lease's number; 0 where somebody else has it.
    std::uint64_t acquire(std::string const& owner);
    bool renew(std::string const& owner, std::uint64_t number);
    void release(std::string const& owner, std::uint64_t number);
    /// Somebody deletes the blob: the lease is free, its holder does not know.
    void break_lease(std::string const& owner) { leases_.erase(owner); }
    /// Whether the last holder of the owner's lease let it run out.
    [[nodiscard]] bool is_abandoned(std::string const& owner) const;

    static constexpr Duration length = std::chrono::seconds{60};
    static constexpr Duration margin = std::chrono::seconds{5};
    static constexpr Duration renewed_after = std::chrono::seconds{14};
    static constexpr Duration renewed_again_after = std::chrono::seconds{1};

private:
    struct Lease {
        std::uint64_t number = 0;
        SteadyPoint ends{};
    };
    Timeline& timeline_;
    std::uint64_t numbers_ = 0;
    std::map<std::string, Lease> leases_;
};

class LeaseLock final : public ports::OwnerLock {
public:
    LeaseLock(LeaseService& service, Timeline& timeline, ProcessContext& context, Clock& clock, Plan const& plan,
              Chance& chance, Statistics& statistics, Trace& trace)
        : service_(service),
          timeline_(timeline),
          context_(context),
          clock_(clock),
          plan_(plan),
          chance_(chance),
          statistics_(statistics),
          trace_(trace),
          in_process_(clock) {}

    ~LeaseLock() override;

    Async<std::unique_ptr<ports::OwnerLease>> acquire(std::string owner_key, SteadyPoint deadline) override;

    /// Asks the world to mark the owner as one whose lease was not honest.
    std::function<void(std::string const& owner_key)> on_broken;
    /// Tells the world that a lease was taken whose last holder let it run out.
    std::function<void(std::string const& owner_key)> on_ran_out;

private:
    struct Hold;
    class Lease;

    void renew_at(SteadyPoint when, std::shared_ptr<Hold> hold);
    void keep(std::shared_ptr<Hold> hold, SteadyPoint until);
    void may_be_broken(std::string const& owner_key);

    LeaseService& service_;
    Timeline& timeline_;
    ProcessContext& context_;
    Clock& clock_;
    Plan const& plan_;
    Chance& chance_;
    Statistics& statistics_;
    Trace& trace_;
    engine::InProcessLock in_process_;
    std::vector<std::shared_ptr<Hold>> kept_;  ///< not in use any more, and not given back yet
};

}  // namespace kssedr::simulation
