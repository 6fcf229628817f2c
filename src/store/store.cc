#include "store/store.h"

namespace kssedr::store {

Result<std::unique_ptr<Store>> Store::open(asio::any_io_executor executor, Clock const& clock,
                                           std::string_view location, StoreOptions options) {
    KSSEDR_TRY(auto at, parse_location(location));
    return std::unique_ptr<Store>(new Store(std::move(executor), clock, std::move(at), options));
}

Store::Store(asio::any_io_executor executor, Clock const& clock, Location at, StoreOptions const& options)
    : jobs_(std::move(executor), clock, Session(std::move(at), options.missing, options.integrity, clock)),
      history_(jobs_),
      parked_(jobs_, options.parked),
      inbox_(jobs_, options.inbox),
      checkpoints_(jobs_, clock) {}

Async<void> Store::probe(SteadyPoint deadline) {
    // A page is written, and so room is asked for.
    std::move_only_function<Result<std::int64_t>(Transaction&)> job = [](Transaction& in) {
        return in.count("inbox_messages", 0);
    };
    KSSEDR_CO_TRY_VOID(co_await jobs_.write<std::int64_t>(std::move(job), deadline));
    co_return Result<void>{};
}

}  // namespace kssedr::store
