/// Redis, whose logins are users of its access control lists.
///
/// Debian's hiredis knows no TLS: it reads answers, and the connection is ours, on the event loop. A password is given
/// to the server as its SHA-256, which is all the server keeps; what was set is kept over a restart where the server
/// has a file for it. Access control lists are not replicated: what is set is set on the server that is named.
/// Source: Redis' documentation, "ACL SETUSER", "ACL SAVE", "CONFIG REWRITE", "Redis serialization protocol".

#pragma once

#include "providers/database_client.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace kssedr::providers {

/// A command as it goes over the wire.
[[nodiscard]] SecretString format_redis_command(std::span<std::string_view const> words);

[[nodiscard]] ports::TrialResult judge_redis_refusal(std::string_view error);
/// The Error of a command that was answered with this one; `grant` is what would give the right.
[[nodiscard]] Error to_redis_error(std::string_view error, std::string_view grant);

class Redis final : public DatabaseClient {
public:
    /// `clock` outlives it.
    explicit Redis(Clock& clock);
    ~Redis() override;

    Async<void> set_password(DatabaseAddress at, SignIn admin, NewPassword wanted, SteadyPoint deadline) override;
    Task<ports::TrialResult> try_login(DatabaseAddress at, SignIn who, SteadyPoint deadline) override;

private:
    struct Library;

    Clock& clock_;
    std::unique_ptr<Library> library_;
};

}  // namespace kssedr::providers
