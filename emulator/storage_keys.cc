#include "emulator/storage_keys.h"

#include "emulator/clock.h"

namespace kssedr::emulator {

void regenerate_key(AccountKey& key, Duration propagation, TimePoint now, Random& random) {
    // A key made again before the last change arrived: what works at the endpoint is still the value before both.
    if (now >= key.accepted_from) key.former = key.value;
    key.former_until = now + propagation;
    key.value = make_account_key(random);
    key.accepted_from = now + propagation;
    key.creation_time = format_ticks(now, random.below(10'000));
}

std::vector<AccountKey> make_account_keys(TimePoint created, Random& random) {
    auto const time = format_ticks(created, random.below(10'000));
    std::vector<AccountKey> keys;
    for (auto const* name : {"key1", "key2"}) {
        AccountKey key;
        key.name = name;
        key.value = make_account_key(random);
        key.creation_time = time;
        key.accepted_from = created;
        keys.push_back(std::move(key));
    }
    return keys;
}

std::vector<std::string_view> accepted_keys(StorageAccount const& account, TimePoint now) {
    std::vector<std::string_view> values;
    for (auto const& key : account.keys) {
        if (now >= key.accepted_from) values.push_back(key.value);
        if (now < key.former_until) values.push_back(key.former);
    }
    return values;
}

}  // namespace kssedr::emulator
