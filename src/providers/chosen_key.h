/// A key that kssedr chooses, where the service does not make it.

#pragma once

#include "base/random.h"
#include "base/secret_string.h"
#include "rotation/catalogue.h"

namespace kssedr::providers {

/// Of the entry's first form, which is base64, of its least size.
[[nodiscard]] SecretString make_chosen_key(rotation::CatalogueEntry const& entry, Random& random);

}  // namespace kssedr::providers
