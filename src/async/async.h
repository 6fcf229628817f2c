/// Async<T>: a coroutine that ends in a Result<T>.
///
/// House rules: `co_await` stands at the head of its statement, one a line; what is spawned takes values or
/// references to what outlives its TaskGroup; after an await everything shared may have changed.

#pragma once

#include "base/error.h"

#include <boost/asio/awaitable.hpp>

namespace kssedr {

namespace asio = boost::asio;

template <class T>
using Task = asio::awaitable<T>;

template <class T>
using Async = asio::awaitable<Result<T>>;

}  // namespace kssedr
