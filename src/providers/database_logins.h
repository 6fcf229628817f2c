/// DatabaseLogins: passwords of the logins that configuration names, set and tried on their servers.
///
/// Who sets them is configuration's too: a user whose password stands in a secret, or whom Entra gives a token. Either
/// is asked for when it is needed, and kept no longer than the call.

#pragma once

#include "azure/token_source.h"
#include "base/random.h"
#include "ports/login_passwords.h"
#include "ports/vault.h"
#include "providers/database_client.h"

#include <memory>
#include <string>
#include <vector>

namespace kssedr::providers {

struct DatabaseClients {
    std::unique_ptr<DatabaseClient> postgresql;
    std::unique_ptr<DatabaseClient> mysql;
    std::unique_ptr<DatabaseClient> sqlserver;
    std::unique_ptr<DatabaseClient> redis;
};

/// Those that talk to servers. Nothing is loaded or connected before the first call. `offload` and `clock` outlive
/// them.
[[nodiscard]] DatabaseClients make_database_clients(Offload& offload, Clock& clock);

class DatabaseLogins final : public ports::LoginPasswords {
public:
    /// `audience` as in rotation::Cloud; `ca_file` is trusted where a database names none of its own, empty: the
    /// system's bundle. The references outlive it.
    DatabaseLogins(DatabaseClients clients, ports::Vault& vault, azure::TokenSource& tokens, Random& random,
                   std::vector<rotation::LoginDatabase> databases, std::string audience, std::string ca_file);

    [[nodiscard]] bool serves(rotation::OwnerId const& owner) const override;
    [[nodiscard]] std::string explain_unserved(rotation::OwnerId const& owner) const override;
    [[nodiscard]] rotation::CredentialShape shape(rotation::OwnerId const& owner,
                                                  std::string_view login) const override;
    [[nodiscard]] std::vector<std::string> logins(rotation::OwnerId const& owner) const override;
    [[nodiscard]] SecretString make_password(rotation::OwnerId const& owner) override;
    Async<void> set(rotation::OwnerId owner, std::string login, SecretString const& password,
                    SteadyPoint deadline) override;
    Task<ports::TrialResult> try_login(rotation::OwnerId owner, std::string login, SecretString const& password,
                                       SteadyPoint deadline) override;

private:
    /// Null where configuration has none.
    [[nodiscard]] rotation::LoginDatabase const* find(rotation::OwnerId const& owner) const;
    /// A login that is one of the owner's, with its database.
    Result<rotation::LoginDatabase const*> find_login(rotation::OwnerId const& owner, std::string_view login) const;
    [[nodiscard]] DatabaseClient& client_of(rotation::LoginDatabase const& database);
    [[nodiscard]] DatabaseAddress address_of(rotation::LoginDatabase const& database) const;
    Async<SignIn> fetch_admin(rotation::LoginDatabase const& database, SteadyPoint deadline);

    DatabaseClients clients_;
    ports::Vault& vault_;
    azure::TokenSource& tokens_;
    Random& random_;
    std::vector<rotation::LoginDatabase> const databases_;  // never changes: calls under way refer to it
    std::string audience_;
    std::string ca_file_;
};

/// How a login's password looks in values.
[[nodiscard]] rotation::CredentialShape shape_of_login(rotation::LoginDatabase const& database, std::string_view login);

}  // namespace kssedr::providers
