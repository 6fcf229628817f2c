#include "providers/chosen_key.h"

#include "base/encoding.h"

namespace kssedr::providers {

SecretString make_chosen_key(rotation::CatalogueEntry const& entry, Random& random) {
    std::string bytes(entry.keys.front().least, '\0');
    random.fill(bytes);
    auto encoded = SecretString::absorb(format_base64(bytes));
    wipe(bytes);
    return encoded;
}

}  // namespace kssedr::providers
