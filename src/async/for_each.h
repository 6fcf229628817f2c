/// for_each: a coroutine for every index, a limited number at once.
///
///   auto handle_one = [&](std::size_t i) -> Task<void> { … };
///   co_await for_each(items.size(), 16, handle_one);
///
/// Completes when all have. The operation must not throw; it and what it refers to live in the caller's frame, which
/// stays until then: cancellation is held back while it runs, so operations bound their own time by deadlines.

#pragma once

#include "async/async.h"

#include <cstddef>
#include <functional>

namespace kssedr {

Task<void> for_each(std::size_t count, std::size_t at_once, std::function<Task<void>(std::size_t)> operation);

}  // namespace kssedr
