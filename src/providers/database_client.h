/// DatabaseClient: what is asked of a kind of database: set a login's password, and try one.
///
/// Where the server is and who asks come from configuration. A client makes one connection a call and none stays. One
/// call a method, no retries.

#pragma once

#include "async/clock.h"
#include "async/offload.h"
#include "ports/credential_provider.h"
#include "rotation/login_database.h"

#include <memory>
#include <string>

namespace kssedr::providers {

/// Where the server is, and how it is reached.
struct DatabaseAddress {
    std::string host;
    std::uint16_t port = 0;
    rotation::DatabaseTls tls = rotation::DatabaseTls::verify_full;
    std::string ca_file;       ///< PEM; never empty with TLS
    std::string database;      ///< to connect to; empty: the usual one
    std::string account_host;  ///< mysql: the part of accounts behind the `@`

    [[nodiscard]] std::string text() const { return host + ':' + std::to_string(port); }
    [[nodiscard]] bool uses_tls() const { return tls != rotation::DatabaseTls::off; }
};

struct SignIn {
    std::string login;
    SecretString password;
    bool is_token = false;  ///< the password is a token of Entra's
};

/// The same bytes with a NUL behind them, as libraries in C want them.
[[nodiscard]] SecretString terminated(SecretString const& text);

/// What becomes of the password that was set last before, where a server knows more than one of a login.
enum class Former : std::uint8_t { dropped, kept };

/// What is to be set.
struct NewPassword {
    std::string login;
    SecretString password;
    Former former = Former::dropped;
};

class DatabaseClient {
public:
    virtual ~DatabaseClient() = default;

    /// Errors as `ports::LoginPasswords::set`.
    virtual Async<void> set_password(DatabaseAddress at, SignIn admin, NewPassword wanted, SteadyPoint deadline) = 0;
    virtual Task<ports::TrialResult> try_login(DatabaseAddress at, SignIn who, SteadyPoint deadline) = 0;
};

/// The same by a library that blocks. Any thread, several at once.
class BlockingDatabase {
public:
    virtual ~BlockingDatabase() = default;

    virtual Result<void> set_password(DatabaseAddress const& at, SignIn const& admin, NewPassword const& wanted,
                                      SteadyPoint deadline) = 0;
    virtual ports::TrialResult try_login(DatabaseAddress const& at, SignIn const& who, SteadyPoint deadline) = 0;
};

/// Runs a blocking one away from the event loop.
class OffloadedDatabase final : public DatabaseClient {
public:
    /// `offload` outlives it.
    OffloadedDatabase(Offload& offload, std::shared_ptr<BlockingDatabase> blocking)
        : offload_(offload), blocking_(std::move(blocking)) {}

    Async<void> set_password(DatabaseAddress at, SignIn admin, NewPassword wanted, SteadyPoint deadline) override;
    Task<ports::TrialResult> try_login(DatabaseAddress at, SignIn who, SteadyPoint deadline) override;

private:
    Offload& offload_;
    std::shared_ptr<BlockingDatabase> blocking_;
};

}  // namespace kssedr::providers
