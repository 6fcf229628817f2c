#include "leases.h"

#include <utility>

namespace kssedr::simulation {

std::uint64_t LeaseService::acquire(std::string const& owner) {
    auto const [place, is_new] = leases_.try_emplace(owner);
    auto& lease = place->second;
    if (!is_new && timeline_.now() < lease.ends) return 0;
    lease = {++numbers_, timeline_.now() + length};
    return lease.number;
}

bool LeaseService::renew(std::string const& owner, std::uint64_t number) {
    auto const place = leases_.find(owner);
    bool const is_held = place != leases_.end() && place->second.number == number;
    // One that ran out may still be renewed, where nobody took it meanwhile.
    if (is_held) place->second.ends = timeline_.now() + length;
    return is_held;
}

void LeaseService::release(std::string const& owner, std::uint64_t number) {
    auto const place = leases_.find(owner);
    if (place != leases_.end() && place->second.number == number) leases_.erase(place);
}

bool LeaseService::is_abandoned(std::string const& owner) const {
    auto const place = leases_.find(owner);
    return place != leases_.end() && timeline_.now() >= place->second.ends;
}

/// What a process knows of a lease it has.
struct LeaseLock::Hold {
    std::string owner_key;
    std::uint64_t number = 0;
    SteadyPoint ends{};  ///< as this process may believe
    bool is_lost = false;
    bool is_given_back = false;
};

class LeaseLock::Lease final : public ports::OwnerLease {
public:
    Lease(LeaseLock& lock, std::unique_ptr<ports::OwnerLease> in_process, std::shared_ptr<Hold> hold)
        : lock_(lock), in_process_(std::move(in_process)), hold_(std::move(hold)) {}
    Lease(Lease const&) = delete;
    Lease& operator=(Lease const&) = delete;
    ~Lease() override {
        bool const is_kept = !lock_.context_.life.is_over() && !hold_->is_lost && kept_until_ > lock_.timeline_.now();
        if (is_kept) {
            lock_.keep(hold_, kept_until_);
            return;
        }
        hold_->is_given_back = true;
        // A dead process gives nothing back, and word of it may be lost.
        bool const is_heard = !lock_.context_.life.is_over() && !lock_.chance_.happens(lock_.plan_.lost_request);
        if (!hold_->is_lost && is_heard) lock_.service_.release(hold_->owner_key, hold_->number);
    }

    [[nodiscard]] bool outlasts(SteadyPoint deadline) const override {
        return !hold_->is_lost && deadline + LeaseService::margin <= hold_->ends;
    }
    void keep_until(SteadyPoint when) override { kept_until_ = when; }
    // As with a lease on a blob: nobody tells whether another process had it and gave it back while the request was
    // under way.
    [[nodiscard]] bool was_waited_for() const override { return true; }

private:
    LeaseLock& lock_;
    std::unique_ptr<ports::OwnerLease> in_process_;
    std::shared_ptr<Hold> hold_;
    SteadyPoint kept_until_{};
};

LeaseLock::~LeaseLock() {
    for (auto const& hold : kept_) hold->is_given_back = true;
}

// Others of this process ask for it anew; they know of the doubt.
void LeaseLock::keep(std::shared_ptr<Hold> hold, SteadyPoint until) {
    std::erase_if(kept_, [](auto const& one) { return one->is_given_back; });
    kept_.push_back(hold);
    timeline_.at(until, [&service = service_, hold = std::move(hold)] {
        if (std::exchange(hold->is_given_back, true)) return;
        service.release(hold->owner_key, hold->number);
    });
}

Async<std::unique_ptr<ports::OwnerLease>> LeaseLock::acquire(std::string owner_key, SteadyPoint deadline) {
    KSSEDR_CO_TRY(auto in_process, co_await in_process_.acquire(owner_key, deadline));
    if (!plan_.has_leases) co_return std::move(in_process);
    for (;;) {
        auto const asked_at = timeline_.now();
        co_await clock_.sleep_until(asked_at + chance_.between(Duration{1}, plan_.latency_max));
        bool const is_abandoned = service_.is_abandoned(owner_key);
        auto const number = service_.acquire(owner_key);
        if (number != 0) {
            if (is_abandoned) {
                statistics_.add(Fault::lease_ran_out);
                on_ran_out(owner_key);
            }
            auto const hold = std::make_shared<Hold>(Hold{owner_key, number, asked_at + LeaseService::length});
            renew_at(asked_at + LeaseService::renewed_after, hold);
            may_be_broken(owner_key);
            trace_.say("process {} has the lease of {}{}", context_.number, owner_key.substr(owner_key.rfind('/') + 1),
                       is_abandoned ? ", which had run out" : "");
            co_return std::make_unique<Lease>(*this, std::move(in_process), hold);
        }
        auto const next = timeline_.now() + chance_.between(std::chrono::seconds{1}, std::chrono::seconds{5});
        if (next >= deadline) co_return fail(Errc::deadline_exceeded, "another process rotates the same owner");
        co_await clock_.sleep_until(next);
    }
}

void LeaseLock::renew_at(SteadyPoint when, std::shared_ptr<Hold> hold) {
    timeline_.at(when, [this, &context = context_, hold = std::move(hold)] {
        if (hold->is_given_back || hold->is_lost || context.life.is_over()) return;
        auto const now = timeline_.now();
        if (context.life.paused_until() > now) return renew_at(context.life.paused_until(), hold);
        if (chance_.happens(plan_.lost_before)) return renew_at(now + LeaseService::renewed_again_after, hold);
        hold->is_lost = !service_.renew(hold->owner_key, hold->number);
        hold->ends = now + LeaseService::length;
        renew_at(now + LeaseService::renewed_after, hold);
    });
}

void LeaseLock::may_be_broken(std::string const& owner_key) {
    if (!chance_.happens(plan_.lease_broken)) return;
    auto const when = timeline_.now() + chance_.between(Duration{1}, std::chrono::seconds{10});
    timeline_.at(when, [&service = service_, &statistics = statistics_, on_broken = on_broken, owner_key] {
        statistics.add(Fault::lease_broken);
        service.break_lease(owner_key);
        on_broken(owner_key);
    });
}

}  // namespace kssedr::simulation
