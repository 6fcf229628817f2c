/// What every ports::OwnerLock does, whatever it is made of.
///
///   register_owner_lock_suite("InProcessLock", [](auto executor, Clock& clock) { return …; });

#pragma once

#include "ports/owner_lock.h"
#include "support/coro_test.h"

#include <functional>
#include <memory>
#include <string>

namespace kssedr::test {

/// Instances of kssedr that contend for the same owners; `lock(i)` is one's own.
class LockWorld {
public:
    virtual ~LockWorld() = default;
    virtual ports::OwnerLock& lock(std::size_t instance) = 0;
    /// Every lease has been let go; lets those end who still work for them.
    virtual Task<void> close() = 0;
};

using MakeLockWorld = std::function<std::unique_ptr<LockWorld>(asio::any_io_executor, Clock&)>;

/// Adds the cases to the program's tests, as `suite.Case`.
void register_owner_lock_suite(char const* suite, MakeLockWorld make);

}  // namespace kssedr::test
