/// The two keys of a storage account: how they are made again, and which values the blob endpoint takes.

#pragma once

#include "emulator/world.h"

namespace kssedr::emulator {

/// Gives the key a new value. The old one works and the new one does not until `propagation` has passed.
void regenerate_key(AccountKey& key, Duration propagation, TimePoint now, Random& random);
/// A new account's `key1` and `key2`.
[[nodiscard]] std::vector<AccountKey> make_account_keys(TimePoint created, Random& random);
/// The values that sign validly now.
[[nodiscard]] std::vector<std::string_view> accepted_keys(StorageAccount const& account, TimePoint now);

}  // namespace kssedr::emulator
