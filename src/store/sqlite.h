/// SQLite, in a file of this machine's.
///
/// Write-ahead log, and a transaction is on the disk when its commit returns (`synchronous=FULL`). Source: SQLite's
/// documentation, "Result and Error Codes", "PRAGMA Statements".

#pragma once

#include "async/clock.h"
#include "store/database.h"

#include <string>

namespace kssedr::store {

/// Whether a file that is not there is made.
enum class Missing : std::uint8_t { is_made, is_an_error };

/// Opens the file; made with mode 0600 where it is not there. `unavailable` where it can not be opened now, `not_found`
/// where it is not there and is not to be made, `corrupt` where it is no database. `clock` outlives what is returned.
[[nodiscard]] Result<std::unique_ptr<Database>> open_sqlite(std::string const& file, Missing missing,
                                                            Clock const& clock, SteadyPoint deadline);

}  // namespace kssedr::store
