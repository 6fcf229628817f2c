/// SQL Server and Azure SQL, by FreeTDS' DB-Library.
///
/// The password goes to the server as it is, inside TLS; SQL Server takes what holds one out of its traces itself. It
/// is a login's (`ALTER LOGIN`), not that of a user contained in a database. DB-Library has one configuration file and
/// one pair of handlers for a whole process, so connections are opened one after another. Sources: FreeTDS' user guide,
/// "freetds.conf"; SQL Server's documentation, "ALTER LOGIN", "Database engine events and errors".

#pragma once

#include "providers/database_client.h"

#include <string>
#include <string_view>

namespace kssedr::providers {

/// What FreeTDS reads of how the server is reached: a section `[kssedr]`.
[[nodiscard]] std::string format_freetds_section(DatabaseAddress const& at, Duration time_left);

/// What an error that came in place of a session tells; 0 where the server sent none.
[[nodiscard]] ports::TrialResult judge_sqlserver_refusal(int number, std::string message);
/// The Error of a statement that was answered with this one; `grant` is what would give the right.
[[nodiscard]] Error to_sqlserver_error(int number, std::string_view message, std::string_view grant);

/// `clock` must tell the time on any thread, and outlive it.
[[nodiscard]] std::shared_ptr<BlockingDatabase> make_sqlserver(Clock const& clock);

}  // namespace kssedr::providers
