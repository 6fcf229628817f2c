/// MySQL and MariaDB, by libmariadb.
///
/// MariaDB is given a hash, so the password stands in none of its logs. MySQL 8 takes no hash that would serve with
/// the way its accounts sign in; it is given the password, over TLS, and keeps it out of its logs itself. Sources:
/// MariaDB's and MySQL's documentation, "ALTER USER", "Error Messages".

#pragma once

#include "providers/database_client.h"

#include <string>
#include <string_view>

namespace kssedr::providers {

/// `*` and forty hexadecimal digits: what an account of `mysql_native_password` is known by.
[[nodiscard]] SecretString hash_for_mariadb(SecretString const& password);

/// What a server's refusal to let somebody in tells; `number` as libmariadb gives it.
[[nodiscard]] ports::TrialResult judge_mysql_refusal(unsigned number, std::string message);
/// The Error of a statement that ended with this number; `grant` is what would give the right.
[[nodiscard]] Error to_mysql_error(unsigned number, std::string_view message, std::string_view grant);

/// `clock` must tell the time on any thread, and outlive it.
[[nodiscard]] std::shared_ptr<BlockingDatabase> make_mysql(Clock const& clock);

}  // namespace kssedr::providers
