#include "engine/leadership.h"

namespace kssedr::engine {
namespace {

constexpr Duration longest_wait = std::chrono::seconds{5};
// A lease that would end within this is asked for anew.
constexpr Duration least_lease = std::chrono::seconds{15};

}  // namespace

Task<bool> Leadership::obtain() {
    if (lease_ && lease_->outlasts(clock_.steady_now() + least_lease)) co_return true;
    bool const was_ours = lease_ != nullptr;
    lease_.reset();
    auto lease = co_await lock_.acquire(key_, clock_.steady_now() + longest_wait);
    if (!lease) {
        // Whoever waits behind another instance says so once.
        if (!std::exchange(is_waiting_, true))
            log_.info("leadership.with_another", {{"of", key_}, {"why", lease.error().message()}});
        co_return false;
    }
    is_waiting_ = false;
    lease_ = *std::move(lease);
    if (was_ours)
        log_.info("leadership.regained", {{"of", key_}});
    else
        log_.info("leadership.obtained", {{"of", key_}});
    co_return true;
}

}  // namespace kssedr::engine
