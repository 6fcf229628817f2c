/// RedisWire: one connection to a Redis server, in TLS or the clear, and the answers that hiredis reads from it.
///
/// A part of redis.h. One command at a time; whoever waits bounds its time by cancelling it.

#pragma once

#include "async/wire.h"
#include "base/shared_library.h"
#include "providers/database_client.h"

#include <hiredis/hiredis.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kssedr::providers {

#define KSSEDR_LIBHIREDIS(apply)                                                                      \
    apply(redisReaderCreate) apply(redisReaderFeed) apply(redisReaderGetReply) apply(redisReaderFree) \
        apply(freeReplyObject)

struct Libhiredis {
    KSSEDR_LIBHIREDIS(KSSEDR_LIBRARY_MEMBER)

    static Result<Libhiredis> load();
};

/// An answer; what stood in it is wiped when it is freed.
class RedisReply {
public:
    RedisReply(Libhiredis const& library, redisReply* reply) : reply_(reply, {&library}) {}

    [[nodiscard]] bool is_nothing() const { return reply_->type == REDIS_REPLY_NIL; }
    [[nodiscard]] bool is_error() const { return reply_->type == REDIS_REPLY_ERROR; }
    /// What stands behind the `-` of an error, fit to be shown.
    [[nodiscard]] std::string error() const;
    /// Behind the element `name` of an array, the last text of an array of texts; empty where there is none.
    [[nodiscard]] std::string_view last_of(std::string_view name) const;

private:
    struct Free {
        Libhiredis const* library;
        void operator()(redisReply* reply) const;
    };

    std::unique_ptr<redisReply, Free> reply_;
};

class RedisWire {
public:
    /// `library` outlives it.
    RedisWire(asio::any_io_executor executor, Libhiredis const& library);
    ~RedisWire();
    RedisWire(RedisWire const&) = delete;
    RedisWire& operator=(RedisWire const&) = delete;

    /// `unavailable`, with what is wrong.
    Async<void> open(DatabaseAddress at);
    /// Sends a command and waits for its answer. `outcome_unknown` where none came.
    Async<RedisReply> ask(SecretString command);

private:
    Libhiredis const& library_;
    redisReader* reader_;
    Wire wire_;
};

}  // namespace kssedr::providers
